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
        .check(Tier::Upgrade, "says_its_version", says_its_version)
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
    ensure_eq!(answer.media_type().unwrap_or_default(), "text/html", "its media type");
    ensure!(
        answer.text().contains("A page with people"),
        expected: "the front page".to_owned(),
        seen: answer.summary(),
    );
    Ok(())
}

/// What answers after the upgrade is of the version that head's image is called by.
async fn says_its_version(ctx: Ctx) -> Check {
    let upgrade = ctx.run().upgrade.as_ref();
    let after = upgrade.and_then(|u| u.after.services.iter().find(|s| s.name.as_str() == "app"));
    let image = after.map(|service| service.image.clone()).unwrap_or_default();
    let tag = image.split('@').next().and_then(|name| name.rsplit_once(':'));
    let version = tag.map(|(_, tag)| tag.to_owned()).unwrap_or_default();
    ensure!(!version.is_empty(), expected: "an image with a tag".to_owned(), seen: image);
    let answer = ctx.get("/version.txt").await?;
    ensure_eq!(answer.status, 200, "the status of the version");
    ensure_eq!(answer.media_type().unwrap_or_default(), "text/plain", "its media type");
    ensure_eq!(answer.text().trim(), version, "the version that answers");
    Ok(())
}
