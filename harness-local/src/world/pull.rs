//! Images: there, to be pulled, or not to be had.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::state::World;
use super::step::Step;

/// Where an image comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// It is there.
    Present,
    /// Pulling takes so long.
    Registry(Duration),
    /// It cannot be had; the engine says this.
    Nowhere(String),
}

/// An image could not be pulled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the engine could not pull {image}: {said}")]
pub struct PullError {
    /// The image.
    pub image: String,
    /// What the engine said.
    pub said: String,
}

/// The images of the engine.
#[derive(Clone, Debug, Default)]
pub(super) struct Images {
    known: BTreeMap<String, ImageSource>,
}

impl Images {
    pub(super) fn is_present(&self, image: &str) -> bool {
        self.known.get(image) == Some(&ImageSource::Present)
    }
}

impl World {
    /// Says where an image comes from. One of which nothing was said cannot be had.
    pub fn set_image(&mut self, image: &str, source: ImageSource) {
        self.images.known.insert(image.to_owned(), source);
    }

    /// Returns whether something was said about an image.
    pub fn knows_image(&self, image: &str) -> bool {
        self.images.known.contains_key(image)
    }

    /// Returns what was said about where an image comes from.
    pub(super) fn image_source(&self, image: &str) -> Option<&ImageSource> {
        self.images.known.get(image)
    }

    /// Returns whether an image is there.
    pub fn has_image(&self, image: &str) -> bool {
        self.images.is_present(image)
    }

    /// Begins to pull an image.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn pull(&mut self, image: &str) -> Result<(), PullError> {
        let failed = |said: String| PullError { image: image.to_owned(), said };
        match self.images.known.get(image).cloned() {
            Some(ImageSource::Present) => Ok(()),
            Some(ImageSource::Registry(time)) => {
                self.plan(time, Step::Pulled(image.to_owned()));
                Ok(())
            }
            Some(ImageSource::Nowhere(said)) => Err(failed(said)),
            None => Err(failed("manifest unknown: manifest unknown".to_owned())),
        }
    }

    pub(super) fn image_pulled(&mut self, image: &str) {
        self.set_image(image, ImageSource::Present);
        self.say("image pull", image);
    }
}
