use super::*;

fn log(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn what_was_expected_and_seen_stand_below_each_other_with_the_place() {
    let message = "expected the status of /x to be 200; seen: 404 (a page) (at recipe-tests/recipes/x/suite.rs:7)";
    assert_eq!(
        said(message),
        [
            "    expected  the status of /x to be 200",
            "    seen      404 (a page)",
            "    at        recipe-tests/recipes/x/suite.rs:7",
        ]
    );
    assert_eq!(
        said("expected a; seen: b\nand c"),
        ["    expected  a", "    seen      b", "              and c"]
    );
    assert_eq!(said("it timed out\nafter 60 s"), ["    it timed out", "    after 60 s"]);
}

#[test]
fn lines_about_what_went_wrong_matter_more_than_later_ones() {
    let all = ["ERROR: no such table", "listening", "listening again"];
    assert_eq!(matters(&log(&all)), ["ERROR: no such table"]);
    assert_eq!(matters(&log(&all[1..])), ["listening", "listening again"]);
    let many: Vec<String> = (0..20).map(|n| format!("error {n}")).collect();
    assert_eq!(matters(&many).len(), LOG_LINES);
    assert_eq!(matters(&many)[LOG_LINES - 1], "error 19");
    assert_eq!(matters(&log(&[&"x".repeat(500)]))[0].len(), 200);
}

fn about(simulated: bool, kept: bool) -> About<'static> {
    let tier = Some("custom".to_owned());
    About { run: "r1", recipe: "custom-html", tier, simulated, kept, has_log: true }
}

#[test]
fn the_advice_is_about_what_there_is() {
    let of = |class, simulated, kept| next(class, &about(simulated, kept)).join("\n");
    assert!(of(CauseClass::App, false, true).contains("`cc-ci shell r1`"));
    assert!(of(CauseClass::App, false, false).contains("--keep on-failure"));
    assert!(of(CauseClass::Recipe, true, false).contains("--seed"));
    assert!(of(CauseClass::Suite, true, false).contains("-- custom_html::custom`"));
    assert!(of(CauseClass::Suite, false, true).contains("CCCI_RUN="));
    assert!(of(CauseClass::Harness, true, false).contains("--platform swarm"));
    assert!(of(CauseClass::Harness, false, false).contains("cc-ci doctor"));
    assert!(of(CauseClass::App, false, false).contains("log above"));
    let silent = About { has_log: false, ..about(false, false) };
    assert!(!next(CauseClass::App, &silent).join("\n").contains("log above"), "there is none");
}
