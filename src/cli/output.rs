//! What commands print: tables for people, the contract's JSON for programs.

use anyhow::Context as _;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

use crate::wire::Message;
use crate::wire::pb::FILE_DESCRIPTOR_SET;

/// In which form a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs: the contract's messages as JSON.
    Json,
}

/// A message of the contract as JSON (the canonical mapping of protobuf), indented.
pub fn to_json(message: &impl Message, name: &str) -> anyhow::Result<String> {
    let mut dynamic = DynamicMessage::new(descriptor(name)?);
    dynamic
        .merge(message.encode_to_vec().as_slice())
        .context("the message does not fit its descriptor")?;
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut bytes);
    let options = SerializeOptions::new().skip_default_fields(false);
    dynamic
        .serialize_with_options(&mut serializer, &options)
        .context("the message has no JSON form")?;
    Ok(String::from_utf8(bytes)?)
}

/// A message of the contract from JSON.
pub fn from_json<M: Message + Default>(text: &str, name: &str) -> anyhow::Result<M> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let dynamic = DynamicMessage::deserialize(descriptor(name)?, &mut deserializer)
        .with_context(|| format!("not the JSON form of {name}"))?;
    deserializer.end().context("something follows the JSON value")?;
    Ok(M::decode(dynamic.encode_to_vec().as_slice())?)
}

fn descriptor(name: &str) -> anyhow::Result<prost_reflect::MessageDescriptor> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).context("the descriptor set is damaged")?;
    pool.get_message_by_name(&format!("tallystick.v1.{name}"))
        .with_context(|| format!("no message {name}"))
}

/// An empty table in the house style.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    table
}

/// An amount of minor units as people write it: 12,345.67.
pub fn amount(minor: i64, exponent: u32) -> String {
    let scale = 10_i64.pow(exponent.min(9));
    let (units, rest) = (minor / scale, (minor % scale).abs());
    let digits = units.abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    if exponent == 0 || rest == 0 {
        return format!("{sign}{grouped}");
    }
    let width = usize::try_from(exponent).unwrap_or(2);
    format!("{sign}{grouped}.{rest:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::pb;

    #[test]
    fn amounts_are_written_with_groups_and_decimals() {
        let cases = [
            (0, 2, "0"),
            (123_456_789, 2, "1,234,567.89"),
            (100_000, 2, "1,000"),
            (-5, 2, "-0.05"),
            (999, 0, "999"),
        ];
        for (minor, exponent, text) in cases {
            assert_eq!(amount(minor, exponent), text);
        }
    }

    #[test]
    fn messages_survive_json() {
        let message = pb::GetPositionRequest {
            account_ref: "A-1".to_owned(),
        };
        let text = to_json(&message, "GetPositionRequest").expect("it has a JSON form");
        assert!(text.contains("\"accountRef\": \"A-1\""), "{text}");
        let back: pb::GetPositionRequest = from_json(&text, "GetPositionRequest").expect("it reads back");
        assert_eq!(back, message);
        assert!(from_json::<pb::GetPositionRequest>("{\"nonsense\": 1}", "GetPositionRequest").is_err());
    }
}
