//! The demonstration, as somebody runs it who tries the program.

use std::process::Command;

#[test]
fn the_demonstration_tells_its_stories_to_the_end() {
    let output = Command::new(env!("CARGO_BIN_EXE_tallystick"))
        .args([
            "demo",
            "--once",
            "--subjects",
            "20",
            "--port",
            "0",
            "--web-port",
            "0",
        ])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{problems}");
    let times = |what: &str| told.lines().filter(|line| line.contains(what)).count();
    assert_eq!(times("12 months: 72 files with "), 1, "{told}");
    assert_eq!(times("The statistics of 12 months are published"), 1, "{told}");
    assert_eq!(times("the stack shows"), 1, "{told}");
    assert_eq!(times("applies at 8 lenders at once"), 1, "{told}");
    let one = "  eligible: 5,000 CNY are held for it, 30 minutes";
    let others = "ineligible: You already have loans or pending applications with as many lenders";
    assert_eq!((times(one), times(others)), (1, 7), "{told}");
    assert_eq!(times("pays out and confirms"), 1, "{told}");
    assert_eq!(times("checkpoints, verified"), 1, "{told}");
}
