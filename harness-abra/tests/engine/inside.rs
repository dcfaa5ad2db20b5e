//! Commands and files inside containers, also where there is no shell.

use std::time::{Duration, Instant};

use bollard::query_parameters::{CreateImageOptionsBuilder, RemoveImageOptions};
use camino::Utf8Path;
use futures_util::TryStreamExt;
use harness_abra::Attached;
use harness_abra::engine::{ExecError, FileError, Seen, SeenFile, Stopping};
use serde_json::json;

use crate::world::{DOCKER_HOST, World, service};

fn attached(world: &World) -> Attached {
    Attached::new(DOCKER_HOST, "127.0.0.1:18443".parse().unwrap(), None, world.app.clone())
}

#[tokio::test]
async fn a_command_gives_its_output_and_its_true_exit_code() {
    World::run("00bb01", async |world| {
        world.service("app", json!({}), json!({})).await;
        world.converge(&["app"], 60).await.unwrap();
        let began = Instant::now();
        let attached = attached(world);
        assert!(began.elapsed() < Duration::from_millis(5));
        let app = service("app");
        let output = attached.exec(&app, &["sh", "-c", "echo out; echo err >&2"]).await.unwrap();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
        let error = attached.exec(&app, &["sh", "-c", "echo why; exit 3"]).await.unwrap_err();
        let ExecError::Failed { code, output, .. } = &error else { panic!("{error}") };
        assert_eq!((*code, output.stdout.as_str()), (3, "why\n"));
        let error = attached.exec(&app, &["no-such-program"]).await.unwrap_err();
        assert!(matches!(error, ExecError::NoProgram { .. }), "{error}");
        let error = attached.exec(&service("none"), &["true"]).await.unwrap_err();
        assert!(matches!(error, ExecError::NotRunning { .. }), "{error}");
        let limit = Duration::from_millis(300);
        let argv = ["sh", "-c", "echo begun; sleep 20"];
        let error = world.engine.exec(world.stack(), &app, &argv, limit).await.unwrap_err();
        let ExecError::TimedOut { output, .. } = &error else { panic!("{error}") };
        assert_eq!(output.stdout, "begun\n");
    })
    .await;
}

#[tokio::test]
async fn files_are_handled_in_a_container_with_a_shell() {
    World::run("00bb02", async |world| {
        world.service("app", json!({}), json!({})).await;
        world.converge(&["app"], 60).await.unwrap();
        let (attached, app) = (attached(world), service("app"));
        let index = Utf8Path::new("/usr/share/nginx/html/index.html");
        assert!(!attached.read_file(&app, index).await.unwrap().is_empty());
        // A link is followed.
        let link = Utf8Path::new("/tmp/link");
        attached
            .exec(&app, &["ln", "-s", "../usr/share/nginx/html/index.html", "/tmp/link"])
            .await
            .unwrap();
        assert!(!attached.read_file(&app, link).await.unwrap().is_empty());
        let error = attached.read_file(&app, Utf8Path::new("/etc")).await.unwrap_err();
        assert!(matches!(error, FileError::NotPlain { .. }), "{error}");
        round_trip(&attached, Utf8Path::new("/tmp")).await;
        listed(&attached, Utf8Path::new("/var/log")).await;
    })
    .await;
}

#[tokio::test]
async fn files_are_handled_in_a_container_without_any_program_but_its_own() {
    World::run("00bb03", async |world| {
        let image = scratch_image(world).await;
        let mounts = json!([{"Type": "volume", "Source": world.full("data"), "Target": "/data"}]);
        let container =
            json!({"Image": image, "Command": ["/sleep", "infinity"], "Mounts": mounts});
        world.volume("data").await;
        world.service("app", json!({"ContainerSpec": container}), json!({})).await;
        world.converge(&["app"], 60).await.unwrap();
        let attached = attached(world);
        let error = attached.exec(&service("app"), &["cat", "/x"]).await.unwrap_err();
        assert!(matches!(error, ExecError::NoProgram { .. }), "{error}");
        round_trip(&attached, Utf8Path::new("/data")).await;
        listed(&attached, Utf8Path::new("/data")).await;
        world
            .engine
            .remove_running(world.stack(), Stopping::AtOnce, Duration::from_secs(30))
            .await
            .unwrap();
        world.docker.remove_image(&image, None::<RemoveImageOptions>, None).await.unwrap();
    })
    .await;
}

/// Writes, replaces, reads and removes a file, and looks for what is not there.
async fn round_trip(attached: &Attached, folder: &Utf8Path) {
    let (app, path) = (service("app"), folder.join("ccci marker"));
    let missing = attached.read_file(&app, &path).await.unwrap_err();
    assert!(matches!(missing, FileError::Missing { .. }), "{missing}");
    attached.write_file(&app, &path, b"mutated, and longer").await.unwrap();
    attached.write_file(&app, &path, b"original\0\n").await.unwrap();
    assert_eq!(attached.read_file(&app, &path).await.unwrap(), b"original\0\n");
    attached.remove_file(&app, &path).await.unwrap();
    attached.remove_file(&app, &path).await.unwrap();
    assert!(matches!(attached.read_file(&app, &path).await, Err(FileError::Missing { .. })));
    let nowhere = folder.join("no/such/folder/x");
    let error = attached.write_file(&app, &nowhere, b"x").await.unwrap_err();
    assert!(matches!(error, FileError::Missing { .. }), "{error}");
    let error = attached.read_file(&service("none"), &path).await.unwrap_err();
    assert!(matches!(error, FileError::NotRunning { .. }), "{error}");
}

/// Lists a folder before and after a file is another, by times and by contents.
async fn listed(attached: &Attached, folder: &Utf8Path) {
    let app = service("app");
    let list = async |seen| {
        let mut files = attached.list_files(&app, folder, seen).await.unwrap();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    };
    for (name, content) in [("a odd\nname", "one"), ("b", "two")] {
        attached.write_file(&app, &folder.join(name), content.as_bytes()).await.unwrap();
    }
    let (times, contents) = (list(Seen::Times).await, list(Seen::Contents).await);
    let of = |files: &[SeenFile]| -> Vec<_> {
        files.iter().map(|f| (f.path.clone(), f.bytes, f.modified)).collect()
    };
    assert_eq!(of(&times), of(&contents));
    assert!(times.iter().all(|f| f.content.is_none()));
    let at = |files: &[SeenFile], name: &str| files.iter().position(|f| f.path == name).unwrap();
    assert_eq!(contents[at(&contents, "a odd\nname")].bytes, 3);
    attached.write_file(&app, &folder.join("b"), b"six").await.unwrap();
    let after = list(Seen::Contents).await;
    let (was, is) = (&contents[at(&contents, "b")], &after[at(&after, "b")]);
    assert!(was.content.is_some() && was.content != is.content, "{was:?} {is:?}");
    let same = |files: &[SeenFile]| files[at(files, "a odd\nname")].content;
    assert_eq!(same(&contents), same(&after));
    let nowhere = folder.join("no/such/folder");
    let error = attached.list_files(&app, &nowhere, Seen::Contents).await.unwrap_err();
    assert!(matches!(error, FileError::Missing { .. }), "{error}");
}

/// Makes an image of nothing but `sleep` and what it is linked against.
async fn scratch_image(world: &World) -> String {
    let mut archive = tar::Builder::new(Vec::new());
    let files = [
        ("/bin/sleep", "sleep"),
        ("/lib64/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2"),
        ("/lib/x86_64-linux-gnu/libc.so.6", "lib/x86_64-linux-gnu/libc.so.6"),
    ];
    for (from, to) in files {
        let from = std::fs::canonicalize(from).unwrap();
        archive.append_path_with_name(from, to).unwrap();
    }
    let archive = archive.into_inner().unwrap();
    let image = "cc-ci-test/scratch";
    let options = CreateImageOptionsBuilder::new().from_src("-").repo(image).tag("local").build();
    let body = bollard::body_full(archive.into());
    world
        .docker
        .create_image(Some(options), Some(body), None)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    format!("{image}:local")
}
