//! `tallystick rules` as a compliance officer runs it: without a service.

use std::process::{Command, Output};

fn rules(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallystick"));
    let Output {
        status,
        stdout,
        stderr,
    } = command.arg("rules").args(arguments).output().unwrap();
    let said = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.code().unwrap(), said)
}

#[test]
fn what_is_shipped_is_checked_tested_and_explained() {
    for command in ["check", "test"] {
        let (code, said) = rules(&[command]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("us-fl") && said.contains("cn-consortium"), "{said}");
    }
    let (code, said) = rules(&["explain", "cn-consortium", "--lang", "zh"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("机构"), "{said}");
    let (code, said) = rules(&["explain", "nowhere"]);
    assert_ne!(code, 0, "{said}");
}

#[test]
fn what_is_wrong_with_a_pack_is_told_by_line_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = super::ONE_AT_A_TIME.replace("maximum = 1", "maximum = -1");
    let line = wrong.lines().position(|line| line == "maximum = -1").unwrap() + 1;
    let path = folder.path().join("wrong.toml");
    std::fs::write(&path, wrong).unwrap();
    let (code, said) = rules(&["check", path.to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains(&format!("wrong.toml:{line}")) && said.contains("one-lender"),
        "{said}"
    );

    let untrue = super::ONE_AT_A_TIME.replace("refused_by = []", "refused_by = [\"one-lender\"]");
    let path = folder.path().join("untrue.toml");
    std::fs::write(&path, untrue).unwrap();
    let (code, said) = rules(&["test", path.to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("a first loan is allowed"), "{said}");
}
