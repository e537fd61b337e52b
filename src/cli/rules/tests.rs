use std::fs;

use tempfile::TempDir;

use super::*;
use crate::domain::language::Language;

/// Writes the shipped Florida pack with one part replaced into a folder of its own.
fn altered(part: &str, other: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("florida.toml");
    let text = include_str!("../../../rule_packs/us-fl.toml");
    assert!(text.contains(part), "{part}");
    fs::write(&path, text.replacen(part, other, 1)).expect("written");
    (folder, path)
}

fn files(paths: &[PathBuf], output: Output) -> Files {
    Files {
        paths: paths.to_vec(),
        output,
    }
}

#[test]
fn shipped_packs_are_sound_and_their_cases_hold() {
    for output in [Output::Table, Output::Json] {
        check(&files(&[], output)).expect("they are sound");
        test(&files(&[], output)).expect("they hold");
    }
}

#[test]
fn a_mistake_is_told_with_its_line_and_rule_and_ends_with_code_1() {
    let (folder, path) = altered("hours = 24", "hours = 0");
    for paths in [
        vec![path.clone()],
        vec![folder.path().to_owned()],
        vec![path.clone(), path.clone()],
    ] {
        let read = Read::of(&paths);
        assert!(read.packs.is_empty());
        let told = error_as_json(&read.errors[0]);
        assert_eq!(told["file"], path.display().to_string());
        assert_eq!(told["rule"], "day-between-loans");
        assert_eq!(told["case"], Value::Null);
        assert!(told["line"].as_u64().is_some_and(|line| line > 1), "{told}");
        for output in [Output::Table, Output::Json] {
            for ended in [check(&files(&paths, output)), test(&files(&paths, output))] {
                assert_eq!(Exit::of(&ended.expect_err("a mistake")), Exit::Failed);
            }
        }
    }
}

#[test]
fn a_case_that_does_not_hold_is_told_with_what_was_expected_and_what_came() {
    let (_folder, path) = altered("hours = 24", "hours = 25");
    let paths = [path.clone()];
    check(&files(&paths, Output::Table)).expect("it can be read");
    let read = Read::of(&paths);
    let outcomes = outcomes(&read.packs);
    let told = failures(&outcomes);
    assert_eq!(told.len(), 9, "{told:#?}");
    assert!(
        told[0].starts_with(&format!("{}:", path.display())),
        "{}",
        told[0]
    );
    assert!(told[0].ends_with("does not hold"), "{}", told[0]);
    assert_eq!(told[1], "  refused_by: expected [], got [day-between-loans]");
    assert_eq!(told[2], "  retry_on: expected none, got 2026-03-11");
    assert_eq!(summary(&read.packs, &outcomes), ["us-fl 1: 7 of 10 cases hold"]);
    let failing = outcomes
        .iter()
        .find(|outcome| !outcome.holds())
        .expect("one fails");
    let json = outcome_as_json(failing);
    assert_eq!((&json["holds"], &json["pack"]), (&json!(false), &json!("us-fl")));
    assert_eq!(json["differences"][0]["expected"], "[]");
    for output in [Output::Table, Output::Json] {
        let error = test(&files(&paths, output)).expect_err("cases fail");
        assert_eq!(Exit::of(&error), Exit::Failed);
        assert_eq!(error.to_string(), "3 of 10 cases do not hold");
    }
}

#[test]
fn a_pack_without_cases_says_so() {
    let text = include_str!("../../../rule_packs/us-fl.toml");
    let end = text.find("[[case]]").expect("it has cases");
    let (_folder, path) = altered(&text[end..], "");
    let read = Read::of(&[path]);
    assert_eq!(
        summary(&read.packs, &outcomes(&read.packs)),
        ["us-fl 1: has no cases: add [[case]] tables"]
    );
}

#[test]
fn packs_are_found_by_name_and_by_file() {
    assert_eq!(find("us-il").expect("it is shipped").pack.name, "us-il");
    let (_folder, path) = altered("name = \"us-fl\"", "name = \"ours\"");
    let named = path.display().to_string();
    assert_eq!(find(&named).expect("it is there").pack.name, "ours");
    let error = find("us-xx").expect_err("there is none").to_string();
    assert!(
        error.contains("name a file, or one of cn-consortium, cn-online"),
        "{error}"
    );
    let (_folder, broken) = altered("hours = 24", "hours = 0");
    let error = find(&broken.display().to_string()).expect_err("it is wrong");
    assert!(
        format!("{error:#}").contains("rule `day-between-loans`"),
        "{error:#}"
    );
}

#[test]
fn what_packs_hold_is_listed_for_programs() {
    let told = pack_as_json(&find("us-il").expect("it is shipped"));
    assert_eq!((&told["name"], &told["version"]), (&json!("us-il"), &json!(1)));
    assert_eq!(
        (&told["firstDay"], &told["lastDay"]),
        (&json!("2026-01-01"), &Value::Null)
    );
    assert_eq!(told["needsIncome"], true);
    assert_eq!(
        told["rules"],
        json!(["two-loans-at-once", "45-days-in-debt", "amount"])
    );
    assert_eq!(told["sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn figures_of_a_pack_are_explained_in_english() {
    let told = explain::explain(&find("us-il").expect("it is shipped"), Language::English);
    for line in [
        "us-il, version 1: Illinois payday loans, before 2011",
        "Status: example, to be confirmed by counsel",
        "In force from 2026-01-01. Amounts are in USD.",
        "An income must be stated.",
        "2. 45-days-in-debt",
        "   Only loans that count: products PAYDAY.",
        "   All debt that counts and this loan together: at most 1,000 USD or 25 % of the gross monthly income, \
         whichever is less.",
        "   Reason CONSECUTIVE_INDEBTEDNESS: You have been in debt without a break for longer than the lending rules \
         allow.",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\n{told}");
    }
}

#[test]
fn figures_of_a_pack_are_explained_in_chinese() {
    let told = explain::explain(&find("cn-consortium").expect("it is shipped"), Language::Chinese);
    for line in [
        "cn-consortium，第 1 版：中国联盟默认规则",
        "预留默认有效 30 分钟，最长 1440 分钟。",
        "   同时放贷的机构最多 3 家，包括本次申请的机构。",
        "   应计入的全部债务加上本笔贷款不得超过 200,000 CNY。",
        "   有贷款逾期超过 30 天的，不得发放新的贷款。",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\n{told}");
    }
    assert!(!told.lines().any(|line| line == "必须申报收入。"));
}

#[test]
fn every_rule_of_every_shipped_pack_is_explained_in_both_languages() {
    for file in shipped().iter() {
        let english = explain::explain(file, Language::English);
        let chinese = explain::explain(file, Language::Chinese);
        assert_eq!(english.lines().count(), chinese.lines().count(), "{}", file.file);
        for rule in &file.pack.rules {
            for told in [&english, &chinese] {
                assert!(
                    told.contains(&format!(". {}\n", rule.id)),
                    "{} {}",
                    file.file,
                    rule.id
                );
                assert!(told.contains(rule.condition.reason().as_str()));
            }
        }
        assert!(
            !english.contains("  \n") && !english.contains(": at most ."),
            "{english}"
        );
    }
}
