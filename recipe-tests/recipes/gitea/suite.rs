//! Gitea with MariaDB: what is pushed is what is cloned, issues and what is attached stay, and nobody sees or writes what
//! is not theirs, through all tiers.

mod git;

#[path = "suite/browser.rs"]
mod browser;
#[path = "suite/doors.rs"]
mod doors;
#[path = "suite/hooks.rs"]
mod hooks;
#[path = "suite/issues.rs"]
mod issues;
#[path = "suite/people.rs"]
mod people;
#[path = "suite/provide.rs"]
mod provide;
#[path = "suite/pulls.rs"]
mod pulls;
#[path = "suite/repositories.rs"]
mod repositories;
#[path = "suite/restore.rs"]
mod restore;
#[path = "suite/server.rs"]
mod server;
#[path = "suite/sso.rs"]
mod sso;
#[path = "suite/upgrade.rs"]
mod upgrade;
#[path = "suite/visits.rs"]
mod visits;
#[path = "suite/wire.rs"]
mod wire;

use std::time::Duration;

use recipe_tests::{Suite, Tier};

/// Passwords are hashed slowly on purpose, on a machine that may be busy.
const LIMIT: Duration = Duration::from_secs(180);

/// Returns what is asked of Gitea beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .limit(LIMIT)
        .provide(provide::KEYS, provide::for_app)
        .check(Tier::Install, "database_is_there", server::database_is_there)
        .seed(Tier::Upgrade, "repository", upgrade::plant)
        .seed(Tier::Upgrade, "identity_provider", sso::plant)
        .needs(sso::PROVIDER)
        .check(Tier::Upgrade, "says_its_version", server::says_its_version)
        .check(Tier::Upgrade, "repository_survives", upgrade::repository_survives)
        .check(Tier::Upgrade, "private_one_stays_private", upgrade::private_one_stays_private)
        .check(Tier::Upgrade, "issue_survives", upgrade::issue_survives)
        .check(Tier::Upgrade, "token_survives", upgrade::token_survives)
        .check(Tier::Upgrade, "person_can_still_log_in", upgrade::person_can_still_log_in)
        .check(Tier::Upgrade, "signing_key_survives", upgrade::signing_key_survives)
        .check(Tier::Upgrade, "row_survives", upgrade::row_survives)
        .check(Tier::Upgrade, "provider_is_still_believed", sso::is_the_same_person)
        .needs(sso::PROVIDER)
        .seed(Tier::Backup, "repositories", restore::plant)
        .seed(Tier::Backup, "identity_provider", sso::plant)
        .needs(sso::PROVIDER)
        .check(Tier::Backup, "rows_are_in_the_dump", restore::rows_are_in_the_dump)
        .check(Tier::Backup, "commits_are_in_the_backup", restore::commits_are_in_the_backup)
        .seed(Tier::Restore, "other_repositories", restore::diverge)
        .check(Tier::Restore, "changed_repository_is_original", restore::changed_is_original)
        .check(Tier::Restore, "deleted_repository_is_back", restore::deleted_is_back)
        .check(Tier::Restore, "later_repository_is_gone", restore::later_is_gone)
        .check(Tier::Restore, "changed_issue_is_original", restore::issue_is_original)
        .check(Tier::Restore, "changed_password_is_original", restore::password_is_original)
        .check(Tier::Restore, "row_is_original", restore::row_is_original)
        .check(Tier::Restore, "older_repository_is_there", restore::older_is_there)
        .check(Tier::Restore, "provider_is_believed_again", sso::is_the_same_person)
        .needs(sso::PROVIDER)
        .seed(Tier::Custom, "work", visits::plant)
        .seed(Tier::Custom, "identity_provider", sso::plant)
        .needs(sso::PROVIDER)
        .check(Tier::Custom, "pushed_commit_is_cloned", visits::pushed_commit_is_cloned)
        .check(Tier::Custom, "file_is_read_and_written", visits::file_is_read_and_written)
        .check(Tier::Custom, "tag_is_listed", visits::tag_is_listed)
        .check(Tier::Custom, "issue_has_its_comment", visits::issue_has_its_comment)
        .check(Tier::Custom, "pull_request_is_merged", pulls::is_merged)
        .check(Tier::Custom, "missing_repository_is_giteas_404", visits::missing_is_giteas_404)
        .check(Tier::Custom, "hook_is_delivered_and_signed", hooks::is_delivered_and_signed)
        .check(Tier::Custom, "hooks_keep_to_allowed_hosts", hooks::keep_to_allowed_hosts)
        .check(Tier::Custom, "private_repository_is_hidden", doors::private_is_hidden)
        .check(Tier::Custom, "wrong_password_is_refused", doors::wrong_password_is_refused)
        .check(Tier::Custom, "login_needs_the_password", doors::login_needs_the_password)
        .check(Tier::Custom, "narrow_token_is_refused", doors::narrow_token_is_refused)
        .check(Tier::Custom, "strangers_write_nothing", doors::strangers_write_nothing)
        .check(Tier::Custom, "registration_is_closed", doors::registration_is_closed)
        .check(Tier::Custom, "admin_api_needs_an_administrator", doors::admin_api_needs_one)
        .check(Tier::Custom, "provider_logs_in", sso::is_the_same_person)
        .needs(sso::PROVIDER)
        .check(Tier::Custom, "provider_lets_nobody_else_in", sso::others_are_refused)
        .needs(sso::PROVIDER)
        .check(Tier::Custom, "provider_logs_in_in_a_browser", sso::person_logs_in_in_a_browser)
        .check(Tier::Custom, "repository_is_shown_in_a_browser", browser::repository_is_shown)
        .check(Tier::Custom, "person_signs_in_in_a_browser", browser::person_signs_in)
}
