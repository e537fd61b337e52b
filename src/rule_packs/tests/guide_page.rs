//! What the guide says is what the program does.

use super::*;
use crate::domain::rules::ReasonCode;

const PAGE: &str = include_str!("../../../docs/rule-packs.md");

#[test]
fn the_pack_of_the_guide_is_sound_and_its_cases_hold() {
    let (_, rest) = PAGE.split_once("```toml\n").expect("it has a pack");
    let (text, _) = rest.split_once("```").expect("it ends");
    let file = read("guide.toml", text).expect("it is sound");
    assert_eq!(file.cases.len(), 2);
    for case in &file.cases {
        assert_eq!(case.run(&file.pack), [], "{}", case.name);
    }
}

#[test]
fn the_guide_names_every_kind_reason_key_and_pack() {
    let mut named: Vec<String> = KINDS.iter().map(|kind| format!("| `{kind}`")).collect();
    named.extend(shipped().names().map(|name| format!("| `{name}` |")));
    // Every key that a whole pack holds, and those of which it can hold only others.
    for line in WHOLE.lines() {
        let keys = line.split([',', '{']).filter_map(|part| part.split_once(" = "));
        named.extend(keys.map(|(key, _)| format!("`{}`", key.trim())));
    }
    for key in [
        "window_days",
        "hours",
        "per_loan",
        "gap_days_at_most",
        "held",
        "room",
        "closed_at",
    ] {
        named.push(format!("`{key}`"));
    }
    named.retain(|name| !["`en`", "`zh`", "`id`"].contains(&name.as_str()));
    for code in ReasonCode::ALL {
        // What no rule gives is not a pack's.
        let beyond = ["FREEZE", "IDENTITY_CONFLICT", "IDENTITY_TOO_WEAK"].contains(&code.as_str());
        if !beyond {
            named.push(code.as_str().to_owned());
        }
    }
    for name in named {
        assert!(PAGE.contains(&name), "{name} is not explained");
    }
}
