//! The suites of all folders under `recipes/`, as the build found them.

include!(concat!(env!("OUT_DIR"), "/recipes.rs"));
