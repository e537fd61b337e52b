//! Members and their certificates.
//!
//! What the service sets itself (number, state and creation of a new member) is ignored inward. A certificate's own bytes
//! are not parsed here.

use std::collections::BTreeSet;

use super::code::{Coded, code_to_wire, read_code};
use super::collect::{Collector, Path};
use super::date::{read_timestamp, timestamp_to_wire};
use super::request::{read_member_id, read_request_key, read_sha256, request_id_to_wire};
use crate::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId, RequestId};
use crate::domain::unit::{MemberUpdate, NewMember, RequestKey};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// The most characters of a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 100;
/// The most entries of each list of a member: roles, certificates, rule packs, paths of a mask.
pub const LIST_MAX: usize = 16;
/// The most characters of a rule pack's name.
pub const RULE_PACK_CHARS_MAX: usize = 64;
/// The most bytes of a certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// Reads `CreateMember`.
pub fn read_new_member(wire: &pb::CreateMemberRequest) -> Result<(NewMember, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let at = root.field("member");
    if wire.member.is_none() {
        out.absent(&at);
    }
    let member = wire
        .member
        .as_ref()
        .and_then(|member| new_member(member, &at, &mut out));
    let request = read_request_key(&wire.request_id, wire, &mut out);
    out.finish(member.zip(request))
}

fn new_member(wire: &pb::Member, at: &Path<'_>, out: &mut Collector) -> Option<NewMember> {
    let member_id = read_member_id(&wire.member_id, &at.field("member_id"), out);
    let display_name = read_display_name(&wire.display_name, at, out);
    let lender_group = read_code(wire.lender_group, &at.field("lender_group"), out);
    let roles = read_roles(&wire.roles, at, out);
    let certificates = read_certificates(&wire.certificates, at, out);
    let rule_packs = read_rule_packs(&wire.rule_packs, at, out);
    Some(NewMember {
        member_id: member_id?,
        display_name: display_name?,
        lender_group: lender_group?,
        roles: roles?,
        certificates: certificates?,
        rule_packs: rule_packs?,
        evaluations_per_day: wire.evaluations_per_day,
    })
}

/// Reads `UpdateMember`: the fields that its mask names, and no others.
pub fn read_member_update(wire: &pb::UpdateMemberRequest) -> Result<MemberUpdate, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let at = root.field("member");
    let Some(member) = &wire.member else {
        out.absent(&at);
        return Err(out.into_violations());
    };
    let update = read_member_id(&member.member_id, &at.field("member_id"), &mut out).map(unchanged);
    let paths = read_mask(wire.update_mask.as_ref(), &mut out);
    let update = update.zip(paths).map(|(mut update, paths)| {
        for (index, path) in paths.iter().enumerate() {
            change(&mut update, path, member, &at, index, &mut out);
        }
        update
    });
    out.finish(update)
}

fn unchanged(member_id: MemberId) -> MemberUpdate {
    MemberUpdate {
        member_id,
        display_name: None,
        lender_group: None,
        roles: None,
        state: None,
        rule_packs: None,
        evaluations_per_day: None,
    }
}

fn read_mask<'a>(mask: Option<&'a prost_types::FieldMask>, out: &mut Collector) -> Option<&'a [String]> {
    let root = Path::Root;
    let at = root.field("update_mask");
    let paths = mask.map_or(&[][..], |mask| &mask.paths);
    if paths.is_empty() {
        out.absent(&at);
        return None;
    }
    if paths.len() > LIST_MAX {
        out.refuse(
            Code::Format,
            &at,
            format!("{} paths; at most {LIST_MAX}", paths.len()),
        );
        return None;
    }
    Some(paths)
}

/// Takes over the field that one path of the mask names.
fn change(
    update: &mut MemberUpdate,
    path: &str,
    member: &pb::Member,
    at: &Path<'_>,
    index: usize,
    out: &mut Collector,
) {
    match path {
        "display_name" => update.display_name = read_display_name(&member.display_name, at, out),
        "lender_group" => update.lender_group = read_code(member.lender_group, &at.field(path), out),
        "roles" => update.roles = read_roles(&member.roles, at, out),
        "state" => update.state = read_state(member.state, &at.field(path), out),
        "rule_packs" => update.rule_packs = read_rule_packs(&member.rule_packs, at, out),
        "evaluations_per_day" => update.evaluations_per_day = Some(member.evaluations_per_day),
        _ => out.refuse(
            Code::Format,
            &Path::Root.field("update_mask").element("paths", index),
            "no such field can be changed; choose display_name, lender_group, roles, state, rule_packs or \
             evaluations_per_day",
        ),
    }
}

/// A state that an operator may set.
fn read_state(number: i32, at: &Path<'_>, out: &mut Collector) -> Option<MemberState> {
    let state = read_code(number, at, out)?;
    match state {
        MemberState::Active | MemberState::Suspended | MemberState::Left => Some(state),
        MemberState::Proposed => {
            out.refuse(
                Code::Format,
                at,
                "PROPOSED is the service's to set; choose ACTIVE, SUSPENDED or LEFT",
            );
            None
        }
    }
}

fn read_display_name(text: &str, member: &Path<'_>, out: &mut Collector) -> Option<String> {
    let at = member.field("display_name");
    if text.trim().is_empty() {
        out.absent(&at);
        return None;
    }
    let too_long = text.chars().count() > DISPLAY_NAME_CHARS_MAX;
    if too_long || text.chars().any(char::is_control) {
        let description =
            format!("it must have 1 to {DISPLAY_NAME_CHARS_MAX} characters and no control characters");
        out.refuse(Code::Format, &at, description);
        return None;
    }
    Some(text.to_owned())
}

/// Roles in order, each once.
fn read_roles(wire: &[i32], member: &Path<'_>, out: &mut Collector) -> Option<Vec<Role>> {
    let at = member.field("roles");
    if wire.is_empty() {
        out.absent(&at);
        return None;
    }
    fits(wire.len(), &at, out)?;
    let mut roles = BTreeSet::new();
    let mut all_read = true;
    for (index, number) in wire.iter().enumerate() {
        match read_code::<Role>(*number, &member.element("roles", index), out) {
            Some(role) => {
                roles.insert(role);
            }
            None => all_read = false,
        }
    }
    all_read.then(|| roles.into_iter().collect())
}

/// Names of rule packs in the given order; none twice.
fn read_rule_packs(wire: &[String], member: &Path<'_>, out: &mut Collector) -> Option<Vec<String>> {
    fits(wire.len(), &member.field("rule_packs"), out)?;
    let mut all_read = true;
    for (index, name) in wire.iter().enumerate() {
        let characters = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let repeated = wire.iter().take(index).any(|earlier| earlier == name);
        if !characters || !(1..=RULE_PACK_CHARS_MAX).contains(&name.len()) || repeated {
            let text =
                format!("it must have 1 to {RULE_PACK_CHARS_MAX} characters of [A-Za-z0-9._-] and come once");
            out.refuse(Code::Format, &member.element("rule_packs", index), text);
            all_read = false;
        }
    }
    all_read.then(|| wire.to_vec())
}

/// Certificates of a new member: none revoked, none twice.
fn read_certificates(
    wire: &[pb::Certificate],
    member: &Path<'_>,
    out: &mut Collector,
) -> Option<Vec<Certificate>> {
    fits(wire.len(), &member.field("certificates"), out)?;
    let mut certificates: Vec<Certificate> = Vec::with_capacity(wire.len());
    for (index, certificate) in wire.iter().enumerate() {
        let at = member.element("certificates", index);
        let fingerprint = read_fingerprint(&certificate.fingerprint, &at.field("fingerprint"), out);
        let not_after = read_timestamp(certificate.not_after, &at.field("not_after"), out);
        if certificate.revoked_at.is_some() {
            out.refuse(
                Code::Format,
                &at.field("revoked_at"),
                "a new member has no revoked certificate; leave it out",
            );
        }
        let repeated = certificates
            .iter()
            .any(|earlier| Some(earlier.fingerprint) == fingerprint);
        if repeated {
            out.refuse(
                Code::Format,
                &at.field("fingerprint"),
                "the same certificate comes twice; send it once",
            );
        }
        if let (Some(fingerprint), Some(not_after)) = (fingerprint, not_after) {
            certificates.push(Certificate {
                fingerprint,
                not_after,
                revoked_at: None,
            });
        }
    }
    (certificates.len() == wire.len()).then_some(certificates)
}

fn fits(length: usize, at: &Path<'_>, out: &mut Collector) -> Option<()> {
    if length > LIST_MAX {
        out.refuse(Code::Format, at, format!("{length} entries; at most {LIST_MAX}"));
        return None;
    }
    Some(())
}

fn read_fingerprint(bytes: &[u8], at: &Path<'_>, out: &mut Collector) -> Option<Fingerprint> {
    read_sha256(bytes, at, out).map(Fingerprint)
}

/// Reads the field `member_id` of a request about one member.
pub fn read_member(member_id: &str) -> Result<MemberId, Vec<Violation>> {
    let mut out = Collector::default();
    let member_id = read_member_id(member_id, &Path::Root.field("member_id"), &mut out);
    out.finish(member_id)
}

/// Reads `AddCertificate`: the member, and the certificate's bytes as they came (DER or PEM, at most
/// [`CERTIFICATE_BYTES_MAX`]).
pub fn read_added_certificate(wire: &pb::AddCertificateRequest) -> Result<(MemberId, &[u8]), Vec<Violation>> {
    let mut out = Collector::default();
    let member_id = read_member_id(&wire.member_id, &Path::Root.field("member_id"), &mut out);
    let root = Path::Root;
    let at = root.field("certificate");
    let length = wire.certificate.len();
    if length == 0 {
        out.absent(&at);
    } else if length > CERTIFICATE_BYTES_MAX {
        out.refuse(
            Code::Format,
            &at,
            format!("it has {length} bytes; at most {CERTIFICATE_BYTES_MAX}"),
        );
    }
    out.finish(member_id.map(|member_id| (member_id, wire.certificate.as_slice())))
}

/// Reads `RevokeCertificate`.
pub fn read_revocation(
    wire: &pb::RevokeCertificateRequest,
) -> Result<(MemberId, Fingerprint), Vec<Violation>> {
    let mut out = Collector::default();
    let member_id = read_member_id(&wire.member_id, &Path::Root.field("member_id"), &mut out);
    let fingerprint = read_fingerprint(&wire.fingerprint, &Path::Root.field("fingerprint"), &mut out);
    out.finish(member_id.zip(fingerprint))
}

/// A member as the contract writes it.
pub fn member_to_wire(member: &Member) -> pb::Member {
    pb::Member {
        member_id: member.member_id.as_str().to_owned(),
        display_name: member.display_name.clone(),
        lender_group: code_to_wire::<LenderGroup>(Some(member.lender_group)),
        roles: member.roles.iter().map(|role| role.to_number()).collect(),
        state: member.state.to_number(),
        certificates: member.certificates.iter().map(certificate_to_wire).collect(),
        created_at: Some(timestamp_to_wire(member.created_at)),
        rule_packs: member.rule_packs.clone(),
        evaluations_per_day: member.evaluations_per_day,
    }
}

/// A certificate as the contract writes it.
pub fn certificate_to_wire(certificate: &Certificate) -> pb::Certificate {
    pb::Certificate {
        fingerprint: certificate.fingerprint.0.to_vec(),
        not_after: Some(timestamp_to_wire(certificate.not_after)),
        revoked_at: certificate.revoked_at.map(timestamp_to_wire),
    }
}

/// `CreateMember` as the contract writes it.
pub fn new_member_to_wire(member: &NewMember, request_id: RequestId) -> pb::CreateMemberRequest {
    let member = pb::Member {
        member_id: member.member_id.as_str().to_owned(),
        display_name: member.display_name.clone(),
        lender_group: member.lender_group.to_number(),
        roles: member.roles.iter().map(|role| role.to_number()).collect(),
        state: 0,
        certificates: member.certificates.iter().map(certificate_to_wire).collect(),
        created_at: None,
        rule_packs: member.rule_packs.clone(),
        evaluations_per_day: member.evaluations_per_day,
    };
    pb::CreateMemberRequest {
        member: Some(member),
        request_id: request_id_to_wire(request_id),
    }
}

/// `UpdateMember` as the contract writes it: the fields that change, and the mask that names them.
pub fn member_update_to_wire(update: &MemberUpdate) -> pb::UpdateMemberRequest {
    let named = [
        ("display_name", update.display_name.is_some()),
        ("lender_group", update.lender_group.is_some()),
        ("roles", update.roles.is_some()),
        ("state", update.state.is_some()),
        ("rule_packs", update.rule_packs.is_some()),
        ("evaluations_per_day", update.evaluations_per_day.is_some()),
    ];
    let paths = named
        .into_iter()
        .filter(|(_, changes)| *changes)
        .map(|(path, _)| path.to_owned())
        .collect();
    let roles = update.roles.iter().flatten();
    let member = pb::Member {
        member_id: update.member_id.as_str().to_owned(),
        display_name: update.display_name.clone().unwrap_or_default(),
        lender_group: code_to_wire(update.lender_group),
        roles: roles.map(|role| role.to_number()).collect(),
        state: code_to_wire(update.state),
        certificates: Vec::new(),
        created_at: None,
        rule_packs: update.rule_packs.clone().unwrap_or_default(),
        evaluations_per_day: update.evaluations_per_day.unwrap_or_default(),
    };
    pb::UpdateMemberRequest {
        member: Some(member),
        update_mask: Some(prost_types::FieldMask { paths }),
    }
}

#[cfg(test)]
mod tests;
