//! What helps, and is done without where it cannot be had: the bridge, the vault, a look at which
//! build answers, pages that are asked for ahead.

use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;
use tracing::{info, warn};

use super::ground::Ground;
use crate::build::Application;
use crate::build::look::Looking;
use crate::clock::Clock;
use crate::config::{Config, NextConfig};
use crate::metrics::Metrics;
use crate::next::manifest::Routes;
use crate::origin::Origin;
use crate::origin::child::{Bridge, Command};
use crate::vault::{Environment, Seeds, Vault, census};
use crate::warm::Warming;

/// What a wrapped server is told, so that it can say what it invalidates.
pub(super) fn bridge_to(config: &Config, admin: &TcpListener) -> Option<Bridge> {
    if !config.child.bridge || !config.next.enabled {
        return None;
    }
    let to = |own| Bridge::to(own, &config.child.tell, config.admin.token.as_deref());
    let bridge = admin.local_addr().and_then(to);
    bridge
        .inspect_err(|error| {
            warn!(
                "no bridge to the wrapped server: {error}; pages stay as they are until their \
                 revalidate time is over, whatever revalidateTag says"
            );
        })
        .ok()
}

/// Says that the bridge's variable is not the edge's: who takes it for that has an edge without a token.
pub(super) fn tell_of_token(config: &Config) {
    if config.admin.token.is_none() && std::env::var_os("SELVEDGE_TOKEN").is_some() {
        warn!(
            "SELVEDGE_TOKEN is what the bridge sends; the edge's own token is admin.token \
             (SELVEDGE_ADMIN_TOKEN), and there is none"
        );
    }
}

/// Where files of older builds are kept; visitors are served without it too.
pub(super) fn vault(
    config: &Config,
    origin: &Origin,
    seeds: Option<Seeds>,
    clock: &Clock,
    metrics: &Metrics,
) -> Option<Vault> {
    if !config.vault.enabled || !config.next.enabled {
        return None;
    }
    let environment = Environment::read(|name| std::env::var_os(name));
    let vault = Vault::open(config, &environment, seeds, clock.clone(), metrics.clone())
        .inspect_err(|error| info!("{error}"))
        .ok()?;
    let targets = config.rules.targets.clone();
    tokio::spawn(census::take(vault.clone(), origin.clone(), targets));
    Some(vault)
}

/// Looks now and then which build answers, so that pages of another are not served.
pub(super) fn look_for_builds(ground: &Ground, config: &Config, origin: &Origin) {
    let pause = config.next.build_check;
    if !config.next.enabled || pause.is_zero() {
        return;
    }
    let origin = origin.clone();
    let looking = Looking {
        way: move || origin.apart(),
        application: ground.application.clone(),
        store: ground.store.clone(),
        metrics: ground.metrics.clone(),
        base_path: config.next.base_path.clone(),
        pause,
        pause_alone: config.warm.after_deploy.then_some(LOOKS_ALONE),
    };
    tokio::spawn(looking.run());
}

/// Asks for pages before visitors do, where that is wanted, until the edge is to `stop`.
pub(super) fn warm(
    config: &Config,
    warming: Warming,
    origin: &Origin,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    if !config.warm.after_deploy || !config.next.enabled {
        return;
    }
    let origin = origin.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = warming.run(async move { origin.answers().await }) => {}
            () = stop => {}
        }
    });
}

/// Without visitors a new build is looked for so often, where its pages are to be there before them.
const LOOKS_ALONE: Duration = Duration::from_secs(5);

/// Where a wrapped server may have files for the vault.
pub(super) fn seeds(
    command: &Command,
    next: &NextConfig,
    application: &Application,
) -> Option<Seeds> {
    let dir = command.dir.clone().or_else(|| std::env::current_dir().ok())?;
    let arguments = command.line.iter().skip(1).map(Path::new);
    let known = application.manifest();
    let routes = known.as_deref().and_then(|manifest| manifest.routes.as_ref());
    let prefix = routes.map_or(next.base_path.as_str(), Routes::asset_prefix);
    Some(Seeds::of(&dir, arguments, prefix))
}
