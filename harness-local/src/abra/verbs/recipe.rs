//! `recipe fetch`, `versions` and `list`.

use harness_core::name::RecipeName;
use serde_json::Value;

use crate::abra::checkout::Checkout;
use crate::abra::cli::{RecipeFetchArgs, RecipeListArgs, RecipeVersionsArgs};
use crate::abra::fatal::Fatal;
use crate::abra::layout::AbraDir;
use crate::abra::run::Abra;

/// Reads the catalogue's list of recipes, if there is one.
pub(super) fn catalogue(dir: &AbraDir) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(dir.catalogue()).ok()?).ok()
}

/// Clones a recipe; one that is there stays as it is unless forced.
pub(in crate::abra) async fn recipe_fetch(
    abra: &mut Abra,
    args: &RecipeFetchArgs,
) -> Result<(), Fatal> {
    let names: Vec<String> = match (&args.recipe, args.all) {
        (Some(name), false) => vec![name.clone()],
        (None, true) => {
            let recipes = catalogue(&abra.settings.dir);
            recipes
                .as_ref()
                .and_then(Value::as_object)
                .map(|map| map.keys().cloned().collect())
                .unwrap_or_default()
        }
        (Some(_), true) | (None, false) => {
            return Err(Fatal::Usage("expected one recipe or --all".to_owned()));
        }
    };
    for name in names {
        let recipe = RecipeName::try_from(name).map_err(|e| Fatal::Usage(e.to_string()))?;
        let dir = abra.settings.dir.recipe(&recipe);
        if dir.exists() && !args.force {
            abra.screen
                .warn(format!("{recipe} is already fetched, pass --force to fetch it again"));
            continue;
        }
        let checkout = Checkout::present(
            &abra.settings.dir,
            &recipe,
            &abra.settings.base,
            abra.global.offline,
        )
        .await?;
        if !abra.global.offline {
            checkout.fetch().await?;
        }
        abra.screen.info(format!("{recipe} fetched"));
    }
    Ok(())
}

/// Lists the versions of the catalogue (not the tags of the clone), one row per service and version.
pub(in crate::abra) fn recipe_versions(
    abra: &mut Abra,
    args: &RecipeVersionsArgs,
) -> Result<(), Fatal> {
    let rows = catalogue(&abra.settings.dir)
        .map(|all| version_rows(&all, &args.recipe))
        .unwrap_or_default();
    if rows.is_empty() {
        return Err(Fatal::Usage(format!("{} has no published versions?", args.recipe)));
    }
    Ok(abra.screen.rows(args.machine, &["version", "service", "image", "tag"], &rows)?)
}

/// Lists the recipes of the catalogue.
pub(in crate::abra) fn recipe_list(abra: &mut Abra, args: &RecipeListArgs) -> Result<(), Fatal> {
    const HEADS: [&str; 8] =
        ["name", "category", "status", "healthcheck", "backups", "email", "tests", "sso"];
    let all = catalogue(&abra.settings.dir).unwrap_or_default();
    let pattern = args.pattern.as_deref().unwrap_or_default();
    let recipes = all.as_object().into_iter().flatten().filter(|(name, _)| name.contains(pattern));
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
            String::new()
        }
    };
    let row = |(name, recipe): (&String, &Value)| {
        let mut row = vec![name.clone(), text(recipe.get("category"))];
        row.extend(
            HEADS[2..].iter().map(|key| text(recipe.get("features").and_then(|f| f.get(key)))),
        );
        row
    };
    let rows: Vec<Vec<String>> = recipes.map(row).collect();
    Ok(abra.screen.rows(args.machine, &HEADS, &rows)?)
}

/// `versions` is an array of objects with one key each, oldest first; the table has the newest first.
fn version_rows(catalogue: &Value, recipe: &str) -> Vec<Vec<String>> {
    let versions = catalogue.get(recipe).and_then(|r| r.get("versions")).and_then(Value::as_array);
    let mut rows = Vec::new();
    for (version, services) in
        versions.into_iter().flatten().rev().filter_map(Value::as_object).flatten()
    {
        for (service, facts) in services.as_object().into_iter().flatten() {
            let text =
                |key: &str| facts.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            rows.push(vec![version.clone(), service.clone(), text("image"), text("tag")]);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_of_each_version_is_a_row_newest_first() {
        let catalogue: Value = serde_json::from_str(
            r#"{"gitea":{"versions":[{"1.0.0+1.14.3":{"app":{"image":"gitea/gitea","tag":"1.14.3"}}},
                {"1.1.0+1.15.0":{"app":{"image":"gitea/gitea","tag":"1.15.0"},"db":{"image":"mariadb","tag":"10.6"}}}]}}"#,
        )
        .unwrap();
        let rows = version_rows(&catalogue, "gitea");
        assert_eq!(
            rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
            ["1.1.0+1.15.0", "1.1.0+1.15.0", "1.0.0+1.14.3"]
        );
        assert_eq!(rows[1], ["1.1.0+1.15.0", "db", "mariadb", "10.6"]);
        assert!(version_rows(&catalogue, "other").is_empty());
    }
}
