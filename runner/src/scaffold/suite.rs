//! The text of `suite.rs`.

use harness_core::store::Product;

use super::proposal::Proposal;

/// The file that is planted in a volume.
const FILE: &str = "ccci-suite.txt";

/// What is planted somewhere, as the suite lists it.
struct Marker {
    name: String,
    backed_up: bool,
    place: Place,
}

enum Place {
    File { service: String, path: String },
    Row { product: &'static str, service: String },
}

/// Returns `suite.rs`: a marker for each volume and each database with tables, and no custom check.
pub(super) fn text(proposal: &Proposal) -> String {
    let markers = markers(proposal);
    let mut text = head(proposal, &markers);
    if markers.is_empty() {
        text.push_str(&nothing_to_mark(proposal));
    } else {
        text.push_str(&table(&markers));
        text.push_str(&suite(proposal));
        text.push_str(MARKED);
        text.push_str(&places(&markers));
    }
    text.push_str(&custom(proposal));
    text
}

fn markers(proposal: &Proposal) -> Vec<Marker> {
    let files = proposal.volumes.iter().map(|volume| Marker {
        name: format!("volume_{}", volume.name),
        backed_up: volume.backed_up,
        place: Place::File {
            service: volume.service.clone(),
            path: format!("{}/{FILE}", volume.path),
        },
    });
    let rows = proposal.databases.iter().filter_map(|database| {
        let product = match database.product {
            Product::Postgres => "postgres",
            Product::MySql | Product::MariaDb => "mysql",
            Product::Files
            | Product::Sqlite
            | Product::Redis
            | Product::MongoDb
            | Product::ClickHouse
            | Product::S3 => return None,
        };
        Some(Marker {
            name: format!("database_{}", database.name),
            backed_up: database.backed_up,
            place: Place::Row { product, service: database.service.clone() },
        })
    });
    files.chain(rows).collect()
}

fn has_files(markers: &[Marker]) -> bool {
    markers.iter().any(|m| matches!(m.place, Place::File { .. }))
}

fn has_rows(markers: &[Marker]) -> bool {
    markers.iter().any(|m| matches!(m.place, Place::Row { .. }))
}

fn head(proposal: &Proposal, markers: &[Marker]) -> String {
    let recipe = &proposal.recipe;
    let version = proposal.version.as_ref().map(|v| format!("{v}, ")).unwrap_or_default();
    let commit = proposal.commit.short();
    let mut lines = vec![
        format!("//! What is asked of {recipe} beyond the generic floor."),
        "//!".to_owned(),
        format!("//! A beginning, made by `cc-ci new` of the recipe's files at {version}{commit}."),
        "//! No custom check yet: the level is 3 at most until there is one.".to_owned(),
    ];
    for database in proposal.databases.iter().filter(|d| !d.product.is_sql_server()) {
        let (service, product) = (&database.service, database.product);
        lines.push(format!(
            "//! Service `{service}` is {product}: does it keep what must not be lost, or a cache?"
        ));
    }
    lines.push(String::new());
    let mut uses = vec!["Suite"];
    if !markers.is_empty() {
        uses.extend(["Check", "Ctx", "Failure", "Tier", "ensure_eq"]);
    }
    if has_rows(markers) {
        uses.push("Sql");
    }
    // As rustfmt sorts them: types before macros.
    uses.sort_by_key(|name| (name.starts_with(|c: char| c.is_ascii_lowercase()), *name));
    lines.push(match uses.as_slice() {
        [one] => format!("use recipe_tests::{one};"),
        several => format!("use recipe_tests::{{{}}};", several.join(", ")),
    });
    lines.join("\n") + "\n"
}

fn nothing_to_mark(proposal: &Proposal) -> String {
    let recipe = &proposal.recipe;
    format!(
        "
/// Returns what is asked of {recipe} beyond the floor: nothing yet. It has no volume and no database of its own.
pub fn suite() -> Suite {{
    Suite::new()
}}
"
    )
}

fn table(markers: &[Marker]) -> String {
    let mut text = "
/// Something that is planted in a volume or a database.
struct Marker {
    name: &'static str,
    /// Whether the recipe's labels put it into the backup.
    backed_up: bool,
    place: Place,
}

/// Where it is planted.
enum Place {
"
    .to_owned();
    if has_files(markers) {
        text.push_str("    /// In a file of a service's volume.\n    File { service: &'static str, path: &'static str },\n");
    }
    if has_rows(markers) {
        text.push_str(
            "    /// In a row of a table of our own.\n    Row { database: fn() -> Sql },\n",
        );
    }
    let rows: String = markers.iter().map(row).collect();
    let count = markers.len();
    let list = format!("static MARKERS: [Marker; {count}] = [\n{rows}];\n");
    [&text, "}\n\n/// One for each volume and each database.\n", &list].concat()
}

fn row(marker: &Marker) -> String {
    let Marker { name, backed_up, place } = marker;
    let place = match place {
        Place::File { service, path } => {
            format!("Place::File {{ service: {service:?}, path: {path:?} }}")
        }
        Place::Row { product, service } => {
            format!("Place::Row {{ database: || Sql::{product}({service:?}) }}")
        }
    };
    format!(
        "    Marker {{\n        name: {name:?},\n        backed_up: {backed_up},\n        place: {place},\n    }},\n"
    )
}

fn suite(proposal: &Proposal) -> String {
    format!(
        "
/// Returns what is asked of {} beyond the floor.
pub fn suite() -> Suite {{
    MARKERS.iter().fold(Suite::new(), marked)
}}
",
        proposal.recipe
    )
}

const MARKED: &str = r#"
/// Adds what is asked of a marker: it outlives the upgrade, and comes back from the backup over what was put in its
/// place.
fn marked(suite: Suite, marker: &'static Marker) -> Suite {
    let survives = format!("{}_survives", marker.name);
    let suite = suite
        .seed(Tier::Upgrade, marker.name, move |ctx| plant(ctx, marker))
        .check(Tier::Upgrade, &survives, move |ctx| holds(ctx, marker));
    if !marker.backed_up {
        return suite;
    }
    let is_back = format!("{}_is_back", marker.name);
    suite
        .seed(Tier::Backup, marker.name, move |ctx| plant(ctx, marker))
        .seed(Tier::Restore, marker.name, move |ctx| replace(ctx, marker))
        .check(Tier::Restore, &is_back, move |ctx| holds(ctx, marker))
}

async fn plant(ctx: Ctx, marker: &Marker) -> Check {
    let text = ctx.unique("planted");
    write(&ctx, marker, &text).await?;
    ctx.keep(marker.name, &text)
}

async fn replace(ctx: Ctx, marker: &Marker) -> Check {
    let text = ctx.unique("put-in-its-place");
    write(&ctx, marker, &text).await?;
    // Proof that it is different now: otherwise finding the planted one again proves nothing.
    ensure_eq!(read(&ctx, marker).await?, text, "what was put in the place of {}", marker.name);
    Ok(())
}

async fn holds(ctx: Ctx, marker: &Marker) -> Check {
    let planted: String = ctx.fact(marker.name)?;
    ensure_eq!(read(&ctx, marker).await?, planted, "what was planted as {}", marker.name);
    Ok(())
}
"#;

fn places(markers: &[Marker]) -> String {
    let (mut write, mut read) = (String::new(), String::new());
    if has_files(markers) {
        write.push_str("        Place::File { service, path } => ctx.write_file(service, path, text.as_bytes()).await,\n");
        read.push_str("        Place::File { service, path } => {\n            let bytes = ctx.read_file(service, path).await?;\n            Ok(String::from_utf8_lossy(&bytes).into_owned())\n        }\n");
    }
    if has_rows(markers) {
        write.push_str("        Place::Row { database } => ctx.plant_row(&database(), marker.name, text).await,\n");
        read.push_str("        Place::Row { database } => {\n            let row = ctx.planted_row(&database(), marker.name).await?;\n            Ok(row.unwrap_or_else(|| \"no row\".to_owned()))\n        }\n");
    }
    format!(
        "
async fn write(ctx: &Ctx, marker: &Marker, text: &str) -> Check {{
    match &marker.place {{
{write}    }}
}}

async fn read(ctx: &Ctx, marker: &Marker) -> Result<String, Failure> {{
    match &marker.place {{
{read}    }}
}}
"
    )
}

/// The custom check that only somebody who knows the app can write: how it is done, as a comment.
fn custom(proposal: &Proposal) -> String {
    let path = proposal.health.as_deref().unwrap_or("/");
    let how = if proposal.routed.is_some() {
        format!(
            "//     let answer = ctx.get({path:?}).await?;
//     ensure_eq!(answer.status, 200, \"the status of {path}\");
//     ensure!(answer.text().contains(&planted), expected: \"the page\", seen: answer.summary());"
        )
    } else {
        "//     // Nothing answers HTTP here: `ctx.exec` asks a client in the container.".to_owned()
    };
    format!(
        "
// TODO: what does a user of {} do? Make something as one of them, read it back as another. Added to `suite()`:
//
//         .seed(Tier::Custom, \"thing\", make_a_thing)
//         .check(Tier::Custom, \"thing_is_shown\", thing_is_shown)
//
// async fn make_a_thing(ctx: Ctx) -> Check {{
//     let name = ctx.unique(\"thing\");
//     // Make it here, through the app itself: `ctx.http()` keeps cookies.
//     ctx.keep(\"thing\", &name)
// }}
//
// async fn thing_is_shown(ctx: Ctx) -> Check {{
//     let planted: String = ctx.fact(\"thing\")?;
{how}
//     Ok(())
// }}
//
// Then: `cc-ci run --recipe {0} --platform swarm --keep always` once, and `CCCI_RUN=… cargo test -p recipe-tests --
// {1}::custom` as often as it takes. Does the check fail when the app is wrong? See it do so once.
",
        proposal.recipe,
        proposal.recipe.as_str().replace('-', "_"),
    )
}
