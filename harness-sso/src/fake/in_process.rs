//! A Keycloak in this process: asked without a socket, or served wherever a test wants it. Main type:
//! [`FakeKeycloak`].

use std::future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use harness_core::http::{Answer, Asked, Client, ClientError, HttpError, Responder};
use harness_core::name::Domain;
use jiff::Timestamp;

use super::play::Play;
use super::rows::Memory;
use super::wrong::Wrong;
use crate::clock::Clock;

/// A Keycloak in this process, with the administrator `admin`, right until it is told to be wrong.
#[derive(Debug)]
pub struct FakeKeycloak {
    version: String,
    base: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// The password of every fake's administrator.
pub const ADMIN_PASSWORD: &str = "fake-admin-password";

#[derive(Debug, Default)]
struct State {
    rows: Memory,
    wrong: Option<Wrong>,
    trouble: Trouble,
    /// Method and path of everything that was asked.
    asked: Vec<String>,
}

/// What is the matter with a server, whatever it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// How long each answer takes.
    pub slow: Duration,
    /// How many requests are answered by 503 at first.
    pub not_yet: u32,
    /// After how many requests it answers no more.
    pub dies: Option<u32>,
}

impl FakeKeycloak {
    /// Starts one at an address, without a slash at its end.
    ///
    /// # Panics
    /// Never: what it keeps is in memory.
    pub fn start(version: &str, base: &str, clock: Arc<dyn Clock>) -> Arc<Self> {
        let fake = Self {
            version: version.to_owned(),
            base: base.to_owned(),
            clock,
            state: Mutex::default(),
        };
        fake.with(|state| {
            let mut play = fake.play(state);
            play.bootstrap("admin", ADMIN_PASSWORD).expect("memory can be reached");
        });
        Arc::new(fake)
    }

    /// Makes it wrong from now on; none: right again.
    pub fn be(&self, wrong: Option<Wrong>) {
        self.with(|state| state.wrong = wrong);
    }

    /// Gives it trouble from now on.
    pub fn trouble(&self, trouble: Trouble) {
        self.with(|state| state.trouble = trouble);
    }

    /// Ends the sessions of its administrators; returns whether there were any.
    ///
    /// # Panics
    /// Never: what it keeps is in memory.
    pub fn log_administrators_out(&self) -> bool {
        self.with(|state| self.play(state).log_administrators_out().expect("memory can be reached"))
    }

    /// Returns what was asked, as method and path, and forgets it.
    pub fn asked(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.asked))
    }

    /// Returns a client for it.
    ///
    /// # Errors
    /// What makes requests cannot be set up.
    pub fn client(self: &Arc<Self>, domain: &Domain) -> Result<Client, ClientError> {
        Client::in_process(domain, Arc::clone(self) as Arc<dyn Responder>)
    }

    /// Answers a request at once.
    pub fn answer(&self, asked: &Asked) -> Answer {
        self.with(|state| {
            let path = asked.path.split('?').next().unwrap_or_default();
            state.asked.push(format!("{} {path}", asked.method));
            self.play(state).answer(asked)
        })
    }

    fn play<'a>(&'a self, state: &'a mut State) -> Play<'a> {
        Play {
            version: &self.version,
            now: self.clock.now(),
            base: &self.base,
            wrong: state.wrong,
            rows: &mut state.rows,
        }
    }

    /// Returns how long the answer takes, and what comes in its place, if something does.
    fn troubled(&self) -> (Duration, Option<Result<Answer, HttpError>>) {
        self.with(|state| {
            let trouble = &mut state.trouble;
            let slow = trouble.slow;
            if let Some(left) = &mut trouble.dies {
                let Some(less) = left.checked_sub(1) else {
                    let url = self.base.clone();
                    let reason = "the fake is dead".to_owned();
                    return (slow, Some(Err(HttpError::Connect { url, reason })));
                };
                *left = less;
            }
            if let Some(less) = trouble.not_yet.checked_sub(1) {
                trouble.not_yet = less;
                return (slow, Some(Ok(super::play::empty(503))));
            }
            (slow, None)
        })
    }

    fn with<V>(&self, work: impl FnOnce(&mut State) -> V) -> V {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Responder for FakeKeycloak {
    fn respond(
        &self,
        asked: Asked,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, HttpError>> + Send + '_>> {
        Box::pin(async move {
            let (slow, instead) = self.troubled();
            if !slow.is_zero() {
                drop(tokio::time::timeout(slow, future::pending::<()>()).await);
            }
            instead.unwrap_or_else(|| Ok(self.answer(&asked)))
        })
    }
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    /// Returns a clock that stands at a time.
    pub fn at(time: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(time)))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
