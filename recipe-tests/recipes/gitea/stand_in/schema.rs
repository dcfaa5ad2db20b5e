//! The tables, and the changes that each version makes of them.

use super::database::{Unanswered, digest};
use super::{DATA, Gitea};
use crate::world::Inside;

/// The changes that the tables of two versions have behind them, and the length of a row for each minor version.
const OF_1_25: u64 = 323;
const OF_1_26: u64 = 331;
const EACH: u64 = 8;

/// The tables that it makes, as far as they are played; the names are Gitea's own.
const TABLES: &str = "CREATE TABLE `user` (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, lower_name varchar(255), name varchar(255), email varchar(255), passwd varchar(255), is_admin tinyint(1));
    CREATE TABLE login_source (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(255), client_id text, client_secret text, scopes text, discovery text);
    CREATE TABLE external_login_user (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id bigint, login_source_id bigint, external_id varchar(255));
    CREATE TABLE oauth2_application (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, uid bigint, name varchar(255), client_id varchar(255), client_secret varchar(255), confidential_client tinyint(1), redirect_uris text, created_unix bigint);
    CREATE TABLE oauth2_grant (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id bigint, application_id bigint, scope text);
    CREATE TABLE oauth2_authorization_code (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, grant_id bigint, code varchar(255), code_challenge varchar(255), code_challenge_method varchar(255), redirect_uri varchar(255), valid_until bigint);
    CREATE TABLE access_token (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, uid bigint, name varchar(255), token_hash varchar(255), scope varchar(255));
    CREATE TABLE repository (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, owner_id bigint, owner_name varchar(255), lower_name varchar(255), name varchar(255), is_private tinyint(1), default_branch varchar(255));
    CREATE TABLE issue (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, repo_id bigint, number bigint, poster varchar(255), name varchar(255), content longtext, is_closed tinyint(1));
    CREATE TABLE pull_request (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, issue_id bigint, head_branch varchar(255), base_branch varchar(255), has_merged tinyint(1), merged_by varchar(255), merged_commit varchar(64));
    CREATE TABLE comment (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, issue_id bigint, poster varchar(255), content longtext);
    CREATE TABLE attachment (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid varchar(40), repo_id bigint, issue_id bigint, name varchar(255));
    CREATE TABLE webhook (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, repo_id bigint, url text, secret text, events text, header_authorization text);
    CREATE TABLE hook_task (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, hook_id bigint, uuid varchar(255), payload_content longtext, event_type varchar(255), is_delivered tinyint(1), is_succeed tinyint(1), request_content longtext, response_content longtext)";

impl Gitea {
    /// Returns how many changes the tables of this version have behind them.
    pub(super) fn changes(&self) -> u64 {
        match self.minor() {
            25 => OF_1_25,
            minor @ 26.. => OF_1_26 + (minor - 26) * EACH,
            minor => OF_1_25.saturating_sub((25 - minor) * EACH),
        }
    }

    /// Returns the second number of its version.
    pub(super) fn minor(&self) -> u64 {
        let mut numbers = self.version.split('.').map(|n| n.parse::<u64>().unwrap_or(0));
        numbers.nth(1).unwrap_or(0)
    }

    /// Returns how many changes the tables have behind them; none where there are none yet.
    pub(super) fn done(&self, inside: &mut Inside<'_>) -> Result<u64, Unanswered> {
        let sql = "CREATE TABLE IF NOT EXISTS version (id bigint NOT NULL PRIMARY KEY, version bigint); SELECT version FROM version WHERE id = 1";
        Ok(self.first(inside, sql)?.and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    /// Makes the tables or brings them up to date, and makes the key that its tokens are signed with.
    pub(super) fn migrate(&self, inside: &mut Inside<'_>) -> Result<(), Unanswered> {
        let (done, wanted) = (self.done(inside)?, self.changes());
        if done == 0 {
            let sql = format!("{TABLES}; INSERT INTO version VALUES (1, {wanted})");
            self.ask(inside, &sql)?;
        } else if done < wanted {
            let sql = format!("UPDATE version SET version = {wanted} WHERE id = 1");
            self.ask(inside, &sql)?;
        }
        let key = format!("{DATA}/jwt/private.pem");
        if inside.read(&key).is_none() {
            let drawn = digest(&format!("{} {}", inside.now, Self::url(inside)));
            let pem = format!("-----BEGIN PRIVATE KEY-----\n{drawn}\n-----END PRIVATE KEY-----\n");
            let written = inside.write_new(&key, pem.into_bytes());
            debug_assert!(written.is_ok(), "the volume of data can be written");
        }
        Ok(())
    }
}
