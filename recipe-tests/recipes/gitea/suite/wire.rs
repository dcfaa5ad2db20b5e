//! A client of git over HTTP, as small as it can be: it asks for references, fetches, pushes.

use std::collections::BTreeMap;

use recipe_tests::{Answer, CauseClass, Failure, Method, Visitor};

use super::git::{Commit, FLUSH, NONE, NotGit, Object, Pack, line, lines};

/// What is wanted of a repository: to read, or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Fetch,
    Push,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "git-upload-pack",
            Self::Push => "git-receive-pack",
        }
    }
}

/// A repository as somebody has cloned it.
#[derive(Clone, Debug)]
pub(super) struct Clone {
    /// What each reference names; of annotated tags also what they lead to, under `name^{}`.
    pub(super) references: BTreeMap<String, String>,
    /// The files of the branch, by name.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// The newest commit of the branch.
    pub(super) commit: Commit,
}

/// What is pushed: where a reference was, and where it should be.
#[derive(Clone, Debug)]
pub(super) struct Move<'a> {
    pub(super) name: &'a str,
    pub(super) from: Option<&'a str>,
    pub(super) to: &'a str,
}

/// Asks for references, as the first request of git's client does.
pub(super) async fn ask(who: &Visitor, at: &str, service: Service) -> Result<Answer, Failure> {
    who.get(&format!("{at}.git/info/refs?service={}", service.name())).await
}

/// Returns the references of a repository, `HEAD` too.
pub(super) async fn references(
    who: &Visitor,
    at: &str,
    service: Service,
) -> Result<BTreeMap<String, String>, Failure> {
    let answer = ask(who, at, service).await?;
    let kind = format!("application/x-{}-advertisement", service.name());
    is_git(&answer, &kind, "references")?;
    let (first, rest) = lines(&answer.body).map_err(|e| unread(&e, &answer))?;
    let announced = format!("# service={}", service.name());
    if first != [announced.as_str()] {
        return Err(Failure::new(format!("{announced:?}"), format!("{first:?}")));
    }
    let (shown, _) = lines(rest).map_err(|e| unread(&e, &answer))?;
    let pair = |text: &String| {
        let (id, name) = text.split('\0').next()?.split_once(' ')?;
        Some((name.to_owned(), id.to_owned()))
    };
    Ok(shown.iter().filter_map(pair).filter(|(_, id)| id != NONE).collect())
}

/// Clones a repository: all of a branch, each object by its name.
pub(super) async fn clone(who: &Visitor, at: &str, branch: &str) -> Result<Clone, Failure> {
    let references = references(who, at, Service::Fetch).await?;
    let missing = |what: &str| Failure::new(format!("{what} of {at}"), "none");
    let tip = references.get(&format!("refs/heads/{branch}"));
    let tip = tip.ok_or_else(|| missing(&format!("the branch {branch}")))?;
    let wanted = [line(&format!("want {tip} no-progress\n")), FLUSH.to_vec(), line("done\n")];
    let answer = send(who, at, Service::Fetch, wanted.concat()).await?;
    let (said, rest) = lines(&answer.body).map_err(|e| unread(&e, &answer))?;
    if said != ["NAK"] {
        return Err(Failure::new("a pack after `NAK`", format!("{said:?}")));
    }
    let pack = Pack::read(rest).map_err(|e| unread(&e, &answer))?;
    let object = |id: &str| pack.0.get(id).ok_or_else(|| missing(&format!("the object {id}")));
    let commit = Commit::of(object(tip)?).map_err(|e| unread(&e, &answer))?;
    let tree = object(&commit.tree)?.files().map_err(|e| unread(&e, &answer))?;
    let mut files = BTreeMap::new();
    for (name, blob) in tree {
        files.insert(name, object(&blob)?.content.clone());
    }
    Ok(Clone { references: references.clone(), files, commit })
}

/// Pushes objects; returns what is said of each reference: `ok NAME`, or `ng NAME reason`.
pub(super) async fn push(
    who: &Visitor,
    at: &str,
    moves: &[Move<'_>],
    pack: &Pack,
) -> Result<Vec<String>, Failure> {
    let mut body = Vec::new();
    for (number, Move { name, from, to }) in moves.iter().enumerate() {
        let can = if number == 0 { "\0report-status" } else { "" };
        body.extend(line(&format!("{} {to} {name}{can}", from.unwrap_or(NONE))));
    }
    body.extend(FLUSH);
    body.extend(pack.to_bytes());
    let answer = send(who, at, Service::Push, body).await?;
    let (said, _) = lines(&answer.body).map_err(|e| unread(&e, &answer))?;
    match said.split_first() {
        Some((first, rest)) if first == "unpack ok" => Ok(rest.to_vec()),
        _ => Err(Failure::new("`unpack ok`", format!("{said:?}"))),
    }
}

async fn send(who: &Visitor, at: &str, service: Service, body: Vec<u8>) -> Result<Answer, Failure> {
    let name = service.name();
    let request = who.request(Method::POST, &format!("{at}.git/{name}"));
    let request = request.header("content-type", format!("application/x-{name}-request"));
    let answer = who.send(request.body(body)).await?;
    is_git(&answer, &format!("application/x-{name}-result"), "an answer of git")?;
    Ok(answer)
}

fn is_git(answer: &Answer, kind: &str, what: &str) -> Result<(), Failure> {
    let seen = answer.media_type().unwrap_or_default();
    if answer.status == 200 && seen == kind {
        return Ok(());
    }
    Err(Failure::new(format!("{what}: status 200, {kind}"), answer.summary()))
}

fn unread(error: &NotGit, answer: &Answer) -> Failure {
    let seen = format!("{error}, in {} bytes", answer.body.len());
    Failure::new("what git sends", seen).with_cause(CauseClass::App)
}

/// Puts files into a pack as a commit; returns the commit's name.
pub(super) fn committed(
    pack: &mut Pack,
    files: &BTreeMap<String, String>,
    by: &str,
    message: &str,
    parent: Option<&str>,
) -> String {
    let mut blobs = BTreeMap::new();
    for (name, content) in files {
        blobs.insert(name.clone(), pack.add(Object::blob(content.as_bytes())));
    }
    let tree = pack.add(Object::tree(&blobs));
    let parents = parent.map(str::to_owned).into_iter().collect();
    let commit = Commit { tree, parents, by: by.to_owned(), message: message.to_owned() };
    pack.add(commit.to_object())
}
