//! Super Invites: a service for a Matrix homeserver. Members make invite codes; redeeming a code joins all of its rooms
//! within moments.
//!
//! Imports point one way: `main` → here → [`api`], [`web`] → [`share`] → [`invites`], [`people`] → [`store`],
//! [`homeserver`] → the vocabulary of the `app` crate. The two interfaces do not know each other, nor do database and
//! homeserver. [`metrics`] and [`trace`] know nothing of the others, and are used everywhere.

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
pub mod logging;
pub mod metrics;
pub mod observe;
pub mod people;
pub mod personal_data;
pub mod proxies;
pub mod reach;
pub mod registration;
pub mod session;
pub mod share;
pub mod socket;
pub mod startup;
pub mod store;
pub mod trace;
pub mod web;
pub mod words;

use std::{
    future::Future,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, middleware::from_fn_with_state};
use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::task::TaskTracker;

use self::{
    chance::Chance,
    clock::Clock,
    config::{Config, ConfigError, Policy},
    homeserver::{Homeserver, Setup},
    invites::{Housekeeping, Invites, Means, Rules, Takeovers},
    listener::{Bounds, Routes, Stop, bounded},
    metrics::Metrics,
    observe::{Health, Internal, Observer, Parts, listen_internally, observe},
    people::People,
    proxies::Proxies,
    session::Sealer,
    share::{ShareError, Sharing},
    socket::Socket,
    store::{Connections, Freshness, Millis, Signals, Store},
    web::Assets,
    words::{Languages, WordsError},
};

/// The interval at which making the homeserver ready is tried.
const PREPARE: Duration = Duration::from_secs(60);

/// The interval of the housekeeping sweep: within this time, an invite that ends takes its registration token with it.
const SWEEP_INTERVAL: Duration = Duration::from_secs(2);

/// How far the clock goes forward at least that was set, in milliseconds.
const SET_FORWARD: Millis = 60_000;

/// Within how long everybody who is at work has renewed their lease, with room to spare.
const RENEWED: Duration = Duration::from_secs(12);

/// How often the folder of share links is tidied: the page of an invite that ends is gone within so long.
const TIDY: Duration = Duration::from_secs(20);

/// How long running requests and redemptions may delay a shutdown: containers are killed after ten seconds.
const GRACE: Duration = Duration::from_secs(8);

/// After how long a housekeeping task that failed is restarted.
const RESTART_AFTER: Duration = Duration::from_secs(5);

/// How long closing the database may take.
const CLOSE: Duration = Duration::from_secs(1);

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address for health and metrics cannot be used.
    #[error("internal_listen: cannot listen on {address}")]
    Internal {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
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
    /// The operator's translations cannot be used.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// There is no key for session cookies.
    #[error("sessions cannot be sealed")]
    Session(#[from] session::Error),
}

/// The homeserver in a configuration; no request is made yet.
pub fn homeserver(config: &Config, metrics: &Metrics) -> Result<Homeserver, ServeError> {
    Ok(Homeserver::new(
        &config.homeserver_url,
        config.server_name.clone(),
        config.acting,
        config.acting_token()?,
        config.token_cache_seconds,
        metrics,
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
    metrics: &Metrics,
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
        metrics: metrics.clone(),
    })
}

/// What a running service is told, and tells, while it runs.
pub struct Operator {
    /// Whether the database is migrated at the start; otherwise it has to be migrated already.
    pub migrate: bool,
    /// When to stop.
    pub shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Configurations to go on with.
    pub reloads: mpsc::Receiver<Reload>,
    /// Called once, when the service answers requests.
    pub ready: Box<dyn FnOnce() + Send>,
}

/// A configuration to go on with. Of what it says, only the keys matter that can be reloaded ([`config::Keys::reloaded`]).
pub struct Reload {
    /// The configuration.
    pub config: Config,
    /// Told whether it is in effect, or why everything stays as it was.
    pub done: oneshot::Sender<Result<(), String>>,
}

/// Serves until `shutdown`, then finishes what has begun.
pub async fn serve(
    config: Config,
    listener: impl Into<Socket>,
    clock: Clock,
    chance: Chance,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (_, reloads) = mpsc::channel(1);
    let operator = Operator { migrate: true, shutdown: Box::pin(shutdown), reloads, ready: Box::new(|| {}) };
    Box::pin(serve_for(config, listener.into(), clock, chance, operator)).await
}

/// The same, for an operator who may also have it go on with another configuration.
pub async fn serve_for(
    config: Config,
    socket: Socket,
    clock: Clock,
    chance: Chance,
    operator: Operator,
) -> Result<(), ServeError> {
    let Operator { migrate, mut shutdown, mut reloads, ready } = operator;
    let (stop, metrics) = (Stop::default(), Metrics::new());
    let health = Arc::new(Health::new(&stop));
    // Before anything that may take long: whoever waits for the service sees that it is starting.
    let _internal = internal(&config, &health, &metrics).await?;
    let starting = async {
        let lasting = Lasting::new(&config, migrate, clock, chance, &stop, metrics).await?;
        let built = lasting.build(&config).await?;
        Ok::<_, ServeError>((lasting, built))
    };
    // A database that is not there yet is waited for, and migrating takes its time.
    let (lasting, (routes, mut housekeeping)) = tokio::select! {
        started = Box::pin(starting) => started?,
        () = &mut shutdown => return Ok(()),
    };
    let routes = Routes::from(routes);
    health.started(Parts { store: lasting.store.clone(), homeserver: lasting.homeserver.setup.clone() });
    ready();
    let answering = routes.clone();
    let work = async {
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(Reload { config, done }) = reloads.recv() => {
                    done.send(lasting.go_on_with(&config, &routes, &mut housekeeping).await).ok();
                }
            }
        }
        stop.begin();
        stop.answered().await;
        lasting.tasks.close();
        lasting.tasks.wait().await;
        // Clients that are still watching, or have not finished their request, are not waited for.
        stop.part();
    };
    let too_late = async {
        stop.begun().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        _ = async { tokio::join!(listener::listen(socket, answering, lasting.limits, &stop), work) } => {}
        () = too_late => tracing::warn!("something was cut short; the next redemption of the same person finishes theirs"),
    }
    housekeeping.iter().for_each(JoinHandle::abort);
    // Work that was cut short may still hold a connection.
    tokio::time::timeout(CLOSE, lasting.store.close()).await.ok();
    Ok(())
}

/// The listener for health and metrics, if there is to be one.
async fn internal(config: &Config, health: &Arc<Health>, metrics: &Metrics) -> Result<Option<Internal>, ServeError> {
    let Some(address) = config.internal_listen else { return Ok(None) };
    let listening = listen_internally(address, Arc::clone(health), metrics.clone()).await;
    listening.map(Some).map_err(|source| ServeError::Internal { address, source })
}

/// Has the connections to the database counted.
fn count_connections(metrics: &Metrics, store: &Store) {
    let store = store.clone();
    metrics.watch_pool(move || {
        let Connections { busy, idle, most } = store.connections();
        [busy, idle, most]
    });
}

/// An error with what it came from.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What stays for as long as the service runs, whatever it is reloaded with.
struct Lasting {
    homeserver: Homeserver,
    store: Store,
    people: People,
    sealer: Sealer,
    clock: Clock,
    chance: Chance,
    tasks: TaskTracker,
    limits: Bounds,
    stop: Stop,
    metrics: Metrics,
}

impl Lasting {
    /// Opens the database, and takes over what the Python module has left in it.
    async fn new(
        config: &Config,
        migrate: bool,
        clock: Clock,
        chance: Chance,
        stop: &Stop,
        metrics: Metrics,
    ) -> Result<Self, ServeError> {
        let homeserver = homeserver(config, &metrics)?;
        let store = startup::open(&config.database()?, migrate).await?;
        metrics.started(clock());
        count_connections(&metrics, &store);
        let tasks = TaskTracker::new();
        // Its caches are not the ones that anybody will use.
        let metrics_of_none = metrics.draft();
        let takeovers =
            invites(config, &store, &homeserver, &clock, &chance, tasks.clone(), &metrics_of_none).takeovers;
        if let Some(takeover) = takeovers.take_over_here().await? {
            tracing::info!("took over from synapse_super_invites: {}", import::in_words(&takeover));
        }
        let sealer = Sealer::new(config.session_key()?, &store.keys, &chance).await?;
        let people = People::new(&homeserver, tasks.clone());
        let (limits, stop) = (Bounds::default(), stop.clone());
        Ok(Self { homeserver, store, people, sealer, clock, chance, tasks, limits, stop, metrics })
    }

    /// Everything that depends on what can be reloaded: the routes, and the recurring tasks, which have been started. What comes of another call is
    /// to the first as another instance on the same database is: both may be at work at once.
    async fn build(&self, config: &Config) -> Result<(Router, Vec<JoinHandle<()>>), ServeError> {
        let Self { homeserver, store, clock, chance, .. } = self;
        let metrics = &self.metrics.draft();
        let languages = Languages::new(config.words_dir.as_deref())?;
        let invites = invites(config, store, homeserver, clock, chance, self.tasks.clone(), metrics);
        let (codes, links, accounts) =
            (invites.shared_codes.clone(), store.share_links.clone(), homeserver.accounts.clone());
        let sharing = Sharing::new(config, codes, links, accounts, Arc::clone(clock), chance)?;
        if let Some(sharing) = &sharing {
            sharing.prepare().await?;
        }
        let housekeeping = housekeeping(config, homeserver, store, &invites, sharing.as_ref(), clock, metrics);
        let doors = Doors {
            invites,
            people: self.people.clone(),
            sharing,
            sealer: self.sealer.clone(),
            languages,
            clock: Arc::clone(clock),
            chance: chance.clone(),
            metrics: metrics.clone(),
        };
        let routes = routes(config, doors, self.limits, &self.stop);
        // Only now: while anything can fail, what is read for the metrics is what is in use.
        self.metrics.adopt(metrics);
        Ok((routes, housekeeping))
    }

    /// Goes on with another configuration; if that cannot be done, everything stays as it was.
    async fn go_on_with(
        &self,
        config: &Config,
        routes: &Routes,
        housekeeping: &mut Vec<JoinHandle<()>>,
    ) -> Result<(), String> {
        let (answers, tasks) = self.build(config).await.map_err(|error| with_causes(&error))?;
        routes.replace(answers);
        std::mem::replace(housekeeping, tasks).iter().for_each(JoinHandle::abort);
        Ok(())
    }
}

/// What the two interfaces are built from.
struct Doors {
    invites: Invites,
    people: People,
    sharing: Option<Sharing>,
    sealer: Sealer,
    languages: Languages,
    clock: Clock,
    chance: Chance,
    metrics: Metrics,
}

/// All routes of the service.
fn routes(config: &Config, doors: Doors, limits: Bounds, stop: &Stop) -> Router {
    let Doors { invites, people, sharing, sealer, languages, clock, chance, metrics } = doors;
    let (of_clients, of_visitors) = (languages.clone(), languages.clone());
    let proxies = Arc::new(Proxies::new(config.trusted_proxies.clone()));
    let observer = Observer {
        metrics: metrics.clone(),
        proxies: Arc::clone(&proxies),
        chance: chance.clone(),
        mount: config.mount().into(),
    };
    let api = api::router(api::Api {
        invites: invites.clone(),
        people: people.clone(),
        proxies: Arc::clone(&proxies),
        sharing: sharing.clone(),
        languages: languages.clone(),
    });
    let mount = config.mount();
    let mut pages = reach::router(sealer.clone(), Arc::clone(&proxies), Arc::clone(&clock), mount);
    if let Some(sharing) = sharing.filter(Sharing::serves_pages) {
        pages = pages.merge(web::shared::router(sharing, Arc::clone(&proxies), languages.clone(), mount));
    }
    if config.enable_web {
        let settings = web::Settings {
            proxies,
            sealer,
            languages,
            chance,
            clock,
            public_url: config.public_url.clone(),
            mount: mount.to_owned(),
            homeserver: config.homeserver_for_browsers().clone(),
            server_name: config.server_name.to_string(),
            clients: config.clients.clone(),
            app_links: config.app_links.clone(),
            metrics,
        };
        let site = site_dir(config);
        let assets = match config.site_dir {
            None if Assets::ARE_EMBEDDED => Assets::Embedded,
            _ => Assets::Folder(&site),
        };
        pages = pages.merge(web::router(invites, people, settings, assets));
    }
    let api = bounded(api, limits, stop, api::refused, move |sent| of_clients.accepted(sent));
    let pages = bounded(pages, limits, stop, web::refused, move |sent| of_visitors.of_visitor(sent));
    api.merge(pages).layer(from_fn_with_state(observer, observe))
}

/// Starts the recurring tasks.
fn housekeeping(
    config: &Config,
    homeserver: &Homeserver,
    store: &Store,
    invites: &Invites,
    sharing: Option<&Sharing>,
    clock: &Clock,
    metrics: &Metrics,
) -> Vec<JoinHandle<()>> {
    let (setup, policy) = (homeserver.setup.clone(), config.policy.clone());
    let (house, takeovers) = (Arc::clone(&invites.housekeeping), Arc::clone(&invites.takeovers));
    let swept = Swept { clock: Arc::clone(clock), metrics: metrics.clone() };
    let tidied = swept.clone();
    let mut tasks = vec![
        supervised("preparing the homeserver", RESTART_AFTER, metrics, move || prepare(setup.clone(), policy.clone())),
        supervised("keeping house", RESTART_AFTER, metrics, move || keep_house(Arc::clone(&house), swept.clone())),
        supervised("resolving aliases", RESTART_AFTER, metrics, move || resolve_aliases(Arc::clone(&takeovers))),
    ];
    let (signals, freshness) = (store.signals.clone(), store.freshness.clone());
    tasks.push(supervised("hearing other instances", RESTART_AFTER, metrics, move || hear(signals.clone())));
    let keeping_up = move || keep_up(freshness.clone());
    tasks.push(supervised("keeping up with other instances", RESTART_AFTER, metrics, keeping_up));
    if let Some(sharing) = sharing.cloned() {
        let tidy = move || tidy_shared(sharing.clone(), tidied.clone());
        tasks.push(supervised("tidying share links", RESTART_AFTER, metrics, tidy));
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
    metrics: &Metrics,
    work: impl Fn() -> F + Send + 'static,
) -> JoinHandle<()> {
    let metrics = metrics.clone();
    metrics.supervises(what);
    tokio::spawn(async move {
        while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
            tracing::error!("{what} broke off, and begins again");
            metrics.restarted(what);
            tokio::time::sleep(pause).await;
        }
    })
}

/// Counts the runs of recurring tasks. Cheap to clone.
#[derive(Clone)]
struct Swept {
    clock: Clock,
    metrics: Metrics,
}

impl Swept {
    fn note(&self, task: &'static str, succeeded: bool) {
        self.metrics.swept(task, succeeded, (self.clock)());
    }
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
async fn tidy_shared(sharing: Sharing, swept: Swept) {
    loop {
        let tidied = sharing.tidy().await;
        swept.note("share_links", tidied.is_ok());
        if let Err(error) = tidied {
            tracing::warn!(%error, "pages of share links have to wait");
        }
        tokio::time::sleep(TIDY).await;
    }
}

/// Forwards the signals of other instances about redemptions.
async fn hear(signals: Signals) {
    while let Err(error) = signals.hear().await {
        tracing::warn!(%error, "other instances are not heard: whoever watches looks every few seconds");
        tokio::time::sleep(RESTART_AFTER).await;
    }
}

/// Hears what other instances change, so that answers may come from memory.
async fn keep_up(freshness: Freshness) {
    while let Err(error) = freshness.keep_up().await {
        tracing::warn!(%error, "what other instances change is not heard: everything is read from the database");
        tokio::time::sleep(RESTART_AFTER).await;
    }
}

/// Looks after what is due.
async fn keep_house(house: Arc<Housekeeping>, swept: Swept) {
    if let Err(error) = house.apply_rules().await {
        tracing::warn!(%error, "the rules bear on new registration tokens only");
    }
    loop {
        let (begun, before) = (Instant::now(), (swept.clock)());
        let done = house.sweep().await;
        swept.note("housekeeping", done.is_ok());
        if let Err(error) = done {
            tracing::warn!(%error, "what is due has to wait");
        }
        tokio::time::sleep(SWEEP_INTERVAL).await;
        // Where the clock was set forward, whoever is at work seems to have died until they have renewed their lease.
        let passed = Millis::try_from(begun.elapsed().as_millis()).unwrap_or(Millis::MAX);
        if (swept.clock)() - before > passed + SET_FORWARD {
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
        supervised("this", Duration::ZERO, &Metrics::new(), work).await.expect("it ends by itself");
        assert_eq!(times.load(Ordering::Relaxed), 2);
    }
}
