//! A page that people sign in to by an identity provider: who Keycloak lets in is who the page says it is, and nobody
//! else is let in.

#[path = "suite/strangers.rs"]
mod strangers;
#[path = "suite/visits.rs"]
mod visits;

use recipe_tests::{Check, Ctx, Suite, Tier, ensure, ensure_eq};

/// The recipe that people sign in by.
const PROVIDER: &str = "keycloak";

/// Returns what is asked of the page beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .check(Tier::Install, "front_page_is_for_everyone", front_page_is_for_everyone)
        .seed(Tier::Upgrade, "person", visits::plant)
        .needs(PROVIDER)
        .check(Tier::Upgrade, "person_can_still_sign_in", visits::person_signs_in)
        .needs(PROVIDER)
        .check(Tier::Custom, "person_signs_in", visits::person_signs_in)
        .needs(PROVIDER)
        .check(Tier::Custom, "sign_in_leads_to_the_provider", strangers::are_sent_to_the_provider)
        .needs(PROVIDER)
        .check(Tier::Custom, "wrong_password_lets_nobody_in", strangers::wrong_password)
        .needs(PROVIDER)
        .check(Tier::Custom, "disabled_person_is_not_let_in", strangers::disabled_person)
        .needs(PROVIDER)
        .check(Tier::Custom, "forged_way_back_lets_nobody_in", strangers::forged_way_back)
        .needs(PROVIDER)
        .check(Tier::Custom, "person_signs_in_in_a_browser", visits::person_signs_in_in_a_browser)
}

async fn front_page_is_for_everyone(ctx: Ctx) -> Check {
    let answer = ctx.get("/").await?;
    ensure_eq!(answer.status, 200, "the status of the front page");
    ensure!(
        answer.text().contains("A page with people"),
        expected: "the front page".to_owned(),
        seen: answer.summary(),
    );
    Ok(())
}
