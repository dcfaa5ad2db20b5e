//! No reading panics, whatever abra prints.

use harness_core::lint::LintStatus;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn every_reading_is_total(text in "\\PC*") {
        parse_generated(&text);
        parse_version(&text);
        parse_snapshots(&text);
        parse_paths(&text);
        fatal_line(&text);
        classify(&text);
        parse_created(&text);
        parse_lint(&text);
    }

    #[test]
    fn no_cut_of_a_failing_lint_is_a_pass(at in 0usize..8000) {
        let text = include_str!("../../fixtures/abra/0.13.0-beta-stand-in/lint_fail.txt");
        let cut: String = text.chars().take(at).collect();
        prop_assert_ne!(parse_lint(&cut).status, LintStatus::Pass);
    }
}
