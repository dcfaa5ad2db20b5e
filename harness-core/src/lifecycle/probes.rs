//! Ready probes: what must be ready besides the health path, asked once a look. Main type: [`Streaks`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::platform::{App, ConnectError, Platform};
use crate::suite::Probe;

use super::asked::{ANSWER_WITHIN, Asked, judged_answer};
use super::job::{Job, State};
use super::trials::Trials;

/// How long one connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Connections that count are so far apart: of a port that changes hands between two tasks, the old one's would all be
/// made in one breath.
const APART: Duration = Duration::from_millis(250);

/// How many connections in a row each probe has made, by its place in the settings.
#[derive(Debug, Default)]
pub(super) struct Streaks {
    made: BTreeMap<usize, Streak>,
}

#[derive(Clone, Copy, Debug)]
struct Streak {
    count: u32,
    last: Instant,
}

impl Streaks {
    /// Forgets all: the app is not what it was.
    pub(super) fn break_off(&mut self) {
        self.made.clear();
    }

    fn count(&self, probe: usize) -> u32 {
        self.made.get(&probe).map_or(0, |s| s.count)
    }

    /// Returns whether a connection that is made now would count.
    fn is_due(&self, probe: usize) -> bool {
        self.made.get(&probe).is_none_or(|s| s.last.elapsed() >= APART)
    }

    fn hit(&mut self, probe: usize) {
        let count = self.count(probe) + 1;
        self.made.insert(probe, Streak { count, last: Instant::now() });
    }

    fn miss(&mut self, probe: usize) {
        self.made.remove(&probe);
    }
}

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Asks the probes that apply to what is placed, in order, up to the first that does not find what it asks for.
    pub(super) async fn probed(&self, state: &State, streaks: &RefCell<Streaks>) -> Asked {
        for (at, ready) in self.settings.ready.iter().enumerate() {
            if !ready.applies(&state.reach.compose_files) {
                continue;
            }
            let found = match &ready.probe {
                Probe::Http { prefix, path } => self.page(prefix, path).await,
                Probe::Tcp { port, stable } => self.port(at, *port, *stable, streaks).await,
            };
            if !matches!(found, Asked::Serves) {
                return found;
            }
        }
        Asked::Serves
    }

    async fn page(&self, prefix: &str, path: &str) -> Asked {
        let app = &self.plan.app;
        let host = match Probe::host(prefix, &app.domain) {
            Ok(host) => host,
            Err(error) => {
                let text = format!("ready probe https://{prefix}{}{path}: {error}", app.domain);
                return Asked::Hopeless(Cause::new(CauseClass::Suite, text));
            }
        };
        let name = format!("ready probe https://{host}{path}");
        // The router is asked for another host of the same app.
        let at_host = App { domain: host, ..app.clone() };
        let asked = self.platform.get(&at_host, path, ANSWER_WITHIN).await;
        judged_answer(asked.as_ref(), &[200]).of(&name)
    }

    async fn port(
        &self,
        probe: usize,
        port: u16,
        stable: u32,
        streaks: &RefCell<Streaks>,
    ) -> Asked {
        let app = &self.plan.app;
        let name = format!("ready probe tcp {}:{port}", app.domain);
        let (count, is_due) = {
            let streaks = streaks.borrow();
            (streaks.count(probe), streaks.is_due(probe))
        };
        if count >= stable {
            return Asked::Serves;
        }
        if is_due {
            match self.platform.connect(app, port, CONNECT_WITHIN).await {
                Ok(()) => streaks.borrow_mut().hit(probe),
                Err(error) => {
                    streaks.borrow_mut().miss(probe);
                    return refused(&error).of(&name);
                }
            }
        }
        match streaks.borrow().count(probe) {
            count if count >= stable => Asked::Serves,
            count => {
                let text = format!("{name}: {count} of {stable} connections in a row");
                Asked::NotYet(Cause::new(CauseClass::App, text))
            }
        }
    }
}

/// Says whose fault it would be if it stayed like that. A port that nothing publishes is not published later either.
fn refused(error: &ConnectError) -> Asked {
    let cause = |class| Cause::new(class, error.to_string());
    match error {
        ConnectError::NotPublished { .. } => Asked::Hopeless(cause(CauseClass::Recipe)),
        ConnectError::Refused { .. } | ConnectError::TimedOut { .. } => {
            Asked::NotYet(cause(CauseClass::App))
        }
        ConnectError::Unreachable { .. } => Asked::NotYet(cause(CauseClass::Host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn connections_in_one_breath_count_once_and_a_miss_begins_anew() {
        let mut streaks = Streaks::default();
        assert!(streaks.is_due(0));
        streaks.hit(0);
        assert_eq!((streaks.count(0), streaks.is_due(0), streaks.is_due(1)), (1, false, true));
        tokio::time::advance(APART).await;
        assert!(streaks.is_due(0));
        streaks.hit(0);
        assert_eq!(streaks.count(0), 2);
        streaks.miss(0);
        assert_eq!((streaks.count(0), streaks.is_due(0)), (0, true));
        streaks.hit(0);
        streaks.hit(1);
        streaks.break_off();
        assert_eq!((streaks.count(0), streaks.count(1)), (0, 0));
    }

    #[test]
    fn a_port_that_nothing_publishes_is_the_recipes_and_one_that_nothing_holds_the_apps() {
        let reason = "x".to_owned();
        let class = |error| match refused(&error) {
            Asked::Serves => None,
            Asked::NotYet(cause) => Some((false, cause.class)),
            Asked::Hopeless(cause) => Some((true, cause.class)),
        };
        for (error, expected) in [
            (ConnectError::not_published(1, &[]), (true, CauseClass::Recipe)),
            (ConnectError::Refused { port: 1, reason: reason.clone() }, (false, CauseClass::App)),
            (ConnectError::TimedOut { port: 1, limit: CONNECT_WITHIN }, (false, CauseClass::App)),
            (ConnectError::Unreachable { port: 1, reason }, (false, CauseClass::Host)),
        ] {
            assert_eq!(class(error), Some(expected));
        }
    }
}
