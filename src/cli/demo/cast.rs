//! Who plays: two operators who enrol everybody, six lenders, a regulator.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::cli::market::{LENDERS, Lender};
use crate::client::{Client, ClientError, ClientIdentity, Endpoint};
use crate::domain::member::{LenderGroup, Role};
use crate::domain::names::MemberId;
use crate::domain::unit::NewMember;
use crate::identity::entropy::SystemEntropy;
use crate::members::parse_certificate;
use crate::wire::convert::member::new_member_to_wire;

/// The two operators, by the names of their certificates.
pub(super) const OPERATORS: [&str; 2] = ["operator-a", "operator-b"];
/// The regulator.
pub(super) const REGULATOR: &str = "regulator";
/// Token evaluations a day that a lender of the demonstration may have: enough for its first load.
const EVALUATIONS_PER_DAY: u32 = 2_000_000;

/// A lender with its connection.
pub(super) struct Player {
    pub(super) lender: Lender,
    pub(super) client: Client,
}

/// The lenders, in the order of [`LENDERS`].
pub(super) struct Cast {
    pub(super) players: Vec<Player>,
}

impl Cast {
    /// Two operators enrol everybody; then every lender connects.
    pub(super) async fn enrol(address: SocketAddr, certs: &Path) -> anyhow::Result<Self> {
        let first = connect(address, certs, OPERATORS[0]).await?;
        let second = connect(address, certs, OPERATORS[1]).await?;
        for lender in LENDERS {
            let member = member(
                certs,
                lender.member_id,
                lender.display_name,
                lender.group,
                Role::Lender,
            )?;
            enrol(&first, &second, &member).await?;
        }
        let regulator = member(
            certs,
            REGULATOR,
            "Market Regulator",
            LenderGroup::Other,
            Role::Regulator,
        )?;
        enrol(&first, &second, &regulator).await?;
        println!(
            "Two operators enrolled {} lenders and a regulator.",
            LENDERS.len()
        );
        let mut players = Vec::new();
        for lender in LENDERS {
            players.push(Player {
                lender,
                client: connect(address, certs, lender.member_id).await?,
            });
        }
        Ok(Self { players })
    }
}

async fn connect(address: SocketAddr, certs: &Path, name: &str) -> anyhow::Result<Client> {
    let identity = ClientIdentity::read(
        &certs.join(format!("{name}.pem")),
        &certs.join(format!("{name}.key")),
        &certs.join("ca.pem"),
    )?;
    let endpoint = Endpoint {
        url: format!("https://{address}"),
        server_name: None,
    };
    Ok(Client::connect(&endpoint, Some(&identity), Arc::new(SystemEntropy)).await?)
}

fn member(
    certs: &Path,
    name: &str,
    display_name: &str,
    lender_group: LenderGroup,
    role: Role,
) -> anyhow::Result<NewMember> {
    let certificate = parse_certificate(&std::fs::read(certs.join(format!("{name}.pem")))?)?;
    Ok(NewMember {
        member_id: MemberId::parse(name).ok_or_else(|| anyhow::anyhow!("{name} is no member id"))?,
        display_name: display_name.to_owned(),
        lender_group,
        roles: vec![role],
        certificates: vec![certificate],
        rule_packs: Vec::new(),
        evaluations_per_day: EVALUATIONS_PER_DAY,
    })
}

async fn enrol(first: &Client, second: &Client, member: &NewMember) -> Result<(), ClientError> {
    let request = new_member_to_wire(member, first.request_id());
    first.admin().create_member(request.clone()).await?;
    second.admin().create_member(request).await?;
    Ok(())
}
