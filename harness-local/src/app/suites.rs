//! The stand-ins that suites bring, each in its own folder.

include!(concat!(env!("OUT_DIR"), "/stand_ins.rs"));

#[cfg(test)]
pub(super) mod fixture {
    include!(concat!(env!("OUT_DIR"), "/stand_ins_of_fixture.rs"));
}
