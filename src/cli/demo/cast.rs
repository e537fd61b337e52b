//! Who plays: two operators who enrol everybody, six lenders and two that join them late, a regulator.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::RULES;
use crate::cli::market::{LENDERS, Lender, LoanKind};
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
/// Lenders that join late, so that eight can be asked at once.
pub(super) const NEWCOMERS: [Lender; 2] = [
    Lender {
        member_id: "cedar-credit",
        display_name: "Cedar Credit Online",
        group: LenderGroup::OnlineMicroloan,
        kind: LoanKind::CashInstalment,
    },
    Lender {
        member_id: "summit-microloan",
        display_name: "Summit Microloan",
        group: LenderGroup::Microloan,
        kind: LoanKind::CashInstalment,
    },
];
/// Token evaluations a day that a lender of the demonstration may have: enough for its first load.
const EVALUATIONS_PER_DAY: u32 = 2_000_000;

/// A lender with its connection.
pub(super) struct Player {
    pub(super) lender: Lender,
    pub(super) client: Client,
}

/// The lenders, in the order of [`LENDERS`] and [`NEWCOMERS`], and who lets them in.
pub(super) struct Cast {
    pub(super) players: Vec<Player>,
    operators: [Client; 2],
    address: SocketAddr,
    certs: PathBuf,
}

impl Cast {
    /// Two operators enrol everybody who is there from the beginning; then every lender connects.
    pub(super) async fn enrol(address: SocketAddr, certs: &Path) -> anyhow::Result<Self> {
        let [first, second] = OPERATORS;
        let mut cast = Self {
            players: Vec::new(),
            operators: [
                connect(address, certs, first).await?,
                connect(address, certs, second).await?,
            ],
            address,
            certs: certs.to_owned(),
        };
        for lender in LENDERS {
            cast.join(lender).await?;
        }
        let regulator = member(
            certs,
            REGULATOR,
            "Market Regulator",
            LenderGroup::Other,
            Role::Regulator,
        )?;
        enrol(&cast.operators, &regulator).await?;
        println!(
            "Two operators enrolled {} lenders and a regulator.",
            LENDERS.len()
        );
        Ok(cast)
    }

    /// Who asks for statistics.
    pub(super) fn operator(&self) -> &Client {
        &self.operators[0]
    }

    /// Both operators enrol a lender, and it connects.
    pub(super) async fn join(&mut self, lender: Lender) -> anyhow::Result<()> {
        let new = member(
            &self.certs,
            lender.member_id,
            lender.display_name,
            lender.group,
            Role::Lender,
        )?;
        enrol(&self.operators, &new).await?;
        self.players.push(Player {
            lender,
            client: connect(self.address, &self.certs, lender.member_id).await?,
        });
        Ok(())
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
        rule_packs: match role {
            Role::Lender => vec![RULES.to_owned()],
            Role::Regulator | Role::Operator | Role::Collector => Vec::new(),
        },
        evaluations_per_day: EVALUATIONS_PER_DAY,
    })
}

async fn enrol(operators: &[Client; 2], member: &NewMember) -> Result<(), ClientError> {
    let [first, second] = operators;
    let request = new_member_to_wire(member, first.request_id());
    first.admin().create_member(request.clone()).await?;
    second.admin().create_member(request).await?;
    Ok(())
}
