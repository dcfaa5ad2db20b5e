//! Keycloak with MariaDB: realms, clients, people and their logins, through all tiers.

#[path = "suite/browser.rs"]
mod browser;
#[path = "suite/doors.rs"]
mod doors;
#[path = "suite/grants.rs"]
mod grants;
#[path = "suite/logins.rs"]
mod logins;
#[path = "suite/provide.rs"]
mod provide;
#[path = "suite/restore.rs"]
mod restore;
#[path = "suite/scene.rs"]
mod scene;
#[path = "suite/server.rs"]
mod server;
#[path = "suite/upgrade.rs"]
mod upgrade;

use std::time::Duration;

use recipe_tests::{Suite, Tier};

/// A realm is made within seconds, and a JVM that has just started is slow, on a machine that may be busy.
const LIMIT: Duration = Duration::from_secs(180);

/// Returns what is asked of Keycloak beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .limit(LIMIT)
        .provide(provide::KEYS, provide::for_app)
        .warm(provide::works, provide::take_back)
        .check(Tier::Install, "realm_master_answers", server::realm_master_answers)
        .seed(Tier::Upgrade, "realm", upgrade::plant)
        .check(Tier::Upgrade, "says_its_version", upgrade::says_its_version)
        .check(Tier::Upgrade, "realm_survives", upgrade::realm_survives)
        .check(Tier::Upgrade, "client_survives", upgrade::client_survives)
        .check(Tier::Upgrade, "person_can_still_log_in", upgrade::person_can_still_log_in)
        .check(Tier::Upgrade, "signing_key_survives", upgrade::signing_key_survives)
        .check(Tier::Upgrade, "providers_survive", upgrade::providers_survive)
        .check(Tier::Upgrade, "row_survives", upgrade::row_survives)
        .seed(Tier::Backup, "realms", restore::plant)
        .check(Tier::Backup, "realms_are_in_the_dump", restore::realms_are_in_the_dump)
        .seed(Tier::Restore, "other_realms", restore::diverge)
        .check(Tier::Restore, "deleted_realm_is_back", restore::deleted_realm_is_back)
        .check(Tier::Restore, "people_of_it_log_in", restore::people_of_it_log_in)
        .check(Tier::Restore, "changed_realm_is_original", restore::changed_realm_is_original)
        .check(Tier::Restore, "disabled_person_is_let_in", restore::disabled_person_is_let_in)
        .check(Tier::Restore, "later_realm_is_gone", restore::later_realm_is_gone)
        .check(Tier::Restore, "providers_are_original", restore::providers_are_original)
        .check(Tier::Restore, "row_is_original", restore::row_is_original)
        .seed(Tier::Custom, "realm", grants::plant)
        .check(Tier::Custom, "administrator_gets_a_token", grants::administrator_gets_a_token)
        .check(Tier::Custom, "person_gets_tokens", grants::person_gets_tokens)
        .check(Tier::Custom, "client_gets_a_token_of_its_own", grants::client_gets_its_own)
        .check(Tier::Custom, "deleted_client_is_unknown", grants::deleted_client_is_unknown)
        .check(Tier::Custom, "session_ends", grants::session_ends)
        .check(Tier::Custom, "wrong_passwords_are_refused", doors::wrong_passwords_are_refused)
        .check(Tier::Custom, "disabled_person_is_refused", doors::disabled_person_is_refused)
        .check(Tier::Custom, "unfinished_person_is_refused", doors::unfinished_person_is_refused)
        .check(Tier::Custom, "wrong_secret_is_refused", doors::wrong_secret_is_refused)
        .check(
            Tier::Custom,
            "admin_api_needs_an_administrator",
            doors::admin_api_needs_an_administrator,
        )
        .check(
            Tier::Custom,
            "realms_do_not_believe_each_other",
            doors::realms_do_not_believe_each_other,
        )
        .check(
            Tier::Custom,
            "missing_realm_is_keycloaks_404",
            doors::missing_realm_is_keycloaks_404,
        )
        .check(Tier::Custom, "person_logs_in_over_the_pages", logins::person_logs_in)
        .check(Tier::Custom, "pages_refuse_by_name", logins::pages_refuse_by_name)
        .check(Tier::Custom, "console_is_served", logins::console_is_served)
        .check(Tier::Custom, "person_logs_in_in_a_browser", browser::person_logs_in)
}
