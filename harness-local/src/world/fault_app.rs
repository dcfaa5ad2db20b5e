//! Containers that do what they should not.

use std::time::Duration;

use super::fault::{Deed, FaultId};
use super::image::{Ran, Response};
use super::inside::tidy;
use super::route::Routed;
use super::spec::TaskSpec;
use super::state::World;
use super::step::Step;

/// How soon a program ends that crashes.
const CRASHED: i64 = 1;

/// A line that is as long as a megabyte.
const LONG_LINE: usize = 1024 * 1024;

impl World {
    /// Returns what a container's service is to do, with the number of the act.
    fn deed<V>(
        &self,
        service: &str,
        spec: &TaskSpec,
        pick: impl Fn(&Deed) -> Option<V>,
    ) -> Option<(usize, FaultId, V)> {
        let of_it = |act: &super::fault::Act| {
            act.service == service && act.spec.as_ref().is_none_or(|own| **own == *spec)
        };
        self.trouble.acts.iter().enumerate().find_map(|(at, act)| {
            of_it(act).then(|| pick(&act.deed)).flatten().map(|value| (at, act.id, value))
        })
    }

    fn deed_of<V>(
        &self,
        container: &str,
        pick: impl Fn(&Deed) -> Option<V>,
    ) -> Option<(usize, FaultId, V)> {
        if self.trouble.acts.is_empty() {
            return None;
        }
        let container = self.containers.get(container)?;
        let task = self.tasks.get(container.task.as_ref()?)?;
        self.deed(&task.service, &task.spec, pick)
    }

    /// Returns how a container's main program goes on, which may be worse than it would.
    pub(super) fn troubled_main(&mut self, id: &str, ran: Option<Ran>) -> Option<Ran> {
        let ran = self.slowly_booting(id, ran);
        if self.trouble.acts.is_empty() {
            return ran;
        }
        self.tell_secrets(id);
        self.flood(id);
        if let Some((at, fault, left)) = self.deed_of(id, crashes)
            && left != Some(0)
        {
            self.trouble.came_to_something(fault);
            self.trouble.acts[at].deed = Deed::Crash { left: left.map(|n| n - 1) };
            return Some(Ran::Ended(CRASHED));
        }
        if let Some((at, fault, killed)) = self.deed_of(id, inits) {
            self.trouble.came_to_something(fault);
            self.trouble.acts[at].deed = Deed::InitKilled { killed: true };
            return Some(Ran::Ended(if killed { CRASHED } else { 137 }));
        }
        let Some(Ran::Serves { .. }) = ran else { return ran };
        if let Some((_, fault, ())) = self.deed_of(id, never_serves) {
            self.trouble.came_to_something(fault);
            return Some(Ran::Idles);
        }
        match self.deed_of(id, boots) {
            Some((_, fault, boot)) => {
                self.trouble.came_to_something(fault);
                Some(Ran::Serves { boot })
            }
            None => ran,
        }
    }

    /// Returns whether a container is healthy, which one may not be that would.
    pub(super) fn troubled_health(&self, id: &str, healthy: bool) -> bool {
        healthy && self.deed_of(id, never_serves).is_none()
    }

    /// Returns whether a container boots longer than its start period, and is allowed to.
    pub(super) fn may_still_boot(&self, id: &str) -> bool {
        let is_slow = self.deed_of(id, boots).is_some() || self.boots_slowly(id).is_some();
        is_slow && self.containers.get(id).is_some_and(|c| !c.serves)
    }

    /// Returns what the router makes of a service before it asks it; none: it asks it.
    pub(super) fn misrouted(&mut self, service: &str) -> Option<Routed> {
        let spec = std::sync::Arc::clone(&self.services.get(service)?.spec.task);
        let (_, fault, routed) = self.deed(service, &spec, |deed| match deed {
            Deed::Unrouted => Some(Routed::Unknown),
            Deed::OtherPort => Some(Routed::Refused),
            Deed::Crash { .. }
            | Deed::NeverServe
            | Deed::Status(_)
            | Deed::Bytes
            | Deed::OtherPage
            | Deed::InitKilled { .. }
            | Deed::TellSecrets
            | Deed::Flood
            | Deed::Boot(_) => None,
        })?;
        self.trouble.came_to_something(fault);
        Some(routed)
    }

    /// Changes what a container answers.
    pub(super) fn misanswered(&mut self, container: &str, mut answer: Response) -> Response {
        let Some((_, fault, deed)) = self.deed_of(container, answers) else { return answer };
        self.trouble.came_to_something(fault);
        let media_type = match deed {
            Answers::Status(status) => {
                answer.status = status;
                return answer;
            }
            Answers::Bytes => "application/octet-stream",
            Answers::OtherPage => {
                answer.status = 200;
                answer.body = b"<!doctype html><title>Another app</title>\n".to_vec();
                "text/html"
            }
        };
        answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        answer.headers.push(("content-type".to_owned(), media_type.to_owned()));
        answer
    }

    fn tell_secrets(&mut self, id: &str) {
        let Some((_, fault, ())) = self.deed_of(id, |d| (*d == Deed::TellSecrets).then_some(()))
        else {
            return;
        };
        let Some(container) = self.containers.get(id) else { return };
        let targets = container.spec.secrets.iter().map(|s| tidy(&s.target));
        let values = targets.filter_map(|target| container.mounted.get(&target));
        let lines: Vec<String> = values
            .map(|v| format!("starting with password={}", String::from_utf8_lossy(v)))
            .collect();
        if !lines.is_empty() {
            self.trouble.came_to_something(fault);
            self.add_lines(id, lines);
        }
    }

    fn flood(&mut self, id: &str) {
        let Some((_, fault, ())) = self.deed_of(id, |d| (*d == Deed::Flood).then_some(())) else {
            return;
        };
        self.trouble.came_to_something(fault);
        let no_text = String::from_utf8_lossy(b"\xff\xfe\x00\x9b31m \xc3\x28").into_owned();
        let escapes = "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}\r\u{8}".to_owned();
        let mut lines = vec!["x".repeat(LONG_LINE), no_text, escapes];
        lines.extend((0..500).map(|n| format!("line {n}")));
        lines.push("y".repeat(LONG_LINE));
        self.add_lines(id, lines);
    }

    fn add_lines(&mut self, id: &str, lines: Vec<String>) {
        let at = self.now;
        let Some(container) = self.containers.get_mut(id) else { return };
        container.log.extend(lines.into_iter().map(|text| super::container::LogLine { at, text }));
    }

    /// Plans a step for a time of the clock, however slow the host is.
    pub(super) fn plan_by_clock(&mut self, after: Duration, step: Step) {
        self.planned += 1;
        self.queue.insert((self.now + after, self.planned), step);
    }
}

/// What a container answers instead.
enum Answers {
    Status(u16),
    Bytes,
    OtherPage,
}

const fn answers(deed: &Deed) -> Option<Answers> {
    match deed {
        Deed::Status(status) => Some(Answers::Status(*status)),
        Deed::Bytes => Some(Answers::Bytes),
        Deed::OtherPage => Some(Answers::OtherPage),
        Deed::Crash { .. }
        | Deed::NeverServe
        | Deed::Unrouted
        | Deed::OtherPort
        | Deed::InitKilled { .. }
        | Deed::TellSecrets
        | Deed::Flood
        | Deed::Boot(_) => None,
    }
}

fn crashes(deed: &Deed) -> Option<Option<u32>> {
    if let Deed::Crash { left } = deed { Some(*left) } else { None }
}

fn inits(deed: &Deed) -> Option<bool> {
    if let Deed::InitKilled { killed } = deed { Some(*killed) } else { None }
}

fn never_serves(deed: &Deed) -> Option<()> {
    (*deed == Deed::NeverServe).then_some(())
}

fn boots(deed: &Deed) -> Option<Duration> {
    if let Deed::Boot(time) = deed { Some(*time) } else { None }
}
