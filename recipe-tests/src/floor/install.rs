//! Install: the app answers, with its own certificate, and holds its volumes alone.

use std::time::Duration;

use harness_core::cause::{Cause, CauseClass};
use harness_core::http::{Answer, DEFAULT_CERTIFICATE, HttpError, RouterPage, router_page};
use harness_core::wait::{Hint, Pace, Readiness, WaitError, until};

use super::Finding;
use crate::check::{Check, Failure, skip};
use crate::ctx::Ctx;

/// For stragglers: the runner has waited for readiness already.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long one request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// Why nothing is asked of the router: what shows that such an app serves was waited for before any check.
const UNROUTED: &str = "no service has an HTTP router label: nothing is asked of the router";

/// The app itself answers its health path with a status that is fine.
pub(super) async fn serves(ctx: Ctx) -> Check {
    if !ctx.run().routed {
        return skip(UNROUTED);
    }
    let client = ctx.http()?;
    let health = &ctx.run().health;
    let expected = format!(
        "GET https://{}{} to be answered by the app with one of {:?}",
        ctx.domain(),
        health.path,
        health.ok
    );
    let mut transport = None;
    let look = async || {
        let answer = client.get(&health.path, REQUEST_LIMIT).await;
        let readiness = serving(&answer, &health.ok);
        transport = answer.err();
        readiness
    };
    match until(Pace::within(PATIENCE), &Hint::default(), look, |_| {}).await {
        Ok(()) => Ok(()),
        Err(error) => {
            let cause = match transport {
                Some(HttpError::Connect { .. }) => CauseClass::Host,
                Some(
                    HttpError::Tls { .. } | HttpError::TimedOut { .. } | HttpError::Broken { .. },
                )
                | None => CauseClass::Recipe,
            };
            let seen = match error {
                WaitError::TimedOut { last, .. } => last,
                WaitError::Hopeless(cause) => cause.evidence,
            };
            Err(Failure::new(expected, seen).with_cause(cause).without_place())
        }
    }
}

/// Decides from one answer: no answer, a 5xx and the router's own pages may pass, any other status is final.
fn serving(answer: &Result<Answer, HttpError>, ok: &[u16]) -> Readiness<()> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Readiness::NotYet(error.to_string()),
    };
    match router_page(answer) {
        Some(RouterPage::UnknownHost) => Readiness::NotYet(format!(
            "the router's own page, which knows no app by this host or none that listens ({})",
            answer.summary()
        )),
        Some(RouterPage::NoBackend) => Readiness::NotYet(format!(
            "the router's own page, which reaches no task on the port that the labels name ({})",
            answer.summary()
        )),
        None if ok.contains(&answer.status) => Readiness::Ready(()),
        None if answer.status >= 500 => Readiness::NotYet(answer.summary()),
        None => Readiness::Hopeless(Cause::new(CauseClass::Recipe, answer.summary())),
    }
}

/// The certificate that is shown for the domain is trusted for it and is not the router's default one.
pub(super) async fn own_certificate(ctx: Ctx) -> Check {
    if !ctx.run().routed {
        return skip(UNROUTED);
    }
    let expected = format!("a certificate that is trusted for {}", ctx.domain());
    let path = &ctx.run().health.path;
    let error = match ctx.http()?.get(path, REQUEST_LIMIT).await {
        Ok(answer) => return certificate(&expected, answer.certificate.as_deref()).into_check(),
        Err(error) => error,
    };
    match error {
        HttpError::Tls { reason, .. } => {
            let shown = ctx.inspecting_http()?.get(path, REQUEST_LIMIT).await?;
            let finding = match certificate(&expected, shown.certificate.as_deref()) {
                Finding::Right => Finding::wrong(expected, reason),
                wrong @ (Finding::Wrong { .. } | Finding::Partly(_) | Finding::Nothing(_)) => wrong,
            };
            finding.into_check()
        }
        other @ (HttpError::Connect { .. }
        | HttpError::TimedOut { .. }
        | HttpError::Broken { .. }) => Err(other.into()),
    }
}

fn certificate(expected: &str, shown: Option<&[u8]>) -> Finding {
    let default = DEFAULT_CERTIFICATE.as_bytes();
    match shown {
        None => Finding::wrong(expected, "no certificate"),
        Some(der) if der.windows(default.len()).any(|w| w == default) => Finding::wrong(
            expected,
            format!("the router's own default certificate ({DEFAULT_CERTIFICATE})"),
        ),
        Some(_) => Finding::Right,
    }
}

/// No container outside the stack mounts one of its volumes: it would block their removal.
pub(super) async fn volumes_are_its_own(ctx: Ctx) -> Check {
    let foreign = ctx.access().foreign_containers().await?;
    let volumes = ctx.run().services.iter().map(|s| s.volumes.len()).sum();
    own_volumes(&foreign, volumes).into_check()
}

fn own_volumes(foreign: &[String], volumes: usize) -> Finding {
    if !foreign.is_empty() {
        return Finding::wrong(
            "the stack's volumes to be mounted by its own containers only",
            format!("{}: their removal will be blocked", foreign.join(", ")),
        );
    }
    if volumes == 0 {
        return Finding::Nothing("the recipe writes to no volume".to_owned());
    }
    Finding::Right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, HttpError> {
        let body = body.as_bytes().to_vec();
        Ok(Answer { status, headers: Vec::new(), body, certificate: None })
    }

    #[test]
    fn the_routers_page_never_serves_even_where_its_status_is_fine() {
        let page = answer(404, "404 page not found\n");
        assert!(matches!(serving(&page, &[404]), Readiness::NotYet(t) if t.contains("router")));
    }

    #[test]
    fn a_4xx_is_final_and_a_5xx_may_pass() {
        assert!(matches!(serving(&answer(403, "no"), &[200]), Readiness::Hopeless(_)));
        assert!(matches!(serving(&answer(500, "pool"), &[200]), Readiness::NotYet(_)));
        assert_eq!(serving(&answer(301, ""), &[200, 301]), Readiness::Ready(()));
    }

    #[test]
    fn the_default_certificate_is_named() {
        let der = [b"\x30\x82..".as_slice(), DEFAULT_CERTIFICATE.as_bytes(), b"..".as_slice()];
        let finding = certificate("a trusted one", Some(&der.concat()));
        assert!(matches!(finding, Finding::Wrong { seen, .. } if seen.contains("default")));
        assert_eq!(certificate("a trusted one", Some(b"\x30\x82")), Finding::Right);
        assert!(matches!(certificate("a trusted one", None), Finding::Wrong { .. }));
    }

    #[test]
    fn a_foreign_container_is_named_and_no_volume_is_a_skip() {
        let foreign = vec!["container sleeper (busybox, of no stack) mounts content".to_owned()];
        let finding = own_volumes(&foreign, 1);
        assert!(matches!(finding, Finding::Wrong { seen, .. } if seen.contains("sleeper")));
        assert!(matches!(own_volumes(&[], 0), Finding::Nothing(_)));
        assert_eq!(own_volumes(&[], 2), Finding::Right);
    }
}
