//! `cc-ci-sim`.
#![allow(clippy::all, clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)]
use std::sync::Arc;
fn main() {
    let dir = tempfile::tempdir().unwrap();
    let dir = camino::Utf8PathBuf::try_from(dir.path().to_owned()).unwrap();
    let base = harness_core::process::BaseEnv::capture();
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let t = std::time::Instant::now();
    let library = rt.block_on(simulation::subject::Library::load(&dir, &base)).unwrap();
    println!("load {:?}", t.elapsed());
    for s in library.sound.iter().chain(&library.broken) {
        let t = std::time::Instant::now();
        let r = simulation::probe_tmp::play(s, 1);
        println!("{} {:?} {:?}", s.name, t.elapsed(), r);
    }
    let s: &Arc<_> = &library.sound[0];
    let t = std::time::Instant::now();
    let n: u32 = 200;
    for i in 0..n { simulation::probe_tmp::play(s, i.into()); }
    println!("per run {:?}", t.elapsed() / n);
}
