//! Images: which are there, and pulling the others before a deploy, so that a pull's failure is no time-out later.

use std::time::Duration;

use bollard::errors::Error;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use harness_core::cause::CauseClass;
use thiserror::Error as ThisError;

use super::connect::{Engine, QUESTION};
use super::error::EngineError;

/// An image could not be pulled.
#[derive(Debug, ThisError)]
pub enum PullError {
    /// The registry, or the way to it, said no.
    #[error("image `{image}` is not on the engine and cannot be pulled: {said}")]
    Registry {
        /// The image.
        image: String,
        /// What was said.
        said: String,
    },
    /// It took too long.
    #[error("image `{image}` was not pulled within {limit:?}")]
    TimedOut {
        /// The image.
        image: String,
        /// The limit.
        limit: Duration,
    },
    /// The engine does not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl PullError {
    /// Returns whose fault it is. An image that nobody has is the registry's too: a recipe whose image was there
    /// once is no worse for its being gone.
    pub const fn class(&self) -> CauseClass {
        match self {
            Self::Registry { .. } | Self::TimedOut { .. } => CauseClass::Registry,
            Self::Engine(error) => error.class(),
        }
    }
}

impl Engine {
    /// Returns whether the engine has an image.
    pub(crate) async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        let what = "describe an image";
        match self.ask(what, QUESTION, self.docker.inspect_image(image)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Pulls an image.
    pub(crate) async fn pull(&self, image: &str, limit: Duration) -> Result<(), PullError> {
        let options = CreateImageOptionsBuilder::new().from_image(&tagged(image)).build();
        // The client's own limit is for questions: a registry may take longer to begin. Ours below ends first.
        let docker = self.docker.clone().with_timeout(limit.saturating_add(QUESTION));
        let pull = async {
            let mut progress = std::pin::pin!(docker.create_image(Some(options), None, None));
            while let Some(step) = progress.next().await {
                step?;
            }
            Ok(())
        };
        match tokio::time::timeout(limit, pull).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(pull_error(self.host(), image, limit, error)),
            Err(_elapsed) => Err(PullError::TimedOut { image: image.to_owned(), limit }),
        }
    }
}

/// Says what a pull's end means. One that runs past the client's limit waits for the registry: the engine itself
/// answered a moment ago.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the client's errors are not ours: only those that are the registry's are told apart"
)]
fn pull_error(host: &str, image: &str, limit: Duration, error: Error) -> PullError {
    let image = image.to_owned();
    match error {
        Error::DockerResponseServerError { message, .. } => {
            PullError::Registry { image, said: message }
        }
        Error::DockerStreamError { error } => PullError::Registry { image, said: error },
        Error::RequestTimeoutError => PullError::TimedOut { image, limit },
        error => PullError::Engine(EngineError::from_api(host, "pull an image", error)),
    }
}

/// Returns the image with a tag: without one the engine would pull all tags.
fn tagged(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_that_takes_too_long_is_the_registry_s_fault_and_not_the_host_s() {
        let limit = Duration::from_secs(300);
        let class =
            |error| pull_error("unix:///var/run/docker.sock", "nginx:1.22.1", limit, error).class();
        assert_eq!(class(Error::RequestTimeoutError), CauseClass::Registry);
        let gone = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(class(Error::IOError { err: gone }), CauseClass::Host);
    }

    #[test]
    fn only_an_image_without_a_tag_gets_one() {
        assert_eq!(tagged("nginx"), "nginx:latest");
        assert_eq!(tagged("nginx:1.22.1"), "nginx:1.22.1");
        assert_eq!(
            tagged("registry.example.org:5000/nginx"),
            "registry.example.org:5000/nginx:latest"
        );
        assert_eq!(tagged("nginx@sha256:00"), "nginx@sha256:00");
    }
}
