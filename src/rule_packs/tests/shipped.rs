use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::super::shipped::FILES;
use super::*;
use crate::domain::rules::Condition;

#[test]
fn every_shipped_pack_says_what_its_cases_expect() {
    for file in shipped().iter() {
        for case in &file.cases {
            let told: Vec<String> = case.run(&file.pack).iter().map(ToString::to_string).collect();
            assert!(
                told.is_empty(),
                "{}:{} {}: {told:?}",
                file.file,
                case.line,
                case.name
            );
        }
    }
}

#[test]
fn every_file_of_the_folder_is_shipped_under_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rule_packs");
    let there: BTreeSet<String> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let shipped_files: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, shipped_files);
    for file in shipped().iter() {
        assert_eq!(file.file, format!("{}.toml", file.pack.name));
    }
}

#[test]
fn every_shipped_pack_says_that_it_is_an_example() {
    for (name, text) in FILES {
        assert!(text.starts_with("# "), "{name}");
        assert!(text.contains("EXAMPLE. To be confirmed by counsel"), "{name}");
    }
    for file in shipped().iter() {
        assert!(
            file.status.starts_with("example, to be confirmed by counsel"),
            "{}",
            file.file
        );
        assert!(!file.sources.is_empty(), "{}", file.file);
    }
}

#[test]
fn every_rule_is_broken_by_one_case_and_kept_by_another() {
    for file in shipped().iter() {
        let broken: Vec<BTreeSet<String>> = file
            .cases
            .iter()
            .map(|case| {
                let reasons = case.verdict(&file.pack).reasons;
                reasons.into_iter().map(|reason| reason.rule_id).collect()
            })
            .collect();
        for rule in &file.pack.rules {
            assert!(
                broken.iter().any(|ids| ids.contains(&rule.id)),
                "{} {}",
                file.file,
                rule.id
            );
            assert!(
                broken.iter().any(|ids| !ids.contains(&rule.id)),
                "{} {}",
                file.file,
                rule.id
            );
        }
        let by_day = file.pack.rules.iter().any(|rule| match &rule.condition {
            Condition::CoolingOff(_) | Condition::ConsecutiveIndebtedness(_) => true,
            Condition::AccountCount { window, .. } => window.is_some(),
            Condition::LenderCount { .. }
            | Condition::AmountCap(_)
            | Condition::ObligationRatio { .. }
            | Condition::Delinquency { .. }
            | Condition::InstalmentPlan
            | Condition::SelfExclusion => false,
        });
        let least = if by_day { 6 } else { 3 };
        assert!(file.cases.len() >= least, "{}", file.file);
    }
}
