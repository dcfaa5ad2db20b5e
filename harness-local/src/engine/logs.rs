//! Logs of services.

use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt;
use futures_util::stream::select_all;

use super::{Docker, EngineError, Stream};

/// Which log lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRequest {
    /// Full names of the services.
    pub services: Vec<String>,
    /// How many lines from the end; empty means all.
    pub tail: String,
    /// From which time on, in seconds of the Unix epoch; 0 means all.
    pub since: i32,
    /// Whether standard output is left out.
    pub errors_only: bool,
    /// Whether to go on for ever.
    pub follow: bool,
}

impl Docker {
    /// Hands over log lines as they come, with the service's name. With `follow` it returns only on an error.
    ///
    /// # Errors
    /// The engine did not answer, or the stream broke.
    pub async fn service_logs(
        &self,
        request: &LogRequest,
        mut on_line: impl FnMut(&str, Stream, &[u8]),
    ) -> Result<(), EngineError> {
        let streams = request.services.iter().map(|service| {
            let options = LogsOptions {
                follow: request.follow,
                stdout: !request.errors_only,
                stderr: true,
                since: request.since,
                tail: if request.tail.is_empty() { "all".to_owned() } else { request.tail.clone() },
                ..Default::default()
            };
            self.api
                .service_logs(service, Some(options))
                .map(move |piece| (service.as_str(), piece))
                .boxed()
        });
        let mut lines = select_all(streams);
        while let Some((service, piece)) = lines.next().await {
            let piece = piece.map_err(|e| EngineError::from_api("read a service's log", e))?;
            let stream = if matches!(piece, bollard::container::LogOutput::StdErr { .. }) {
                Stream::Err
            } else {
                Stream::Out
            };
            on_line(service, stream, piece.as_ref());
        }
        Ok(())
    }
}
