//! Ghost with MySQL or MariaDB: what its owner writes is what everyone reads, through all tiers.

#[path = "suite/browser.rs"]
mod browser;
#[path = "suite/owner.rs"]
mod owner;
#[path = "suite/posts.rs"]
mod posts;
#[path = "suite/restore.rs"]
mod restore;
#[path = "suite/upgrade.rs"]
mod upgrade;
#[path = "suite/visits.rs"]
mod visits;

use std::time::Duration;

use recipe_tests::{Suite, Tier};

/// A first password is hashed and a first post rendered, on a machine that may be busy.
const LIMIT: Duration = Duration::from_secs(120);

/// Returns what is asked of Ghost beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .limit(LIMIT)
        .seed(Tier::Upgrade, "blog", upgrade::plant)
        .check(Tier::Upgrade, "says_its_version", upgrade::says_its_version)
        .check(Tier::Upgrade, "title_survives", owner::title_is_kept)
        .check(Tier::Upgrade, "post_survives", upgrade::post_survives)
        .check(Tier::Upgrade, "owner_can_still_log_in", upgrade::owner_can_still_log_in)
        .check(Tier::Upgrade, "upload_survives", upgrade::upload_survives)
        .check(Tier::Upgrade, "row_survives", upgrade::row_survives)
        .seed(Tier::Backup, "posts", restore::plant)
        .check(Tier::Backup, "posts_are_in_the_dump", restore::posts_are_in_the_dump)
        .seed(Tier::Restore, "other_posts", restore::diverge)
        .check(Tier::Restore, "title_is_original", owner::title_is_kept)
        .check(Tier::Restore, "row_is_original", restore::row_is_original)
        .check(Tier::Restore, "changed_post_is_original", restore::changed_post_is_original)
        .check(Tier::Restore, "deleted_post_is_back", restore::deleted_post_is_back)
        .check(Tier::Restore, "later_post_is_gone", restore::later_post_is_gone)
        .check(Tier::Restore, "owner_sees_the_original", restore::owner_sees_the_original)
        .seed(Tier::Custom, "posts", visits::plant)
        .check(Tier::Custom, "post_is_read_by_anyone", visits::post_is_read_by_anyone)
        .check(Tier::Custom, "draft_is_private", visits::draft_is_private)
        .check(Tier::Custom, "login_needs_the_password", visits::login_needs_the_password)
        .check(Tier::Custom, "admin_api_needs_a_session", visits::admin_api_needs_a_session)
        .check(Tier::Custom, "content_api_answers", visits::content_api_answers)
        .check(Tier::Custom, "post_is_shown_in_a_browser", browser::post_is_shown)
        .check(Tier::Custom, "owner_signs_in_in_a_browser", browser::owner_signs_in)
        .check(Tier::Custom, "feed_lists_the_post", visits::feed_lists_the_post)
        .check(Tier::Custom, "missing_page_is_ghosts_404", visits::missing_page_is_ghosts_404)
}
