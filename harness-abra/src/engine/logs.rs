//! The last lines that a service's tasks logged, also those of tasks that ended.

use std::time::Duration;

use bollard::models::Task as ApiTask;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use harness_core::name::{ServiceName, StackName};

use super::connect::Engine;
use super::error::EngineError;
use super::lists::filters;
use super::tasks::container_of;

/// How long one container's log may take: a service's log as a whole can hang for ever.
const LIMIT: Duration = Duration::from_secs(3);

/// So many containers are asked at most, the newest ones.
const MAX_CONTAINERS: usize = 5;

impl Engine {
    /// Returns the last lines of a service's containers, oldest first.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn logs(
        &self,
        stack: &StackName,
        service: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, EngineError> {
        let name = format!("{stack}_{service}");
        let tasks = match self.tasks_where(&filters(&[("service", &name)])).await {
            Ok(tasks) => tasks,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found: Vec<String> = Vec::new();
        for container in newest_containers(tasks) {
            if found.len() >= lines {
                break;
            }
            let mut older = self.log_of(&container, lines - found.len()).await;
            older.append(&mut found);
            found = older;
        }
        Ok(found)
    }

    /// Returns what came within the limit: half a log is better than none.
    async fn log_of(&self, container: &str, lines: usize) -> Vec<String> {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let mut text = String::new();
        let read = async {
            let mut stream = std::pin::pin!(self.docker.logs(container, Some(options)));
            while let Some(Ok(chunk)) = stream.next().await {
                text.push_str(&chunk.to_string());
            }
        };
        if tokio::time::timeout(LIMIT, read).await.is_err() {
            tracing::debug!(container, "a container's log did not end in time");
        }
        text.lines().map(str::to_owned).collect()
    }
}

fn newest_containers(mut tasks: Vec<ApiTask>) -> Vec<String> {
    tasks.sort_by(|a, b| b.created_at.cmp(&a.created_at));
    let ids = tasks.iter().filter_map(container_of).map(str::to_owned);
    ids.take(MAX_CONTAINERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_tasks_are_asked_too_and_the_newest_first() {
        let all: Vec<ApiTask> =
            serde_json::from_str(include_str!("../../fixtures/engine/20.10/tasks.json")).unwrap();
        let crashed = |t: &ApiTask| {
            t.status
                .as_ref()
                .and_then(|s| s.container_status.as_ref()?.exit_code)
                .is_some_and(|code| code == 3)
        };
        let ended: Vec<ApiTask> = all.into_iter().filter(crashed).collect();
        let newest = ended.iter().max_by(|a, b| a.created_at.cmp(&b.created_at)).cloned().unwrap();
        let ids = newest_containers(ended);
        assert!(ids.len() >= 3);
        assert_eq!(ids[0], newest.status.unwrap().container_status.unwrap().container_id.unwrap());
    }
}
