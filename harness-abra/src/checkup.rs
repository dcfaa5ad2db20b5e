//! Whether this machine can run: each thing that must hold, with what was seen. Main type: [`Checkup`].

use std::net::SocketAddr;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::chain::Chain;
use harness_core::process::BaseEnv;

use crate::abra::Abra;
use crate::engine::Engine;
use crate::quirks::{NO_IPVS, lacks_ipvs};

/// Looks at everything that a run needs, and changes nothing.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// The engine's address, as in `DOCKER_HOST`.
    pub docker_host: String,
    /// The abra to use.
    pub abra: Utf8PathBuf,
    /// Where the router answers HTTPS.
    pub https: SocketAddr,
    /// What every process starts from.
    pub base_env: BaseEnv,
}

/// A thing that was looked at, and what was seen: fine, or what to do about it.
pub type Seen = (String, Result<String, String>);

impl Checkup {
    /// Looks at everything; one thing that is amiss hides no other.
    pub async fn run(&self) -> Vec<Seen> {
        let (engine, abra, router) = tokio::join!(self.engine(), self.abra(), self.router());
        [engine, vec![abra, router]].concat()
    }

    async fn engine(&self) -> Vec<Seen> {
        let engine = match Engine::connect(&self.docker_host).await {
            Ok(engine) => engine,
            Err(error) => return vec![seen("engine", Err(Chain(&error).to_string()))],
        };
        let mut all = match engine.facts().await {
            Ok(facts) => {
                let stand_ins = match facts.stand_ins.as_slice() {
                    [] => String::new(),
                    names => format!(", with stand-ins: {}", names.join(", ")),
                };
                vec![seen("engine", Ok(format!("{}{stand_ins}", facts.version)))]
            }
            Err(error) => vec![seen("engine", Err(Chain(&error).to_string()))],
        };
        let checked = engine.check_test_server().await;
        let checked = checked.map(|()| "in Swarm mode, marked, with network `proxy`".to_owned());
        all.push(seen("test server", checked.map_err(|e| Chain(&e).to_string())));
        if lacks_ipvs(&self.docker_host) {
            all.push(seen("host quirk", Ok(NO_IPVS.to_owned())));
        }
        all
    }

    async fn abra(&self) -> Seen {
        // Only the version is asked for: any folder will do.
        let abra = Abra::new(&self.abra, &self.base_env, Utf8Path::new("/nonexistent"));
        let version = abra.check_version().await;
        seen("abra", version.map(|v| v.text).map_err(|e| Chain(&e).to_string()))
    }

    async fn router(&self) -> Seen {
        let connect = tokio::net::TcpStream::connect(self.https);
        let answer = match tokio::time::timeout(Duration::from_secs(3), connect).await {
            Ok(Ok(_)) => Ok(format!("answers on {}", self.https)),
            Ok(Err(error)) => {
                Err(format!("nothing answers on {}: {error}: `cargo xtask up`", self.https))
            }
            Err(_elapsed) => {
                Err(format!("{} does not answer within 3 s: `cargo xtask up`", self.https))
            }
        };
        seen("router", answer)
    }
}

fn seen(name: &str, what: Result<String, String>) -> Seen {
    (name.to_owned(), what)
}
