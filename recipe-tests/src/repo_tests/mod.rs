//! Tests that live in the recipe's own repository, as checks of the custom tier. The run file brings them: what of the
//! repository is run was decided before anything was made. Main function: [`steps`].

mod hurl;
mod jar;
mod request;
mod script;
mod steps;

pub(crate) use steps::steps;
