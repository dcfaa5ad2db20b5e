//! Commands in running containers.

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::query_parameters::DownloadFromContainerOptions;
use futures_util::StreamExt;

use super::{Docker, EngineError};

/// A command for a running container.
#[derive(Clone, Debug, Default)]
pub struct ExecRequest {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables, `NAME=value`.
    pub env: Vec<String>,
    /// The user, if not the image's own.
    pub user: Option<String>,
}

/// Which stream a piece of output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Docker {
    /// Runs a command in a container, hands over its output as it comes, and returns its exit code.
    ///
    /// # Errors
    /// The container does not run (a conflict) or is gone, or the engine did not answer.
    pub async fn exec(
        &self,
        container: &str,
        request: &ExecRequest,
        mut on_output: impl FnMut(Stream, &[u8]),
    ) -> Result<i64, EngineError> {
        let options = CreateExecOptions {
            cmd: Some(request.argv.clone()),
            env: Some(request.env.clone()),
            user: request.user.clone(),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let created = self.api.create_exec(container, options).await;
        let id = created.map_err(|e| EngineError::from_api("create an exec", e))?.id;
        let started = self
            .api
            .start_exec(&id, None)
            .await
            .map_err(|e| EngineError::from_api("start an exec", e))?;
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(piece) = output.next().await {
                match piece.map_err(|e| EngineError::from_api("read the output of an exec", e))? {
                    LogOutput::StdErr { message } => on_output(Stream::Err, &message),
                    LogOutput::StdOut { message } | LogOutput::Console { message } => {
                        on_output(Stream::Out, &message);
                    }
                    LogOutput::StdIn { .. } => {}
                }
            }
        }
        let ended = self
            .api
            .inspect_exec(&id)
            .await
            .map_err(|e| EngineError::from_api("inspect an exec", e))?;
        Ok(ended.exit_code.unwrap_or_default())
    }

    /// Returns a path in a container as a tar archive.
    ///
    /// # Errors
    /// The path or the container is not there.
    pub async fn download(&self, container: &str, path: &str) -> Result<Vec<u8>, EngineError> {
        let options = DownloadFromContainerOptions { path: path.to_owned() };
        let mut pieces = std::pin::pin!(self.api.download_from_container(container, Some(options)));
        let mut archive = Vec::new();
        while let Some(piece) = pieces.next().await {
            archive.extend_from_slice(
                &piece.map_err(|e| EngineError::from_api("download from a container", e))?,
            );
        }
        Ok(archive)
    }
}
