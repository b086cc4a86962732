//! Super Invites: a service for a Matrix homeserver. Members make invite codes; redeeming a code joins all of its rooms
//! within moments.
//!
//! Imports point one way: `main` → here → [`api`], [`web`] → [`share`] → [`invites`], [`people`] → [`store`],
//! [`homeserver`] → the vocabulary of the `app` crate. The two interfaces do not know each other, nor do database and
//! homeserver.

pub mod account;
pub mod api;
pub mod chance;
pub mod check;
pub mod clock;
pub mod config;
pub mod error;
#[cfg(test)]
mod fuzz;
pub mod healthcheck;
pub mod homeserver;
pub mod import;
pub mod invites;
pub mod listener;
pub mod people;
pub mod personal_data;
pub mod proxies;
pub mod reach;
pub mod registration;
pub mod session;
pub mod share;
pub mod store;
pub mod web;

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use futures_util::FutureExt;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::task::TaskTracker;

use self::{
    chance::Chance,
    clock::Clock,
    config::{Config, ConfigError, Policy},
    homeserver::{Homeserver, Setup},
    invites::{Housekeeping, Invites, Means, Rules, Takeovers},
    listener::{Bounds, Stop, bounded},
    people::People,
    proxies::Proxies,
    session::Sealer,
    share::{ShareError, Sharing},
    store::{Millis, Signals, Store},
    web::Assets,
};

/// The interval at which making the homeserver ready is tried.
const PREPARE: Duration = Duration::from_secs(60);

/// The interval of the housekeeping sweep: within this time, an invite that ends takes its registration token with it.
const SWEEP: Duration = Duration::from_secs(2);

/// How far the clock goes forward at least that was set, in milliseconds.
const SET_FORWARD: Millis = 60_000;

/// Within how long everybody who is at work has renewed their lease, with room to spare.
const RENEWED: Duration = Duration::from_secs(12);

/// How often the folder of share links is tidied: the page of an invite that ends is gone within so long.
const TIDY: Duration = Duration::from_secs(20);

/// How long running requests and redemptions may delay a shutdown: containers are killed after ten seconds.
const GRACE: Duration = Duration::from_secs(8);

/// After how long a housekeeping task that failed is restarted.
const AGAIN: Duration = Duration::from_secs(5);

/// How long closing the database may take.
const CLOSE: Duration = Duration::from_secs(1);

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The homeserver's address cannot be used.
    #[error(transparent)]
    Homeserver(#[from] homeserver::Error),
    /// The data of another program could not be imported.
    #[error("the other program’s database cannot be taken over")]
    Takeover(#[from] error::Error),
    /// Share links cannot be made with this configuration.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// There is no key for session cookies.
    #[error("sessions cannot be sealed")]
    Session(#[from] session::Error),
}

/// The homeserver in a configuration; no request is made yet.
pub fn homeserver(config: &Config) -> Result<Homeserver, ServeError> {
    Ok(Homeserver::new(
        &config.homeserver_url,
        config.server_name.clone(),
        config.acting,
        config.acting_token()?,
        config.token_cache_seconds,
    )?)
}

/// The use cases for a configuration.
fn invites(
    config: &Config,
    store: &Store,
    homeserver: &Homeserver,
    clock: &Clock,
    chance: &Chance,
    tasks: TaskTracker,
) -> Invites {
    Invites::new(Means {
        store,
        homeserver,
        rules: Rules {
            max_rooms: config.max_rooms,
            registration: config.generate_registration_token,
            element_web_url: config.element_web_url.clone(),
            policy: config.policy.clone(),
            audit_days: config.audit_days,
        },
        failed_lookups: config.failed_lookups,
        limits: config.limits.clone(),
        account_limits: config.account_limits,
        account_help: config.account_help_url.clone(),
        homeserver_for_browsers: config.homeserver_for_browsers().clone(),
        clock: Arc::clone(clock),
        chance: chance.clone(),
        tasks,
    })
}

/// Serves until `shutdown`, then finishes what has begun.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    clock: Clock,
    chance: Chance,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let homeserver = homeserver(&config)?;
    let store = Store::open(&config.database()?).await?;
    let tasks = TaskTracker::new();
    let invites = invites(&config, &store, &homeserver, &clock, &chance, tasks.clone());
    if let Some(takeover) = invites.takeovers.take_over_here().await? {
        tracing::info!("took over from synapse_super_invites: {}", import::in_words(&takeover));
    }
    let sealer = Sealer::new(config.session_key()?, &store.keys, &chance).await?;
    let (codes, links, accounts) =
        (invites.shared_codes.clone(), store.share_links.clone(), homeserver.accounts.clone());
    let sharing = Sharing::new(&config, codes, links, accounts, Arc::clone(&clock), &chance)?;
    if let Some(sharing) = &sharing {
        sharing.prepare().await?;
    }
    let housekeeping = housekeeping(&config, &homeserver, &store, &invites, sharing.as_ref(), &clock);
    let (limits, stop) = (Bounds::default(), Stop::default());
    let people = People::new(&homeserver, tasks.clone());
    let routes = routes(&config, Doors { invites, people, sharing, sealer, clock, chance }, limits, &stop);
    let work = async {
        shutdown.await;
        stop.begin();
        stop.answered().await;
        tasks.close();
        tasks.wait().await;
        // Clients that are still watching, or have not finished their request, are not waited for.
        stop.part();
    };
    let too_late = async {
        stop.begun().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        _ = async { tokio::join!(listener::listen(listener, routes, limits, &stop), work) } => {}
        () = too_late => tracing::warn!("something was cut short; the next redemption of the same person finishes theirs"),
    }
    housekeeping.iter().for_each(JoinHandle::abort);
    // Work that was cut short may still hold a connection.
    tokio::time::timeout(CLOSE, store.close()).await.ok();
    Ok(())
}

/// What the two interfaces are built from.
struct Doors {
    invites: Invites,
    people: People,
    sharing: Option<Sharing>,
    sealer: Sealer,
    clock: Clock,
    chance: Chance,
}

/// All routes of the service.
fn routes(config: &Config, doors: Doors, limits: Bounds, stop: &Stop) -> Router {
    let Doors { invites, people, sharing, sealer, clock, chance } = doors;
    let proxies = Arc::new(Proxies::new(config.trusted_proxies.clone()));
    let api = api::router(invites.clone(), people.clone(), Arc::clone(&proxies), sharing.clone());
    let mut pages = reach::router(sealer.clone(), Arc::clone(&proxies), Arc::clone(&clock));
    if let Some(sharing) = sharing.filter(Sharing::serves_pages) {
        pages = pages.merge(web::shared::router(sharing, Arc::clone(&proxies)));
    }
    if config.enable_web {
        let settings = web::Settings {
            proxies,
            sealer,
            chance,
            clock,
            public_url: config.public_url.clone(),
            homeserver: config.homeserver_for_browsers().clone(),
            server_name: config.server_name.to_string(),
            clients: config.clients.clone(),
            app_links: config.app_links.clone(),
        };
        let site = site_dir(config);
        let assets = match config.site_dir {
            None if Assets::ARE_EMBEDDED => Assets::Embedded,
            _ => Assets::Folder(&site),
        };
        pages = pages.merge(web::router(invites, people, settings, assets));
    }
    bounded(api, limits, stop, api::refused).merge(bounded(pages, limits, stop, web::refused))
}

/// Starts the recurring tasks.
fn housekeeping(
    config: &Config,
    homeserver: &Homeserver,
    store: &Store,
    invites: &Invites,
    sharing: Option<&Sharing>,
    clock: &Clock,
) -> Vec<JoinHandle<()>> {
    let (setup, policy) = (homeserver.setup.clone(), config.policy.clone());
    let (house, takeovers, clock) =
        (Arc::clone(&invites.housekeeping), Arc::clone(&invites.takeovers), Arc::clone(clock));
    let mut tasks = vec![
        supervised("preparing the homeserver", AGAIN, move || prepare(setup.clone(), policy.clone())),
        supervised("keeping house", AGAIN, move || keep_house(Arc::clone(&house), Arc::clone(&clock))),
        supervised("resolving aliases", AGAIN, move || resolve_aliases(Arc::clone(&takeovers))),
    ];
    let signals = store.signals.clone();
    tasks.push(supervised("hearing other instances", AGAIN, move || hear(signals.clone())));
    if let Some(sharing) = sharing.cloned() {
        tasks.push(supervised("tidying share links", AGAIN, move || tidy_shared(sharing.clone())));
    }
    tasks
}

/// The folder with the pages' files, if they are not embedded in the binary.
fn site_dir(config: &Config) -> PathBuf {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join("site"));
    config.site_dir.clone().or_else(beside).unwrap_or_else(|| "site".into())
}

/// Runs a housekeeping task, and restarts it if it fails: a bug in it must not leave registration tokens or uses
/// unattended until the next start.
fn supervised<F: Future<Output = ()> + Send + 'static>(
    what: &'static str,
    pause: Duration,
    work: impl Fn() -> F + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
            tracing::error!("{what} broke off, and begins again");
            tokio::time::sleep(pause).await;
        }
    })
}

/// Makes the homeserver ready for the service, as soon as it answers, and logs which rules cannot be enforced on it.
async fn prepare(homeserver: Setup, policy: Policy) {
    while let Err(error) = homeserver.prepare().await {
        tracing::warn!(%error, "the homeserver is not ready; `super-invites check` says why");
        tokio::time::sleep(PREPARE).await;
    }
    for finding in check::rules_unkept(&homeserver, &policy).await {
        tracing::warn!("{finding}");
    }
}

/// Resolves the aliases that the Python module stored, once the homeserver answers.
async fn resolve_aliases(takeovers: Arc<Takeovers>) {
    loop {
        match takeovers.resolve_all_aliases().await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "aliases of rooms have to wait"),
        }
        tokio::time::sleep(PREPARE).await;
    }
}

/// Deletes the pages of invites that have ended from the folder of share links.
async fn tidy_shared(sharing: Sharing) {
    loop {
        if let Err(error) = sharing.tidy().await {
            tracing::warn!(%error, "pages of share links have to wait");
        }
        tokio::time::sleep(TIDY).await;
    }
}

/// Forwards the signals of other instances about redemptions.
async fn hear(signals: Signals) {
    while let Err(error) = signals.hear().await {
        tracing::warn!(%error, "other instances are not heard: whoever watches looks every few seconds");
        tokio::time::sleep(AGAIN).await;
    }
}

/// Looks after what is due.
async fn keep_house(house: Arc<Housekeeping>, clock: Clock) {
    if let Err(error) = house.apply_rules().await {
        tracing::warn!(%error, "the rules bear on new registration tokens only");
    }
    loop {
        let (begun, before) = (Instant::now(), clock());
        if let Err(error) = house.sweep().await {
            tracing::warn!(%error, "what is due has to wait");
        }
        tokio::time::sleep(SWEEP).await;
        // Where the clock was set forward, whoever is at work seems to have died until they have renewed their lease.
        let passed = Millis::try_from(begun.elapsed().as_millis()).unwrap_or(Millis::MAX);
        if clock() - before > passed + SET_FORWARD {
            tokio::time::sleep(RENEWED).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn housekeeping_that_breaks_off_begins_again() {
        let times = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&times);
        let work = move || {
            let times = Arc::clone(&counted);
            async move { assert_ne!(times.fetch_add(1, Ordering::Relaxed), 0, "the first time it breaks off") }
        };
        supervised("this", Duration::ZERO, work).await.expect("it ends by itself");
        assert_eq!(times.load(Ordering::Relaxed), 2);
    }
}
