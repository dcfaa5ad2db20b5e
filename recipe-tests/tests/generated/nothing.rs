//! What is asked of nothing beyond the generic floor.
//!
//! A beginning, made by `cc-ci new` of the recipe's files at 22222222.
//! No custom check yet: the level is 3 at most until there is one.

use recipe_tests::Suite;

/// Returns what is asked of nothing beyond the floor: nothing yet. It has no volume and no database of its own.
pub fn suite() -> Suite {
    Suite::new()
}

// TODO: what does a user of nothing do? Make something as one of them, read it back as another. Added to `suite()`:
//
//         .seed(Tier::Custom, "thing", make_a_thing)
//         .check(Tier::Custom, "thing_is_shown", thing_is_shown)
//
// async fn make_a_thing(ctx: Ctx) -> Check {
//     let name = ctx.unique("thing");
//     // Make it here, through the app itself: `ctx.http()` keeps cookies.
//     ctx.keep("thing", &name)
// }
//
// async fn thing_is_shown(ctx: Ctx) -> Check {
//     let planted: String = ctx.fact("thing")?;
//     // Nothing answers HTTP here: `ctx.exec` asks a client in the container.
//     Ok(())
// }
//
// Then: `cc-ci run --recipe nothing --platform swarm --keep always` once, and `CCCI_RUN=… cargo test -p recipe-tests --
// nothing::custom` as often as it takes. Does the check fail when the app is wrong? See it do so once.
