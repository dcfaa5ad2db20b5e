//! Git over HTTP: references, fetching, pushing.

use super::api::{Asker, Refused};
use super::git::{FLUSH, Kind, NONE, Pack, line, lines};
use super::repositories::Found;
use super::store::{Store, peeled};
use super::{Gitea, response};
use crate::world::{Inside, Request, Response};

/// What each service can do beyond the plainest protocol.
const FETCHING: &str = "no-progress agent=git/2.39.5";
const PUSHING: &str = "report-status agent=git/2.39.5";

impl Gitea {
    /// Answers `info/refs`.
    pub(super) fn references(
        &self,
        inside: &mut Inside<'_>,
        owner: &str,
        name: &str,
        request: &Request,
    ) -> Response {
        let service = request.path.split_once("service=").map(|(_, service)| service);
        let Some(service @ ("git-upload-pack" | "git-receive-pack")) = service else {
            return response(403, "text/plain; charset=utf-8", "");
        };
        let found = match self.let_git_in(inside, owner, name, service, request) {
            Ok((found, _)) => found,
            Err(refused) => return closed(refused),
        };
        let store = Store::of(owner, &found.name);
        let mut shown: Vec<String> = Vec::new();
        let head = store.reference(inside, &format!("refs/heads/{}", found.branch));
        if let Some(id) = head.filter(|_| service == "git-upload-pack") {
            shown.push(format!("{id} HEAD"));
        }
        for (name, id) in store.references(inside) {
            shown.push(format!("{id} {name}"));
            let tag = store.object(inside, &id).filter(|object| object.kind == Kind::Tag);
            if let Some(id) = tag.filter(|_| service == "git-upload-pack").and_then(|t| peeled(&t))
            {
                shown.push(format!("{id} {name}^{{}}"));
            }
        }
        if shown.is_empty() {
            shown.push(format!("{NONE} capabilities^{{}}"));
        }
        let can = if service == "git-upload-pack" { FETCHING } else { PUSHING };
        shown[0] = format!("{}\0{can}", shown[0]);
        let mut body = [line(&format!("# service={service}\n")), FLUSH.to_vec()].concat();
        body.extend(shown.iter().flat_map(|text| line(&format!("{text}\n"))));
        body.extend(FLUSH);
        response(200, &format!("application/x-{service}-advertisement"), body)
    }

    /// Answers a service.
    pub(super) fn serve_git(
        &self,
        inside: &mut Inside<'_>,
        owner: &str,
        name: &str,
        service: &str,
        request: &Request,
    ) -> Response {
        if request.method != "POST" {
            return response(405, "text/plain; charset=utf-8", "");
        }
        let (found, asker) = match self.let_git_in(inside, owner, name, service, request) {
            Ok(both) => both,
            Err(refused) => return closed(refused),
        };
        let body = if service == "git-upload-pack" {
            fetched(inside, &Store::of(owner, &found.name), &request.body)
        } else {
            self.pushed(inside, &found, &asker, &request.body)
        };
        response(200, &format!("application/x-{service}-result"), body)
    }

    /// Returns the repository and who asks, if that is somebody who may go on.
    fn let_git_in(
        &self,
        inside: &mut Inside<'_>,
        owner: &str,
        name: &str,
        service: &str,
        request: &Request,
    ) -> Result<(Found, Asker), Refused> {
        let asker = self.asker(inside, request)?;
        let name = name.trim_end_matches(".git");
        let found = self.find(inside, owner, name)?;
        let writes = service == "git-receive-pack";
        if !writes && found.as_ref().is_some_and(|found| !found.is_private) {
            return found.map(|found| (found, asker)).ok_or_else(Refused::missing);
        }
        if asker.user.is_none() {
            return Err(Refused(401, "Unauthorized".to_owned()));
        }
        asker.may(if writes { "write" } else { "read" }, "repository")?;
        let seen = found.filter(|found| found.is_seen_by(&asker));
        let seen = seen.ok_or_else(|| Refused(404, "Repository not found".to_owned()))?;
        Ok((seen, asker))
    }

    /// Takes a push; returns the report. Who may only read is told so by the hook, as with the real one.
    fn pushed(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        said: &[u8],
    ) -> Vec<u8> {
        let Ok((commands, rest)) = lines(said) else { return Vec::new() };
        let store = Store::of(&found.owner, &found.name);
        let pack = match Pack::read(rest) {
            Ok(pack) => pack,
            Err(error) => {
                return [line(&format!("unpack {error}\n")), FLUSH.to_vec()].concat();
            }
        };
        let mut report = line("unpack ok\n");
        if found.is_written_by(asker) {
            for object in pack.0.values() {
                store.add(inside, object);
            }
        }
        for command in commands {
            let command = command.split('\0').next().unwrap_or_default();
            let mut words = command.splitn(3, ' ');
            let (old, new, name) =
                (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let problem = if !found.is_written_by(asker) {
                Some("pre-receive hook declined")
            } else if store.reference(inside, name).as_deref().unwrap_or(NONE)
                != old.unwrap_or_default()
            {
                Some("failed to update ref")
            } else if store.reachable(inside, new).is_err() {
                Some("missing necessary objects")
            } else {
                None
            };
            if let Some(problem) = problem {
                report.extend(line(&format!("ng {name} {problem}\n")));
                continue;
            }
            store.set_reference(inside, name, new);
            report.extend(line(&format!("ok {name}\n")));
            if name.starts_with("refs/heads/") {
                let before = old.unwrap_or(NONE);
                self.tell_of_push(inside, found, asker, name, before, new);
            }
        }
        report.extend(FLUSH);
        report
    }
}

/// Returns what somebody fetches: nothing after the first line if an object is missing.
fn fetched(inside: &Inside<'_>, store: &Store, said: &[u8]) -> Vec<u8> {
    let Ok((wants, _)) = lines(said) else { return Vec::new() };
    let mut body = line("NAK\n");
    let mut pack = Pack::default();
    for want in wants.iter().filter_map(|want| want.strip_prefix("want ")) {
        let id = want.split(' ').next().unwrap_or_default();
        let Ok(reachable) = store.reachable(inside, id) else { return body };
        pack.0.extend(reachable.0);
    }
    body.extend(pack.to_bytes());
    body
}

fn closed(Refused(status, text): Refused) -> Response {
    let mut closed = response(status, "text/plain; charset=utf-8", text);
    if status == 401 {
        closed.headers.push(("www-authenticate".to_owned(), "Basic realm=\"Gitea\"".to_owned()));
    }
    closed
}
