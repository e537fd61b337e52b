//! One flat JSON object, member by member, numbers as they are written.
//!
//! Why not `serde_json::Value`: it reads `0.1` as a float, and a switch that stops this would change every other reader of
//! JSON in the program. The grammar of texts and numbers is still `serde_json`'s: only the braces, colons and commas are
//! found here. Invariant: no text of this module holds any part of the line.

use zeroize::Zeroizing;

/// A member of an object. Holds identifiers, so it is never printed.
pub(super) struct Member<'a> {
    /// Its key.
    pub key: Zeroizing<String>,
    /// Its value.
    pub value: Value<'a>,
    /// Key and value as they stand, white space around them left out.
    pub raw: &'a str,
}

/// A value that is neither object nor list.
pub(super) enum Value<'a> {
    /// A text.
    Text(Zeroizing<String>),
    /// A number as it is written.
    Number(&'a str),
    /// Nothing.
    Null,
    /// True or false.
    Truth,
}

/// What a line must be.
const SHAPE: &str = "the line is not one JSON object of keys and values, such as {\"account_ref\": \"L-1\"}";

/// The members of the object on a line, in its order.
///
/// # Errors
/// Why it is none.
pub(super) fn members(line: &str) -> Result<Vec<Member<'_>>, &'static str> {
    let mut rest = line
        .trim_ascii()
        .strip_prefix('{')
        .ok_or(SHAPE)?
        .trim_ascii_start();
    let mut members = Vec::new();
    if let Some(behind) = rest.strip_prefix('}') {
        return at_end(behind, members);
    }
    loop {
        let start = rest;
        let (key, behind) = text(rest)?;
        let behind = behind.trim_ascii_start().strip_prefix(':').ok_or(SHAPE)?;
        let (value, behind) = value(behind.trim_ascii_start())?;
        let raw = start.get(..start.len() - behind.len()).ok_or(SHAPE)?;
        members.push(Member { key, value, raw });
        rest = behind.trim_ascii_start();
        if let Some(behind) = rest.strip_prefix('}') {
            return at_end(behind, members);
        }
        rest = rest.strip_prefix(',').ok_or(SHAPE)?.trim_ascii_start();
    }
}

fn at_end<'a>(behind: &str, members: Vec<Member<'a>>) -> Result<Vec<Member<'a>>, &'static str> {
    if behind.is_empty() {
        Ok(members)
    } else {
        Err("something stands behind the object; write one object a line")
    }
}

/// The text at the start, and what is behind it.
fn text(rest: &str) -> Result<(Zeroizing<String>, &str), &'static str> {
    let mut escaped = false;
    let end = rest.bytes().enumerate().skip(1).find_map(|(index, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(index + 1)
    });
    let (whole, behind) = end
        .filter(|_| rest.starts_with('"'))
        .and_then(|end| rest.split_at_checked(end))
        .ok_or(SHAPE)?;
    let text = serde_json::from_str(whole)
        .map_err(|_| "a text of the line is not JSON; escape quotation marks, backslashes and line ends")?;
    Ok((Zeroizing::new(text), behind))
}

/// The value at the start, and what is behind it.
fn value(rest: &str) -> Result<(Value<'_>, &str), &'static str> {
    if rest.starts_with('"') {
        let (text, behind) = text(rest)?;
        return Ok((Value::Text(text), behind));
    }
    if rest.starts_with(['{', '[']) {
        return Err("a value is an object or a list; every value is a text, a number or null");
    }
    let end = rest
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))
        .unwrap_or(rest.len());
    let (word, behind) = rest.split_at_checked(end).ok_or(SHAPE)?;
    let value = match word {
        "null" => Value::Null,
        "true" | "false" => Value::Truth,
        // Parsed to hold it to the grammar; what counts is how it is written.
        number if serde_json::from_str::<serde_json::Number>(number).is_ok() => Value::Number(number),
        _ => return Err(SHAPE),
    };
    Ok((value, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Result<Vec<String>, &'static str> {
        let members = members(line)?;
        let show = |member: &Member<'_>| {
            let value = match &member.value {
                Value::Text(text) => format!("{:?}", text.as_str()),
                Value::Number(number) => (*number).to_owned(),
                Value::Null => "null".to_owned(),
                Value::Truth => "truth".to_owned(),
            };
            format!("{}={value} [{}]", member.key.as_str(), member.raw)
        };
        Ok(members.iter().map(show).collect())
    }

    #[test]
    fn members_are_read_as_they_are_written() {
        assert_eq!(shown(" { } "), Ok(Vec::new()));
        assert_eq!(
            shown(r#"{"a":"x\"\\\u00e9", "b" : 12345678901234567890.10,"c":null, "d":true,"e":-0}"#),
            Ok(vec![
                r#"a="x\"\\é" ["a":"x\"\\\u00e9"]"#.to_owned(),
                r#"b=12345678901234567890.10 ["b" : 12345678901234567890.10]"#.to_owned(),
                r#"c=null ["c":null]"#.to_owned(),
                r#"d=truth ["d":true]"#.to_owned(),
                r#"e=-0 ["e":-0]"#.to_owned(),
            ])
        );
    }

    #[test]
    fn what_is_no_flat_object_is_refused() {
        for line in [
            "",
            "{",
            "}",
            "[]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{\"a\":1} {\"b\":2}",
            "{\"a\":{}}",
            "{\"a\":[1]}",
            "{\"a\":01}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":NaN}",
            "{\"a\":1e999}",
            "{'a':1}",
            "{a:1}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"tab\there\"}",
            "{\"a\":\"open",
            "{\"a\":\"open\\\"}",
            "{\"a\" 1}",
            "null",
        ] {
            assert!(members(line).is_err(), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_judged_as_the_library_judges_it(line in r#"[{}\[\]":, \\0-9.eE+a-nux-]{0,24}"#) {
            let ours = members(&line).is_ok();
            let theirs: Result<serde_json::Map<_, _>, _> = serde_json::from_str(&line);
            let flat = theirs.is_ok_and(|map| map.values().all(|value: &serde_json::Value| {
                !value.is_object() && !value.is_array()
            }));
            proptest::prop_assert_eq!(ours, flat);
        }
    }
}
