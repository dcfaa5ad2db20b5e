//! Literals for the floor's tests.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use harness_backup::Marker as StoreMarker;
use harness_backup::probe::{self, Contents};
use harness_core::ledger::{Age, Fate};
use harness_core::name::{Commit, Domain, RunId, ServiceName, StackName, Version};
use harness_core::observation::{Observation, ServiceState, Wanted};
use harness_core::platform::Revision;
use harness_core::run_file::DefinedService;
use harness_core::store::{Coverage, Product, Store};

use super::ledger::Met;
use super::markers::{Marker, Planting};
use super::planting::Planted;

pub(crate) fn stack() -> StackName {
    StackName::from(&Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).unwrap())
}

pub(crate) fn name(text: &str) -> ServiceName {
    ServiceName::try_from(text.to_owned()).unwrap()
}

pub(crate) fn revision(commit: &str, version: Option<&str>) -> Revision {
    Revision {
        commit: Commit::try_from(commit.to_owned()).unwrap(),
        version: version.map(|v| Version::try_from(v.to_owned()).unwrap()),
    }
}

pub(crate) fn service(of: &str, image: &str, labels: &[(&str, &str)]) -> ServiceState {
    ServiceState {
        name: name(of),
        image: image.to_owned(),
        labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        wanted: Wanted::Replicas(1),
        spec: "same".to_owned(),
        ends_by_itself: false,
        update: None,
        tasks: Vec::new(),
    }
}

pub(crate) fn observation(services: Vec<ServiceState>) -> Observation {
    Observation { at: "2026-01-01T00:00:00Z".parse().unwrap(), services }
}

pub(super) fn marker(volume: &str, service: &str, target: &str, content: &str) -> Marker {
    Marker {
        volume: volume.to_owned(),
        service: name(service),
        target: target.to_owned(),
        file: ".ccci-marker-r1-test".to_owned(),
        planting: Planting::Planted { content: content.to_owned() },
    }
}

pub(super) fn files_of(volume: &str, service: &str, at: &str) -> Store {
    Store {
        product: Product::Files,
        service: name(service),
        at: at.to_owned(),
        volume: Some(volume.to_owned()),
        coverage: Coverage::Whole,
    }
}

pub(super) fn database(product: Product, service: &str) -> Store {
    Store { product, volume: None, ..files_of("", service, "/var/lib/db") }
}

/// Returns what was planted in a store.
pub(super) fn planted(store: &Store, age: Age) -> Planted {
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let marker = StoreMarker::new(&run, store, age, "original-1".to_owned(), 0);
    Planted { marker, has_row: true, refused: None }
}

pub(super) fn met(store: &Store, age: Age, fate: Fate) -> Met {
    Met::told(planted(store, age), store.clone(), fate)
}

pub(crate) fn defined(of: &str, volumes: &[(&str, &str)]) -> DefinedService {
    let volumes = volumes.iter().map(|(v, t)| ((*v).to_owned(), (*t).to_owned())).collect();
    DefinedService { name: name(of), volumes, stays: true, ports: Vec::new() }
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Returns a backup that holds these files, each a path below the volumes' folder and its content, and that was
/// searched for these texts.
pub(super) fn contents(files: &[(&str, &[u8])], needles: &[&str]) -> Contents {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let path = format!("var/lib/docker/volumes/{}_{path}", stack());
        builder.append_data(&mut header, path, *content).expect("memory takes it");
    }
    let bytes = gzip(&builder.into_inner().expect("memory takes it"));
    let needles: Vec<String> = needles.iter().map(|n| (*n).to_owned()).collect();
    probe::read(bytes.as_slice(), &needles, |_| true).expect("an archive")
}
