//! A Mumble client that comes in, looks around and may make a channel. Main types: [`Client`], [`Answer`].

use std::collections::BTreeMap;
use std::time::Duration;

use harness_core::wait::{Hint, Pace, Readiness, until};
use recipe_tests::{CauseClass, Check, Ctx, Failure, Stream, TlsTrust};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::protocol::{
    AUTHENTICATE, CHANNEL_REMOVE, CHANNEL_STATE, Message, PERMISSION_DENIED, PORT, REJECT,
    SERVER_CONFIG, SERVER_SYNC, VERSION,
};

/// How long the server may take for one answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How long it may take to start.
const START: Duration = Duration::from_secs(40);

/// The root of all channels.
const ROOT: u64 = 0;

/// A connection that the server let in.
pub(super) struct Client {
    stream: Stream,
    received: Vec<u8>,
}

/// What the server tells whom it lets in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Welcome {
    /// The release, as the server says it.
    pub(super) release: String,
    /// The number of the session.
    pub(super) session: u64,
    /// Every channel, by its number.
    pub(super) channels: BTreeMap<u64, String>,
    /// The welcome text.
    pub(super) text: String,
    /// How many may be connected at a time.
    pub(super) max_users: u64,
}

/// How the server answers one who knocks.
pub(super) enum Answer {
    /// It lets them in.
    Welcome(Client, Welcome),
    /// It does not, for a reason.
    Rejected { kind: u64, reason: String },
}

/// What keeps a client from going on.
enum Trouble {
    /// There is no connection or it ended: so it is while a server starts.
    Gone(String),
    /// Anything else.
    Wrong(Failure),
}

impl Client {
    /// Comes in; waits for a server that is starting, and for nothing else.
    pub(super) async fn enter(
        ctx: &Ctx,
        name: &str,
        password: Option<&str>,
    ) -> Result<Answer, Failure> {
        let look = async || match Self::knock(ctx, name, password).await {
            Ok(answer) => Readiness::Ready(Ok(answer)),
            Err(Trouble::Gone(text)) => Readiness::NotYet(text),
            Err(Trouble::Wrong(failure)) => Readiness::Ready(Err(failure)),
        };
        // The pace spares the server: each look is a connection.
        let pace =
            Pace { quick: Duration::from_secs(1), slow: Duration::from_secs(1), limit: START };
        until(pace, &Hint::default(), look, |_| {}).await?
    }

    /// Comes in as anyone may.
    pub(super) async fn guest(ctx: &Ctx) -> Result<(Self, Welcome), Failure> {
        match Self::enter(ctx, &ctx.unique("guest"), None).await? {
            Answer::Welcome(client, welcome) => Ok((client, welcome)),
            Answer::Rejected { kind, reason } => {
                Err(Failure::new("the server to let a guest in", rejection(kind, &reason)))
            }
        }
    }

    /// Comes in as the one who may do everything.
    pub(super) async fn superuser(ctx: &Ctx, password: &str) -> Result<Self, Failure> {
        match Self::enter(ctx, "SuperUser", Some(password)).await? {
            Answer::Welcome(client, _) => Ok(client),
            Answer::Rejected { kind, reason } => Err(Failure::new(
                "the server to let SuperUser in with the password of the secret",
                rejection(kind, &reason),
            )),
        }
    }

    /// Makes a channel below the root, as SuperUser.
    pub(super) async fn make_channel(&mut self, name: &str) -> Result<u64, Failure> {
        let wish = Message::new(CHANNEL_STATE).number(2, ROOT).text(3, name);
        let made = |m: &Message| {
            (m.kind == CHANNEL_STATE && m.text_in(3).as_deref() == Some(name))
                .then(|| m.number_in(1))
        };
        let id = self.ask(&wish, made, "the new channel").await?;
        id.ok_or_else(|| Failure::new("a channel with a number", "one without"))
    }

    /// Removes a channel, as SuperUser.
    pub(super) async fn remove_channel(&mut self, id: u64) -> Check {
        let wish = Message::new(CHANNEL_REMOVE).number(1, id);
        let gone =
            |m: &Message| (m.kind == CHANNEL_REMOVE && m.number_in(1) == Some(id)).then_some(());
        self.ask(&wish, gone, "the end of the channel").await
    }

    /// Returns once the server has closed the connection.
    pub(super) async fn ended(mut self, limit: Duration) -> Check {
        let mut silence = async || {
            let mut heard = [0; 1024];
            while self.stream.read(&mut heard).await.is_ok_and(|length| length > 0) {}
        };
        let ended = tokio::time::timeout(limit, silence()).await;
        ended.map_err(|_| {
            Failure::new("the server to end", format!("it was still connected after {limit:?}"))
        })
    }

    async fn knock(ctx: &Ctx, name: &str, password: Option<&str>) -> Result<Answer, Trouble> {
        let stream = ctx.tls(PORT, TlsTrust::AnyCertificate).await;
        // It takes connections before it has made its certificate.
        let stream = stream.map_err(|error| Trouble::Gone(error.to_string()))?;
        let mut client = Self { stream, received: Vec::new() };
        let version = Message::new(VERSION).number(1, 1 << 16 | 5 << 8).text(2, "cc-ci");
        let mut knock = Message::new(AUTHENTICATE).text(1, name).number(5, 1);
        if let Some(password) = password {
            knock = knock.text(2, password);
        }
        client.send(&version).await?;
        client.send(&knock).await?;
        let mut welcome = Welcome::default();
        let answer = tokio::time::timeout(ANSWER, client.welcomed(&mut welcome)).await;
        let rejected = answer.map_err(|_| {
            let seen = format!("none within {ANSWER:?}; so far: {welcome:?}");
            Trouble::Wrong(Failure::new("a whole answer to Authenticate", seen))
        })??;
        Ok(match rejected {
            Some((kind, reason)) => Answer::Rejected { kind, reason },
            None => Answer::Welcome(client, welcome),
        })
    }

    /// Collects what the server says up to its limits, which come last; or why it does not let one in.
    async fn welcomed(&mut self, welcome: &mut Welcome) -> Result<Option<(u64, String)>, Trouble> {
        loop {
            let message = self.next().await?;
            let (text, number) = (|f| message.text_in(f), |f| message.number_in(f));
            match message.kind {
                VERSION => welcome.release = text(2).unwrap_or_default(),
                REJECT => {
                    let reason = text(2).unwrap_or_default();
                    return Ok(Some((number(1).unwrap_or_default(), reason)));
                }
                CHANNEL_STATE => {
                    let id = number(1).unwrap_or_default();
                    welcome.channels.insert(id, text(3).unwrap_or_default());
                }
                SERVER_SYNC => {
                    welcome.session = number(1).unwrap_or_default();
                    welcome.text = text(3).unwrap_or_default();
                }
                SERVER_CONFIG => {
                    welcome.max_users = number(6).unwrap_or_default();
                    return Ok(None);
                }
                _ => {}
            }
        }
    }

    /// Says something and waits for what it brings about.
    async fn ask<V>(
        &mut self,
        wish: &Message,
        mut is_it: impl FnMut(&Message) -> Option<V>,
        what: &str,
    ) -> Result<V, Failure> {
        self.send(wish).await.map_err(Trouble::into_failure)?;
        let answer = async {
            loop {
                let message = self.next().await.map_err(Trouble::into_failure)?;
                if message.kind == PERMISSION_DENIED {
                    let (kind, reason) = (message.number_in(5), message.text_in(4));
                    let seen = format!("PermissionDenied of type {kind:?}: {reason:?}");
                    return Err(Failure::new(what, seen));
                }
                if let Some(it) = is_it(&message) {
                    return Ok(it);
                }
            }
        };
        let late = |_| Failure::new(what, format!("nothing of the kind within {ANSWER:?}"));
        tokio::time::timeout(ANSWER, answer).await.map_err(late)?
    }

    async fn send(&mut self, message: &Message) -> Result<(), Trouble> {
        let gone = |e: std::io::Error| Trouble::Gone(format!("the server does not listen: {e}"));
        self.stream.write_all(&message.framed()).await.map_err(gone)?;
        self.stream.flush().await.map_err(gone)
    }

    async fn next(&mut self) -> Result<Message, Trouble> {
        loop {
            let whole = Message::take(&mut self.received);
            let whole = whole
                .map_err(|e| Trouble::Wrong(Failure::error(CauseClass::App, e.to_string())))?;
            if let Some(message) = whole {
                return Ok(message);
            }
            let read = self.stream.read_buf(&mut self.received).await;
            let length = read.map_err(|e| Trouble::Gone(format!("the connection broke: {e}")))?;
            if length == 0 {
                return Err(Trouble::Gone("the server closed the connection".to_owned()));
            }
        }
    }
}

impl Trouble {
    fn into_failure(self) -> Failure {
        match self {
            Self::Gone(text) => Failure::error(CauseClass::App, text),
            Self::Wrong(failure) => failure,
        }
    }
}

fn rejection(kind: u64, reason: &str) -> String {
    format!("Reject of type {kind}: {reason}")
}
