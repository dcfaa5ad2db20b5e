//! What is asked of everything beyond the generic floor.
//!
//! A beginning, made by `cc-ci new` of the recipe's files at 1.0.0+2, 22222222.
//! No custom check yet: the level is 3 at most until there is one.
//! Service `cache` is Redis: does it keep what must not be lost, or a cache?

use recipe_tests::{Check, Ctx, Failure, Sql, Suite, Tier, ensure_eq};

/// Something that is planted in a volume or a database.
struct Marker {
    name: &'static str,
    /// Whether the recipe's labels put it into the backup.
    backed_up: bool,
    place: Place,
}

/// Where it is planted.
enum Place {
    /// In a file of a service's volume.
    File { service: &'static str, path: &'static str },
    /// In a row of a table of our own.
    Row { database: fn() -> Sql },
}

/// One for each volume and each database.
static MARKERS: [Marker; 4] = [
    Marker {
        name: "volume_data",
        backed_up: true,
        place: Place::File { service: "app", path: "/srv/data/ccci-suite.txt" },
    },
    Marker {
        name: "volume_a_volume_with_a_name_that_is_longer_than_most_of_them_are",
        backed_up: false,
        place: Place::File {
            service: "app",
            path: "/srv/a-volume-with-a-name-that-is-longer-than-most-of-them-are/ccci-suite.txt",
        },
    },
    Marker {
        name: "database_db",
        backed_up: true,
        place: Place::Row { database: || Sql::mysql("db") },
    },
    Marker {
        name: "database_postgres",
        backed_up: true,
        place: Place::Row { database: || Sql::postgres("postgres") },
    },
];

/// Returns what is asked of everything beyond the floor.
pub fn suite() -> Suite {
    MARKERS.iter().fold(Suite::new(), marked)
}

/// Adds what is asked of a marker: it outlives the upgrade, and comes back from the backup over what was put in its
/// place.
fn marked(suite: Suite, marker: &'static Marker) -> Suite {
    let survives = format!("{}_survives", marker.name);
    let suite = suite.seed(Tier::Upgrade, marker.name, move |ctx| plant(ctx, marker)).check(
        Tier::Upgrade,
        &survives,
        move |ctx| holds(ctx, marker),
    );
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

async fn write(ctx: &Ctx, marker: &Marker, text: &str) -> Check {
    match &marker.place {
        Place::File { service, path } => ctx.write_file(service, path, text.as_bytes()).await,
        Place::Row { database } => ctx.plant_row(&database(), marker.name, text).await,
    }
}

async fn read(ctx: &Ctx, marker: &Marker) -> Result<String, Failure> {
    match &marker.place {
        Place::File { service, path } => {
            let bytes = ctx.read_file(service, path).await?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Place::Row { database } => {
            let row = ctx.planted_row(&database(), marker.name).await?;
            Ok(row.unwrap_or_else(|| "no row".to_owned()))
        }
    }
}

// TODO: what does a user of everything do? Make something as one of them, read it back as another. Added to `suite()`:
//
//         .seed(Tier::Custom, "thing", make_a_thing)
//         .check(Tier::Custom, "thing_is_shown", thing_is_shown)
//
// async fn make_a_thing(ctx: Ctx) -> Check {
//     let name = ctx.unique("thing");
//     // Make it here, through the app itself: `ctx.http()` keeps cookies.
//     ctx.keep("thing", &name)
// }
//
// async fn thing_is_shown(ctx: Ctx) -> Check {
//     let planted: String = ctx.fact("thing")?;
//     let answer = ctx.get("/api/health").await?;
//     ensure_eq!(answer.status, 200, "the status of /api/health");
//     ensure!(answer.text().contains(&planted), expected: "the page", seen: answer.summary());
//     Ok(())
// }
//
// Then: `cc-ci run --recipe everything --platform swarm --keep always` once, and `CCCI_RUN=… cargo test -p recipe-tests --
// everything::custom` as often as it takes. Does the check fail when the app is wrong? See it do so once.
