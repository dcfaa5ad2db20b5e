//! The upgrade: whoever had an account with the release before has it with the head, by its number, and so has who
//! shows its token.

use recipe_tests::{Check, Ctx, Failure, Secret, ensure, ensure_eq};

use super::accounts::{Account, Who, account, by_token, log_in, token};
use super::server::refused;

const PEOPLE: [(Who, &str); 2] = [(Who::Admin, "admin"), (Who::Person, "person")];

/// Logs both in for the first time, which makes the person's account, and changes their tokens.
pub(super) async fn plant(ctx: Ctx) -> Check {
    for (who, key) in PEOPLE {
        let visitor = log_in(&ctx, who).await?;
        let before = token(&ctx, &visitor, false).await?;
        let after = token(&ctx, &visitor, true).await?;
        ensure!(before != after, expected: "another token", seen: "the same");
        ctx.keep(&format!("drone.upgrade.{key}.before"), &before.expose())?;
        ctx.keep(&format!("drone.upgrade.{key}.token"), &after.expose())?;
        ctx.keep(&format!("drone.upgrade.{key}"), &account(&visitor).await?)?;
    }
    Ok(())
}

fn secret(ctx: &Ctx, key: &str, what: &str) -> Result<Secret, Failure> {
    ctx.secret(ctx.fact::<String>(&format!("drone.upgrade.{key}.{what}"))?)
}

/// Who logs in again is who they were.
pub(super) async fn accounts_survive(ctx: Ctx) -> Check {
    for (who, key) in PEOPLE {
        let before: Account = ctx.fact(&format!("drone.upgrade.{key}"))?;
        let seen = account(&log_in(&ctx, who).await?).await?;
        ensure_eq!(seen, before, "the account of the {key}");
    }
    Ok(())
}

/// Without a login: nothing that the Gitea says now makes it so.
pub(super) async fn tokens_survive(ctx: Ctx) -> Check {
    for (_, key) in PEOPLE {
        let before: Account = ctx.fact(&format!("drone.upgrade.{key}"))?;
        let seen = account(&by_token(&ctx, &secret(&ctx, key, "token")?)?).await?;
        ensure_eq!(seen, before, "the account that the token of the {key} opens");
    }
    Ok(())
}

pub(super) async fn changed_token_stays_changed(ctx: Ctx) -> Check {
    for (_, key) in PEOPLE {
        let answer = by_token(&ctx, &secret(&ctx, key, "before")?)?.get("/api/user").await?;
        refused(&answer, 401, &format!("the first token of the {key}"))?;
    }
    Ok(())
}
