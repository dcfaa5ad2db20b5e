//! What trials use to reach an app on the simulated server, from a process beside the runner or from within it. Main type: [`Attached`].

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use camino::Utf8Path;
use harness_core::http::Answer;
use harness_core::name::ServiceName;
use harness_core::observation::Observation;
use harness_core::platform::App;
use jiff::Timestamp;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::in_process::Archives;
use super::protocol::{Ask, Call, Told};
use super::shared::Shared;
use super::stream::{Wire, WithinStream};
use super::{control, routed};
use crate::world::{ListedFile, Request};

/// How long a call may take.
const CALL: Duration = Duration::from_secs(20);

/// An app on a simulated server, in another process or in this one. Making one connects nothing. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Attached {
    way: Way,
    app: App,
}

/// The way to the server.
#[derive(Clone, Debug)]
enum Way {
    /// Through the control port of another process.
    Port { control: SocketAddr, token: String },
    /// It lives in this process.
    Here { shared: Arc<Shared>, archives: Archives },
}

/// What a program in a container gave. It ended with 0: anything else is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// What it wrote to its standard output, lossily.
    pub stdout: String,
    /// What it wrote to its standard error, lossily.
    pub stderr: String,
}

/// The simulated server could not be reached, or said no.
#[derive(Debug, Error)]
pub enum ControlError {
    /// It does not answer: the runner is gone.
    #[error("the simulated server at {control} does not answer")]
    Unreachable {
        /// Where it was.
        control: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// It answers something else.
    #[error("the simulated server gave an answer that makes no sense: {0}")]
    Unreadable(String),
    /// The service has no running container.
    #[error("{0}")]
    NotRunning(String),
    /// Nobody listens on a published port.
    #[error("nothing listens on port {0} of the simulated server")]
    Unheard(u16),
    /// There is no such file or folder.
    #[error("there is no such file or folder")]
    Missing,
    /// It cannot be read or written.
    #[error("{0}")]
    Refused(String),
    /// The program ended with something else than 0.
    #[error("exit code {code}: {said}")]
    Failed {
        /// The code.
        code: i64,
        /// What it said.
        said: String,
    },
}

impl Attached {
    /// Describes an app on a simulated server in another process.
    pub fn new(control: SocketAddr, token: &str, app: App) -> Self {
        Self { way: Way::Port { control, token: token.to_owned() }, app }
    }

    /// Describes an app on a simulated server in this process.
    pub(super) fn in_process(shared: &Arc<Shared>, archives: &Archives, app: App) -> Self {
        let way = Way::Here { shared: Arc::clone(shared), archives: Arc::clone(archives) };
        Self { way, app }
    }

    /// Returns the way to another app on the same server.
    #[must_use]
    pub fn of(&self, app: &App) -> Self {
        Self { way: self.way.clone(), app: app.clone() }
    }

    /// Returns the app.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Returns the time there, when the server is in this process; none when it is in another.
    pub fn now(&self) -> Option<Timestamp> {
        match &self.way {
            Way::Port { .. } => None,
            Way::Here { shared, .. } => Some(shared.now()),
        }
    }

    /// Takes a request through the router of a server in this process; none when it is in another: there one asks
    /// over HTTPS.
    pub async fn ask(&self, asked: &Request) -> Option<Answer> {
        match &self.way {
            Way::Port { .. } => None,
            Way::Here { shared, .. } => {
                let host = asked.headers.iter().find(|(name, _)| name == "host");
                let host = host.map_or(self.app.domain.as_str(), |(_, host)| host.as_str());
                Some(routed::answer(shared, host, asked).await)
            }
        }
    }

    /// Returns the content of a backup that a server in this process keeps; none when there is none at this path, or
    /// the server is in another process: there it is a file.
    pub fn archive(&self, path: &Utf8Path) -> Option<Vec<u8>> {
        match &self.way {
            Way::Port { .. } => None,
            Way::Here { archives, .. } => {
                archives.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
            }
        }
    }

    /// Runs a program in the container of a service's newest running task. No shell is added.
    ///
    /// # Errors
    /// Nothing runs, or it did not end with 0.
    pub async fn exec(
        &self,
        service: &ServiceName,
        argv: &[&str],
    ) -> Result<Executed, ControlError> {
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let told = self.call(Ask::Exec { service: service.clone(), argv }).await?;
        if let Told::Executed { code, stdout, stderr } = told {
            if code == 0 {
                return Ok(Executed { stdout, stderr });
            }
            let said = format!("{}{}", stdout.trim(), stderr.trim());
            return Err(ControlError::Failed { code, said });
        }
        Err(unexpected(told))
    }

    /// Reads a file in a service's container.
    ///
    /// # Errors
    /// Nothing runs, or there is no such file.
    pub async fn read_file(
        &self,
        service: &ServiceName,
        path: &Utf8Path,
    ) -> Result<Vec<u8>, ControlError> {
        let ask = Ask::Read { service: service.clone(), path: path.to_string() };
        let told = self.call(ask).await?;
        if let Told::File { bytes } = told {
            return Ok(bytes);
        }
        Err(unexpected(told))
    }

    /// Writes a file in a service's container, in place of one that is there.
    ///
    /// # Errors
    /// Nothing runs, there is no such folder, or it cannot be written.
    pub async fn write_file(
        &self,
        service: &ServiceName,
        path: &Utf8Path,
        content: &[u8],
    ) -> Result<(), ControlError> {
        let (service, path, bytes) = (service.clone(), path.to_string(), content.to_vec());
        self.done(Ask::Write { service, path, bytes }).await
    }

    /// Removes a file in a service's container. None to remove is fine.
    ///
    /// # Errors
    /// Nothing runs, or it cannot be removed.
    pub async fn remove_file(
        &self,
        service: &ServiceName,
        path: &Utf8Path,
    ) -> Result<(), ControlError> {
        self.done(Ask::Remove { service: service.clone(), path: path.to_string() }).await
    }

    /// Lists the files below a folder in a service's container.
    ///
    /// # Errors
    /// Nothing runs, or there is no such folder.
    pub async fn list_files(
        &self,
        service: &ServiceName,
        folder: &Utf8Path,
    ) -> Result<Vec<ListedFile>, ControlError> {
        let ask = Ask::List { service: service.clone(), folder: folder.to_string() };
        let told = self.call(ask).await?;
        if let Told::Listed { files } = told {
            return Ok(files);
        }
        Err(unexpected(told))
    }

    /// Reads the app's services and tasks.
    ///
    /// # Errors
    /// The simulated server does not answer.
    pub async fn observe(&self) -> Result<Observation, ControlError> {
        let told = self.call(Ask::Observe).await?;
        if let Told::Observed { observation } = told {
            return Ok(*observation);
        }
        Err(unexpected(told))
    }

    /// Names the containers of no stack, or of another, that mount a volume of this app's stack.
    ///
    /// # Errors
    /// The simulated server does not answer.
    pub async fn foreign_containers(&self) -> Result<Vec<String>, ControlError> {
        let told = self.call(Ask::Holders).await?;
        if let Told::Holders { holders } = told {
            return Ok(holders);
        }
        Err(unexpected(told))
    }

    /// Connects to a published TCP port of the server.
    ///
    /// # Errors
    /// Nobody listens there, or the simulated server does not answer.
    pub async fn connect(&self, port: u16) -> Result<Wire, ControlError> {
        let (control, token) = match &self.way {
            Way::Port { control, token } => (*control, token.clone()),
            Way::Here { shared, .. } => {
                let stream = WithinStream::open(shared, port).ok_or(ControlError::Unheard(port))?;
                return Ok(Wire::Within(Box::new(stream)));
            }
        };
        let call = Call { token, stack: self.app.stack.clone(), ask: Ask::Connect { port } };
        let asked = async {
            let mut stream = begin(control, &call).await?;
            // Not a byte more than the line: what follows is the port's.
            let mut line = Vec::new();
            while line.last() != Some(&b'\n') {
                line.push(stream.read_u8().await?);
            }
            Ok((line, stream))
        };
        let (line, stream) = within_limit(control, asked).await?;
        match read(&line)? {
            Told::Connected => Ok(Wire::Socket(stream)),
            Told::Unheard => Err(ControlError::Unheard(port)),
            told @ (Told::Done
            | Told::Executed { .. }
            | Told::File { .. }
            | Told::Listed { .. }
            | Told::Observed { .. }
            | Told::Holders { .. }
            | Told::NotRunning { .. }
            | Told::Missing
            | Told::Refused { .. }
            | Told::Denied { .. }) => Err(unexpected(told)),
        }
    }

    async fn done(&self, ask: Ask) -> Result<(), ControlError> {
        let told = self.call(ask).await?;
        if let Told::Done = told {
            return Ok(());
        }
        Err(unexpected(told))
    }

    async fn call(&self, ask: Ask) -> Result<Told, ControlError> {
        let (control, token) = match &self.way {
            Way::Port { control, token } => (*control, token.clone()),
            Way::Here { shared, .. } => return Ok(control::answer(shared, &self.app.stack, &ask)),
        };
        let call = Call { token, stack: self.app.stack.clone(), ask };
        let asked = async {
            let mut stream = begin(control, &call).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok(answer)
        };
        read(&within_limit(control, asked).await?)
    }
}

/// Connects to the control port and makes a call.
async fn begin(control: SocketAddr, call: &Call) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(control).await?;
    stream.set_nodelay(true)?;
    let mut text = serde_json::to_vec(call)?;
    text.push(b'\n');
    stream.write_all(&text).await?;
    Ok(stream)
}

async fn within_limit<V>(
    control: SocketAddr,
    asked: impl Future<Output = io::Result<V>>,
) -> Result<V, ControlError> {
    let failed = |source| ControlError::Unreachable { control, source };
    match tokio::time::timeout(CALL, asked).await {
        Ok(answer) => answer.map_err(failed),
        Err(elapsed) => Err(failed(io::Error::other(elapsed))),
    }
}

fn read(answer: &[u8]) -> Result<Told, ControlError> {
    serde_json::from_slice(answer).map_err(|e| ControlError::Unreadable(e.to_string()))
}

fn unexpected(told: Told) -> ControlError {
    match told {
        Told::NotRunning { reason } => ControlError::NotRunning(reason),
        Told::Missing => ControlError::Missing,
        Told::Refused { reason } => ControlError::Refused(reason),
        Told::Denied { reason } => ControlError::Unreadable(reason),
        other @ (Told::Done
        | Told::Executed { .. }
        | Told::File { .. }
        | Told::Listed { .. }
        | Told::Observed { .. }
        | Told::Holders { .. }
        | Told::Connected
        | Told::Unheard) => ControlError::Unreadable(format!("{other:?}")),
    }
}
