//! The browser of a trials process: started at the first page, and what becomes of its pages. Main type: [`Browser`].

use std::sync::{Mutex as StdMutex, PoisonError};

use tokio::sync::Mutex;

use super::driver::{Driver, Setting};
use super::error::PageError;
use super::visit::Page;

/// The driver, once there is one, and the pages that the step under way has opened.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    driver: Mutex<Option<Driver>>,
    pages: StdMutex<Vec<Page>>,
}

impl Browser {
    /// Returns a page in a browser of its own.
    pub(super) async fn page(&self, setting: Setting<'_>) -> Result<Page, PageError> {
        let mut slot = self.driver.lock().await;
        if slot.as_mut().is_some_and(|driver| !driver.is_alive()) {
            *slot = None;
        }
        let driver = match slot.take() {
            Some(driver) => slot.insert(driver),
            None => slot.insert(Driver::start(setting).await?),
        };
        let (begun, profile) = driver.begin(setting).await?;
        let page = Page::new(begun, profile, setting.domain);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).push(page.clone());
        Ok(page)
    }

    /// Takes out the pages that were opened since this was called last.
    pub(super) fn take_pages(&self) -> Vec<Page> {
        std::mem::take(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the driver with all its browsers, whatever they do.
    pub(super) async fn end(&self) {
        drop(self.driver.lock().await.take());
    }
}
