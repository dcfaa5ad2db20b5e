//! Running a `.hurl` file against the app. Main function: [`run`].

use harness_core::cause::CauseClass;
use harness_core::http::{Answer, Client};
use harness_core::hurl::{Entry, Exchange, HurlFile, Mismatch, Place, Response, Variables, shown};
use harness_core::name::Domain;
use harness_core::repo_tests::RepoTest;
use serde_json::Value;

use super::jar::Clients;
use super::request::send;
use crate::check::{Check, Failure, Said};
use crate::ctx::Ctx;

/// The account that files are given: the one that seeds of a suite can make known to the app under the same name.
const ROLE: &str = "admin";

/// So many things that do not hold are said of one answer.
const MOST_SAID: usize = 5;

/// All that a file has of the run.
pub(super) struct Around<'a> {
    /// The app's domain.
    pub(super) domain: &'a Domain,
    /// Makes a client for one of the app's hosts.
    pub(super) client: &'a dyn Fn(&Domain) -> Result<Client, Failure>,
    /// The run's account: its name and its password.
    pub(super) account: (&'a str, &'a str),
    /// Makes a text that occurs nowhere else.
    pub(super) unique: &'a dyn Fn(&str) -> String,
    /// Keeps a text out of every artefact.
    pub(super) hide: &'a dyn Fn(&str) -> Check,
}

/// Runs a file against the app of a run.
pub(super) async fn run(ctx: &Ctx, test: &RepoTest) -> Check {
    let account = ctx.credentials(ROLE)?;
    let around = Around {
        account: (&account.user, account.password.expose()),
        domain: ctx.domain(),
        client: &|host| ctx.fresh_http(host),
        unique: &|word| ctx.unique(word),
        hide: &|text| ctx.secret(text).map(drop),
    };
    run_file(&around, test).await
}

/// Runs a file: its requests in order, until something does not hold. A file that is not understood whole sends nothing.
pub(super) async fn run_file(around: &Around<'_>, test: &RepoTest) -> Check {
    let file = HurlFile::parse(&test.path, &test.text, &Variables::GIVEN)
        .map_err(|e| Failure::error(CauseClass::Suite, e.to_string()))?;
    let uuid = || uuid(&(around.unique)(""));
    let mut variables = Variables::new(&uuid);
    give(around, &mut variables);
    let mut clients = Clients::new(around.client);
    for entry in &file.entries {
        let ended = step(around, entry, &mut variables, &mut clients).await;
        ended.map_err(|(place, failure)| placed(&file.name, place, &failure))?;
    }
    Ok(())
}

/// Sets what every file is given.
fn give(around: &Around<'_>, variables: &mut Variables<'_>) {
    let (user, password) = around.account;
    variables.set("domain", around.domain.as_str());
    variables.set("base_url", format!("https://{}", around.domain));
    variables.set("unique", (around.unique)("ccci"));
    variables.set("user", user);
    variables.set("password", password);
}

async fn step(
    around: &Around<'_>,
    entry: &Entry,
    variables: &mut Variables<'_>,
    clients: &mut Clients<'_>,
) -> Result<(), (Place, Failure)> {
    for (name, template) in &entry.options.variables {
        let value = variables.render(template);
        let value =
            value.map_err(|e| (entry.place, Failure::error(CauseClass::Suite, e.to_string())))?;
        variables.set(name, typed(value));
    }
    let sent = send(entry, variables, around.domain, clients).await;
    let (answer, url) = sent.map_err(|failure| (entry.place, failure))?;
    let Some(response) = &entry.response else { return Ok(()) };
    judge(around, response, &answer, &url, variables)
}

/// Returns what an option's text means, as Hurl reads it: a number, `true`, `false`, `null`, or the text itself.
fn typed(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => value,
        Ok(Value::String(_) | Value::Array(_) | Value::Object(_)) | Err(_) => Value::String(text),
    }
}

fn judge(
    around: &Around<'_>,
    response: &Response,
    answer: &Answer,
    url: &str,
    variables: &mut Variables<'_>,
) -> Result<(), (Place, Failure)> {
    let exchange = Exchange { answer, url, is_cut: answer.is_cut() };
    if let Some(status) = response.status.filter(|s| *s != answer.status) {
        let seen = shown(&answer.summary());
        return Err((response.place, Failure::new(format!("status {status}"), seen)));
    }
    for capture in &response.captures {
        let value = capture.take(exchange, variables).map_err(|m| (capture.place, wrong(&m)))?;
        if capture.is_secret {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (around.hide)(&text).map_err(|failure| (capture.place, failure))?;
        }
        variables.set(&capture.name, value);
    }
    let mut said = unlike(response, answer, variables)?;
    for assert in &response.asserts {
        if let Err(mismatch) = assert.judge(exchange, variables) {
            said.push((assert.place, mismatch));
        }
    }
    let Some((place, first)) = said.first() else { return Ok(()) };
    let more = said.iter().skip(1).take(MOST_SAID - 1);
    let more: String = more
        .map(|(p, m)| format!("\nline {}: expected {}; seen: {}", p.line, m.expected, m.seen))
        .collect();
    let seen = format!("{}{more}", first.seen);
    Err((*place, Failure::new(first.expected.clone(), seen)))
}

/// Compares the headers and the body that the file spells out.
fn unlike(
    response: &Response,
    answer: &Answer,
    variables: &Variables<'_>,
) -> Result<Vec<(Place, Mismatch)>, (Place, Failure)> {
    let render = |place, template| {
        let text = variables.render(template);
        text.map_err(|e| (place, Failure::error(CauseClass::Suite, e.to_string())))
    };
    let mut said = Vec::new();
    for pair in &response.headers {
        let (name, value) = (render(pair.place, &pair.key)?, render(pair.place, &pair.value)?);
        let name = name.to_ascii_lowercase();
        let values: Vec<_> =
            answer.headers.iter().filter(|(n, _)| *n == name).map(|(_, v)| v.as_str()).collect();
        if !values.contains(&value.as_str()) {
            let expected = format!("the header `{}` to be \"{}\"", shown(&name), shown(&value));
            said.push((pair.place, Mismatch { expected, seen: shown(&format!("{values:?}")) }));
        }
    }
    if let Some(template) = &response.body {
        let body = render(response.place, template)?;
        if answer.is_cut() || answer.text() != body {
            let expected = format!("the body to be exactly \"{}\"", shown(&body));
            said.push((response.place, Mismatch { expected, seen: shown(&answer.summary()) }));
        }
    }
    Ok(said)
}

fn wrong(mismatch: &Mismatch) -> Failure {
    Failure::new(mismatch.expected.clone(), mismatch.seen.clone())
}

/// Returns a failure that says where in the file it is, not where in cc-ci.
fn placed(file: &str, place: Place, failure: &Failure) -> Failure {
    let at = format!("{file}:{}", place.line);
    let text = match &failure.said {
        Said::Wrong { expected, seen } => format!("{at}: expected {expected}; seen: {seen}"),
        Said::Error(text) | Said::Skip(text) | Said::PassBut(text) => format!("{at}: {text}"),
    };
    Failure::error(failure.cause, text)
}

/// Returns 32 digits in the form of a UUID of version 4.
fn uuid(unique: &str) -> String {
    let digits: Vec<char> = unique.chars().filter(char::is_ascii_hexdigit).collect();
    let digit = |i: usize| match i {
        12 => '4',
        16 => '8',
        i => digits.get(i).copied().unwrap_or('0'),
    };
    let group = |from: usize, to: usize| (from..to).map(digit).collect::<String>();
    [group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)].join("-")
}

#[cfg(test)]
#[path = "hurl_tests.rs"]
mod tests;
