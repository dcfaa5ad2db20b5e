//! Deploying the placed revision as abra does: a release that its lint lets through under its version, all else in
//! chaos.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::lint::LintStatus;
use harness_core::platform::{App, OpError, Revision};
use harness_core::recipe::Compose;

use super::create::read;
use super::server::Server;
use super::stack_spec::{pass_on, stack_spec};
use crate::abra::secrets::{check_names, check_present, of_app};
use crate::abra::stamp::{Stamp, labels};
use crate::app::StandIns;

impl Server {
    pub(super) fn put_up(&self, app: &App, at: &Revision) -> Result<(), OpError> {
        let op = format!("deploy commit {} as {}", at.commit.short(), app.domain);
        let mut known = self.apps().known(app, &op)?;
        if known.checkout.commit != at.commit {
            let text = "another revision is placed, or none: place it first";
            return Err(OpError::new(op, CauseClass::Harness, text));
        }
        let release = self.release(at, &known.checkout);
        let runs = self.shared.with(|w| !w.observe(&app.stack).services.is_empty());
        let release = match release.filter(|_| !runs) {
            Some(tag) if !self.lint_stops(app, at)? => Some(tag),
            Some(_) | None => None,
        };
        let stamp = match release {
            Some(tag) => Stamp::Version(tag),
            None => {
                let dirty = if known.checkout.is_dirty() { "+U" } else { "" };
                Stamp::Chaos(format!("{}{dirty}", at.commit.short()))
            }
        };
        let mut compose = read(&known, app, &op)?;
        pass_on(&mut compose, |name| known.env.get(name));
        let refused = |text: String| OpError::new(op.as_str(), CauseClass::Recipe, text);
        check_depends_on(&compose).map_err(refused)?;
        check_names(&compose, &app.stack)
            .map_err(|e| OpError::from_source(op.as_str(), CauseClass::Recipe, e))?;
        let secrets = of_app(&compose, &known.env, &app.stack);
        let there = self.shared.with(|w| w.secrets_named(&format!("{}_", app.stack)));
        check_present(&secrets, &there)
            .map_err(|e| OpError::from_source(op.as_str(), CauseClass::Recipe, e))?;
        let stamped = labels(&app.stack, &app.recipe, &stamp);
        let spec = stack_spec(&compose, &app.stack, &stamped, |file| {
            known.checkout.text(file).map(str::to_owned)
        });
        let spec = spec.map_err(refused)?;
        let deployed = self.shared.with(|w| w.deploy_stack(spec));
        deployed.map_err(|e| OpError::from_source(op.as_str(), CauseClass::Recipe, e))?;
        known.env.set_type(&format!("{}:{}", app.recipe, stamp.text()));
        self.apps().known.insert(app.domain.clone(), known);
        Ok(())
    }

    /// Returns whether an error rule of the lint keeps abra from deploying a release: it goes up in chaos then.
    fn lint_stops(&self, app: &App, at: &Revision) -> Result<bool, OpError> {
        let report = self.lint_at(app, at)?;
        Ok(report.status == LintStatus::Fail && report.rules_failed.iter().any(|r| r.is_error))
    }

    pub(super) async fn pull_missing(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let op = format!("pull the images of {}", app.domain);
        let known = self.apps().known(app, &op)?;
        let compose = read(&known, app, &op)?;
        let mut images: Vec<String> =
            compose.services.into_iter().filter_map(|s| s.image).collect();
        images.sort();
        images.dedup();
        let mut pulled = Vec::new();
        for image in images {
            let begun = self.shared.with(|w| {
                if !w.knows_image(&image) {
                    w.set_image(&image, StandIns.source(&image));
                }
                w.trouble_image(&image);
                if w.has_image(&image) { Ok(false) } else { w.pull(&image).map(|()| true) }
            });
            let begun =
                begun.map_err(|e| OpError::from_source(op.as_str(), CauseClass::Registry, e))?;
            if !begun {
                continue;
            }
            if !self.shared.comes(limit, |w| w.has_image(&image)).await {
                let text = format!("the image {image} was not pulled within {limit:?}");
                return Err(OpError::new(op, CauseClass::Registry, text));
            }
            pulled.push(image);
        }
        Ok(pulled)
    }
}

fn check_depends_on(compose: &Compose) -> Result<(), String> {
    for service in &compose.services {
        if let Some(on) = service.depends_on.iter().find(|on| compose.service(on).is_none()) {
            return Err(format!("service \"{}\" depends on undefined service {on}", service.name));
        }
    }
    Ok(())
}
