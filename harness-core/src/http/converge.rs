//! Waiting for an answer, and asserting on one that may need a moment.

use std::time::Duration;

use super::{Answer, HttpError, RouterPage, router_page};
use crate::cause::{Cause, CauseClass};
use crate::wait::{Hint, Pace, Readiness, WaitError, until};

/// What a check says of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Right,
    /// It is not; waiting will not help.
    Wrong(String),
}

/// Decides from one answer whether the app serves: one of `ok`, and not the router's own page.
/// No answer, a 5xx and the router's pages may pass; any other status is the app's word and is reported at the end.
fn serving(answer: Result<&Answer, &HttpError>, ok: &[u16]) -> Readiness<()> {
    match answer {
        Err(error) => Readiness::NotYet(error.to_string()),
        Ok(answer) => match router_page(answer) {
            Some(RouterPage::UnknownHost) => Readiness::NotYet(
                "the router knows no app by this host (its own 404 page)".to_owned(),
            ),
            Some(RouterPage::NoBackend) => Readiness::NotYet(format!(
                "the router reaches no task of the app: {}",
                answer.summary()
            )),
            None if ok.contains(&answer.status) => Readiness::Ready(()),
            None => Readiness::NotYet(format!("expected status {ok:?}, seen {}", answer.summary())),
        },
    }
}

/// Asks until the app itself answers with one of these statuses, and returns that answer.
///
/// # Errors
/// It did not within the limit; the error carries what was last seen.
pub async fn wait_for_http(
    pace: Pace,
    ok: &[u16],
    mut ask: impl AsyncFnMut() -> Result<Answer, HttpError>,
    status: impl FnMut(&str),
) -> Result<Answer, WaitError> {
    let look = async || {
        let answer = ask().await;
        match (serving(answer.as_ref(), ok), answer) {
            (Readiness::Ready(()), Ok(answer)) => Readiness::Ready(answer),
            (Readiness::Ready(()), Err(error)) => Readiness::NotYet(error.to_string()),
            (Readiness::NotYet(text), _) => Readiness::NotYet(text),
            (Readiness::Hopeless(cause), _) => Readiness::Hopeless(cause),
        }
    };
    until(pace, &Hint::default(), look, status).await
}

/// Asks and judges: transport failures and 5xx are asked again until the limit, everything else (a 4xx too) is
/// judged at once, and a wrong answer fails at once.
///
/// # Errors
/// The judge said [`Verdict::Wrong`], or there was nothing to judge within the limit.
pub async fn assert_converges(
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Result<Answer, HttpError>,
    judge: impl Fn(&Answer) -> Verdict,
) -> Result<Answer, WaitError> {
    let look = async || match ask().await {
        Err(error) => Readiness::NotYet(error.to_string()),
        Ok(answer) if answer.status >= 500 => Readiness::NotYet(answer.summary()),
        Ok(answer) => match judge(&answer) {
            Verdict::Right => Readiness::Ready(answer),
            Verdict::Wrong(text) => Readiness::Hopeless(Cause::new(CauseClass::App, text)),
        },
    };
    until(Pace::within(limit), &Hint::default(), look, |_| {}).await
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, HttpError> {
        Ok(Answer {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            certificate: None,
        })
    }

    fn refused() -> Result<Answer, HttpError> {
        Err(HttpError::Connect { url: "https://a.test".to_owned(), reason: "refused".to_owned() })
    }

    fn script(
        answers: Vec<Result<Answer, HttpError>>,
    ) -> impl AsyncFnMut() -> Result<Answer, HttpError> {
        let mut left = VecDeque::from(answers);
        async move || {
            if left.len() > 1 { left.pop_front().expect("two are left") } else { left[0].clone() }
        }
    }

    fn right_if(status: u16) -> impl Fn(&Answer) -> Verdict {
        move |a| if a.status == status { Verdict::Right } else { Verdict::Wrong(a.summary()) }
    }

    #[tokio::test(start_paused = true)]
    async fn readiness_waits_out_refusals_5xx_and_the_routers_page() {
        let answers = vec![
            refused(),
            answer(404, "404 page not found\n"),
            answer(503, "booting"),
            answer(200, "hi"),
        ];
        let got =
            wait_for_http(Pace::within(Duration::from_secs(5)), &[200], script(answers), |_| {})
                .await
                .unwrap();
        assert_eq!(got.text(), "hi");
    }

    #[tokio::test(start_paused = true)]
    async fn the_routers_page_is_never_ready_even_when_its_status_is_wanted() {
        let pace = Pace::within(Duration::from_secs(2));
        let error =
            wait_for_http(pace, &[404], script(vec![answer(404, "404 page not found\n")]), |_| {})
                .await;
        assert!(error.unwrap_err().to_string().contains("router knows no app"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_4xx_is_judged_at_once_and_a_5xx_is_asked_again() {
        let limit = Duration::from_secs(90);
        let began = tokio::time::Instant::now();
        let error = assert_converges(limit, script(vec![answer(403, "no")]), right_if(200))
            .await
            .unwrap_err();
        assert!(matches!(error, WaitError::Hopeless(_)));
        assert!(began.elapsed() < Duration::from_millis(1));
        let answers = vec![answer(500, "pool"), refused(), answer(200, "ok")];
        assert_eq!(
            assert_converges(limit, script(answers), right_if(200)).await.unwrap().status,
            200
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_5xx_fails_in_the_end() {
        let limit = Duration::from_secs(3);
        let error = assert_converges(limit, script(vec![answer(500, "pool")]), right_if(200))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("status 500"), "{error}");
    }
}
