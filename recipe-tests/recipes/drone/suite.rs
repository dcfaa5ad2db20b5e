//! Drone beside the Gitea that people log in by: where a login leads, who comes back from there, and what of them stays.

#[path = "suite/accounts.rs"]
mod accounts;
#[path = "suite/doors.rs"]
mod doors;
#[path = "suite/logins.rs"]
mod logins;
#[path = "suite/server.rs"]
mod server;
#[path = "suite/upgrade.rs"]
mod upgrade;

use std::time::Duration;

use accounts::PROVIDER;
use recipe_tests::{Suite, Tier};

/// A login goes over the pages of two apps, one of which hashes passwords slowly on purpose, on a machine that may be
/// busy.
const LIMIT: Duration = Duration::from_secs(180);

/// Returns what is asked of Drone beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .limit(LIMIT)
        .check(Tier::Install, "is_healthy_in_its_own_words", server::is_healthy)
        .check(Tier::Install, "page_is_drones", server::page_is_drones)
        .check(Tier::Install, "login_leads_to_its_gitea", logins::leads_to_its_gitea)
        .needs(PROVIDER)
        .seed(Tier::Upgrade, "accounts", upgrade::plant)
        .needs(PROVIDER)
        .check(Tier::Upgrade, "says_its_version", server::says_its_version)
        .check(Tier::Upgrade, "login_still_leads_to_its_gitea", logins::leads_to_its_gitea)
        .needs(PROVIDER)
        .check(Tier::Upgrade, "accounts_survive", upgrade::accounts_survive)
        .needs(PROVIDER)
        .check(Tier::Upgrade, "tokens_survive", upgrade::tokens_survive)
        .needs(PROVIDER)
        .check(Tier::Upgrade, "changed_token_stays_changed", upgrade::changed_token_stays_changed)
        .needs(PROVIDER)
        .seed(Tier::Custom, "token", logins::plant)
        .needs(PROVIDER)
        .check(Tier::Custom, "person_logs_in", logins::person_logs_in)
        .needs(PROVIDER)
        .check(Tier::Custom, "administrator_is_who_the_settings_name", logins::administrator)
        .needs(PROVIDER)
        .check(Tier::Custom, "token_opens_the_account", logins::token_opens_the_account)
        .needs(PROVIDER)
        .check(Tier::Custom, "session_ends", logins::session_ends)
        .needs(PROVIDER)
        .check(Tier::Custom, "wrong_password_ends_at_the_gitea", doors::wrong_password)
        .needs(PROVIDER)
        .check(Tier::Custom, "code_is_good_for_its_own_login_once", doors::code_is_good_once)
        .needs(PROVIDER)
        .check(Tier::Custom, "gitea_leads_back_to_drone_alone", doors::leads_back_alone)
        .needs(PROVIDER)
        .check(Tier::Custom, "strangers_see_nobody", doors::strangers_see_nobody)
        .check(Tier::Custom, "person_administers_nothing", doors::person_administers_nothing)
        .needs(PROVIDER)
        .check(Tier::Custom, "missing_account_is_drones_404", doors::missing_account)
        .needs(PROVIDER)
}
