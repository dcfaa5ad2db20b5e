//! `app deploy` and `app undeploy`.

use super::lint::stop_on_errors;
use super::prepare::deployed;
use super::rollout::{DeployError, Rollout};
use crate::abra::checkout::newest;
use crate::abra::cli::{DeployArgs, UndeployArgs};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::abra::stamp::Stamp;
use crate::abra::version::{Wish, chaos_version, choose};

/// Deploys an app: under chaos what is checked out, else the version that was asked for or pinned, or the newest.
pub(in crate::abra) async fn deploy(abra: &mut Abra, args: &DeployArgs) -> Result<(), Fatal> {
    if args.chaos && (args.version.is_some() || args.latest) {
        return Err(DeployError::ChaosAndVersion.into());
    }
    let mut app = abra.find_app(&args.domain)?;
    // A pin that is about to be overruled must not keep the recipe from being put in place.
    let overruled = args.version.is_some() || args.latest;
    let checkout = if overruled {
        let checkout = abra.checkout_of(&app).await?;
        checkout.clean_and_current(abra.global.offline).await?;
        checkout
    } else {
        abra.ensure(&app, args.chaos).await?
    };
    if !args.chaos {
        stop_on_errors(&abra.settings.dir, &checkout).await?;
    }
    let engine = abra.engine().await?;
    let services = engine.services(&app.stack).await?;
    let running = deployed(&app.stack, &services);
    if running.is_some() && !args.force && !args.chaos {
        return Err(DeployError::AlreadyDeployed(app.domain.to_string()).into());
    }
    let stamp = if args.chaos {
        Stamp::Chaos(chaos_version(&checkout.head().await?, checkout.is_dirty().await?))
    } else {
        let (tags, head) = (checkout.tags().await?, checkout.head().await?);
        let wish = Wish {
            asked: args.version.as_deref(),
            pinned: app.pinned.as_deref(),
            deployed: running.as_ref().and_then(|running| running.version.as_deref()),
            latest: args.latest,
        };
        let choice = choose(&wish, newest(&tags), &head)?;
        checkout.move_to(&choice).await?;
        Stamp::Version(choice.text())
    };
    let rollout = Rollout {
        stamp,
        check_domain: !args.no_domain_checks,
        wait: !args.no_converge_checks,
        commands: "POST_DEPLOY_CMDS",
    };
    abra.roll_out(&engine, &mut app, &checkout, &services, &rollout).await
}

/// Removes an app's stack. Volumes and secrets stay, and the engine frees what the stack used a little later.
pub(in crate::abra) async fn undeploy(abra: &mut Abra, args: &UndeployArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    if engine.services(&app.stack).await?.is_empty() {
        return Err(DeployError::NotDeployed(app.domain.to_string()).into());
    }
    abra.proceed("undeploy")?;
    engine.remove_stack(&app.stack).await?;
    abra.screen.info(format!("undeployed {} 🟢", app.domain));
    Ok(())
}
