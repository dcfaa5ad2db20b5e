//! A suite's overlay, `compose.ccci.yml`: it may change what is around the recipe, never what is tested.

use super::layer::{InvalidLayer, Layer};
use crate::recipe::Compose;

/// The name of the overlay in a suite's folder and in the checkout.
pub const OVERLAY: &str = "compose.ccci.yml";

/// Labels that say what is tested.
const TESTED: &[&str] = &["coop-cloud.", "backupbot."];

/// Checks an overlay against the recipe that it will be laid over: the compose files of one revision.
///
/// # Errors
/// It cannot be read, pins an image, claims another compose version, or is about services that the recipe does not
/// have.
pub fn check_overlay(file: &str, text: &str, recipe: &Compose) -> Result<(), InvalidLayer> {
    let layer = Layer::read(file, text)?;
    for service in &layer.compose.services {
        let name = service.name.as_str();
        if let Some(key) = ["image", "build"].into_iter().find(|key| layer.has(name, key)) {
            let problem = format!(
                "an overlay must not change what is tested, and `{key}` pins the image of service `{name}`: take it out"
            );
            return Err(layer.wrong(&["services", name, key], &problem));
        }
        let tested = |label: &&str| TESTED.iter().any(|prefix| label.starts_with(prefix));
        if let Some(label) = service.labels.iter().map(|(label, _)| label.as_str()).find(tested) {
            let problem = format!(
                "an overlay must not change what is tested, and `{label}` is the recipe's own to say: take it out"
            );
            return Err(layer.wrong_text(label, &problem));
        }
    }
    layer.same_version(recipe)?;
    layer.known_services(recipe)
}
