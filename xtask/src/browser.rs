//! The browser that checks look at pages with.

use harness_core::browser::{PACKAGES, Programs, how_to_install};

use crate::engine::install_packages;
use crate::machine::Machine;
use crate::progress::say;

/// Makes sure that there is a browser.
pub(crate) async fn ensure(machine: &Machine) -> anyhow::Result<()> {
    let Err(missing) = Programs::find(&machine.base) else { return Ok(()) };
    if !machine.is_root {
        anyhow::bail!("`{missing}` is missing: `sudo {}`", how_to_install());
    }
    say("installing Chromium from Debian's packages");
    install_packages(machine, &PACKAGES).await
}

/// Makes sure that there is a browser, or says what comes of there being none: a server is one without it too.
pub(crate) async fn ensure_or_say(machine: &Machine) {
    if let Err(error) = ensure(machine).await {
        say(&format!("no browser: checks that look at pages cannot be verified here: {error:#}"));
    }
}
