//! What is kept of the pages of a step that failed: a picture and the console, without secrets. Main function:
//! [`Ctx::close_pages`].

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tokio::time::timeout;

use super::error::PageError;
use super::tidied::{Tidied, tidied};
use super::visit::Page;
use crate::ctx::Ctx;

/// How long all of it may take.
pub(crate) const EVIDENCE: Duration = Duration::from_secs(30);

/// How long a page may take to close.
const CLOSE: Duration = Duration::from_secs(5);

impl Ctx {
    /// Closes the pages that a step opened, and keeps what they show first if the step of that name failed. Returns
    /// what was kept, or why not.
    pub(crate) async fn close_pages(&self, failed: Option<&str>) -> Vec<String> {
        let pages = self.opened_pages();
        if pages.is_empty() {
            return Vec::new();
        }
        let mut kept = Vec::new();
        if let (Some(name), Some(dir)) = (failed, &self.run().browser) {
            let keep = async {
                for (number, page) in pages.iter().enumerate() {
                    let name = file_name(&format!("{}-{name}", self.run().tier), number);
                    kept.extend(self.keep_page(page, dir, &name).await);
                }
            };
            if timeout(EVIDENCE - CLOSE, keep).await.is_err() {
                kept.push("no picture: the browser does not answer".to_owned());
            }
        }
        let close = async {
            for page in &pages {
                page.close().await;
            }
        };
        if timeout(CLOSE, close).await.is_err() {
            // What hangs is killed; the next page starts a driver anew.
            self.end_browser().await;
        }
        for page in pages {
            page.forget();
        }
        kept
    }

    /// Keeps a picture of what a page shows now among the run's artefacts, as evidence of what passed: as
    /// `browser/<tier>-<name>.png`. The run's secrets, and what was typed into fields for passwords, are taken out of the
    /// page first, so nothing more should be done on it than to leave. Nothing is kept where a run keeps no pictures.
    ///
    /// # Errors
    /// The browser does not answer, or the picture cannot be written.
    pub async fn keep_picture(&self, page: &Page, name: &str) -> Result<(), PageError> {
        let Some(dir) = &self.run().browser else { return Ok(()) };
        self.tidy(page).await?;
        let png = page.screenshot().await?;
        let path =
            dir.join(format!("{}.png", file_name(&format!("{}-{name}", self.run().tier), 0)));
        let written = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&path, png));
        written.map_err(|e| PageError::NotKept { path, reason: e.to_string() })
    }

    async fn keep_page(&self, page: &Page, dir: &Utf8Path, name: &str) -> Vec<String> {
        let mut kept = Vec::new();
        // The console first: cleaning the page may add to it.
        let log = match page.console().await {
            Ok(lines) => lines,
            Err(error) => format!("the console could not be read: {error}\n"),
        };
        let address = page.url().await.unwrap_or_else(|error| error.to_string());
        let log = format!("{address}\n{log}");
        let log = self.scrubbed(page, &log);
        let written = write(dir, &format!("{name}.log"), log.as_bytes());
        kept.push(match worst(&log) {
            Some(line) => format!("{written} ({line})"),
            None => written,
        });
        let picture = match self.tidy(page).await {
            Ok(()) => page.screenshot().await,
            Err(error) => Err(error),
        };
        kept.push(match picture {
            Ok(png) => write(dir, &format!("{name}.png"), &png),
            Err(error) => format!("no picture: {}", self.scrubbed(page, &error.to_string())),
        });
        kept
    }

    /// Takes all known secrets out of what the page shows.
    pub(super) async fn tidy(&self, page: &Page) -> Result<(), PageError> {
        let shown = page.texts().await?;
        let Tidied { replaced } = tidied(&shown, |text| self.scrubbed(page, text));
        if replaced.is_empty() {
            return Ok(());
        }
        page.replace(&replaced).await
    }

    /// Returns a text without the run's secrets and without what was typed into the page's fields for passwords.
    fn scrubbed(&self, page: &Page, text: &str) -> String {
        let mut text = self.scrub(text);
        for typed in page.typed().iter().filter(|typed| !typed.expose().is_empty()) {
            text = text.replace(typed.expose(), harness_core::secret::PLACEHOLDER);
        }
        text
    }
}

impl Page {
    /// Closes the browser.
    async fn close(&self) {
        // One that is gone is closed.
        drop(self.driver().clone().quit().await);
    }

    /// Lets go of a browser that is gone, whoever else still holds it, and removes what it remembered.
    fn forget(self) {
        // What cannot be removed yet goes with the folder around it, at the end of the run at the latest.
        drop(std::fs::remove_dir_all(self.profile()));
        // An error says that it was closed in order.
        drop(self.driver().clone().leak());
    }

    /// Returns what was said in the console since this was asked last, one line each.
    async fn console(&self) -> Result<String, PageError> {
        let entries = self.step("say what is in its console", self.driver().browser_log()).await?;
        Ok(entries
            .iter()
            .map(|e| format!("{} {}\n", e.level, e.message.replace('\n', " ")))
            .collect())
    }
}

/// Writes a file of evidence and names it as one finds it in the run's folder.
fn write(dir: &Utf8Path, name: &str, content: &[u8]) -> String {
    let path: Utf8PathBuf = dir.join(name);
    let written = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&path, content));
    match written {
        Ok(()) => format!("{}/{name}", dir.file_name().unwrap_or_default()),
        Err(error) => format!("{path} could not be written: {error}"),
    }
}

/// Returns the first error of a console, short enough for a message.
fn worst(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.starts_with("SEVERE"))?;
    Some(line.chars().take(300).collect())
}

/// Returns a name for the files of a step's page.
fn file_name(step: &str, number: usize) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let step: String = step.chars().map(plain).collect();
    if number == 0 { step } else { format!("{step}-{}", number + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_of_a_console_is_told_and_what_is_none_is_not() {
        let log = "https://a.test/\nWARNING old\nSEVERE a bad thing\nSEVERE another\n";
        assert_eq!(worst(log).as_deref(), Some("SEVERE a bad thing"));
        assert_eq!(worst("https://a.test/\nWARNING old\n"), None);
        assert_eq!(worst(&format!("SEVERE {}", "x".repeat(400))).unwrap().len(), 300);
    }

    #[test]
    fn each_page_of_a_step_has_a_name_of_its_own_that_is_a_plain_file() {
        assert_eq!(file_name("custom-page_shows", 0), "custom-page_shows");
        assert_eq!(file_name("custom-page_shows", 1), "custom-page_shows-2");
        assert_eq!(file_name("custom-../../x y", 0), "custom-..-..-x-y");
    }
}
