//! Whole files against an app that answers in this process.

use super::uuid;

#[test]
fn a_uuid_looks_like_one() {
    let made = uuid("-0123456789abcdef0123456789abcdef");
    assert_eq!(made, "01234567-89ab-4def-8123-456789abcdef");
}
