//! What is counted and measured, for Prometheus.
//!
//! The metrics are a value that is passed on, not a global: many services run in one process in tests. No label holds
//! anything that belongs to somebody: no user id, no room id, no code, and no path with one of those in it. Each label
//! has a fixed and small set of values, because every combination of values is kept for as long as the process lives.

mod process;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use self::process::Process;

/// The content type of [`Metrics::text`] (Prometheus, "Exposition formats").
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The upper bounds of the classes of durations, in seconds: from a page that comes from memory to the longest that a
/// response may take.
const CLASSES: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// The outcomes of a redemption.
const REDEMPTIONS: [&str; 6] = ["complete", "partial", "nothing", "refused", "unreachable", "failed"];

/// Names and values.
type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];

type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
type Histograms<const N: usize> = Family<Labels<N>, Histogram>;

/// Reads something at the moment at which somebody asks for the metrics.
type Probe = Box<dyn Fn() + Send + Sync>;

/// What the probe of the process itself is called.
const PROCESS: &str = "process";

/// What the probe of the connections to the database is called.
const POOL: &str = "pool";

/// The route of a response whose route in the router says less: an extension of the response.
#[derive(Debug, Clone)]
pub struct Route(pub String);

/// Everything that is counted and measured. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>, Arc<Mutex<Probes>>);

type Probes = BTreeMap<&'static str, Probe>;

struct Inner {
    registry: Registry,
    names: Vec<String>,
    requests: Counters<3>,
    request_duration: Histograms<1>,
    homeserver_requests: Counters<2>,
    homeserver_duration: Histograms<1>,
    redemptions: Counters<1>,
    redemption_duration: Histogram,
    redeeming: Gauge,
    rooms: Counters<2>,
    registration_tokens: Counters<3>,
    accounts: Counter,
    guesses: Counters<1>,
    watchers: Gauge,
    caches: Gauges<1>,
    pool: Gauges<1>,
    sweeps: Counters<2>,
    last_sweep: Family<Labels<1>, Gauge<f64, AtomicU64>>,
    restarts: Counters<1>,
    ready: Gauge,
    started: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Metrics of which nothing has been counted yet.
    pub fn new() -> Self {
        let mut all = Registering::default();
        let probes = BTreeMap::from([(PROCESS, all.process())]);
        let inner = Inner {
            requests: all
                .family("super_invites_http_requests", "Requests that were answered, by route, method and status"),
            request_duration: all.histograms(
                "super_invites_http_request_duration_seconds",
                "How long requests took until their response began, by route",
            ),
            homeserver_requests: all.family(
                "super_invites_homeserver_requests",
                "Requests to the homeserver, by kind and by what came of them",
            ),
            homeserver_duration: all.histograms(
                "super_invites_homeserver_request_duration_seconds",
                "How long requests to the homeserver took, by kind",
            ),
            redemptions: all.family("super_invites_redemptions", "Redemptions that ended, by outcome"),
            redemption_duration: all.histogram(
                "super_invites_redemption_duration_seconds",
                "How long redemptions took, including the wait for others of the same person",
            ),
            redeeming: all.gauge("super_invites_redemptions_in_progress", "Redemptions that run in this process"),
            rooms: all.family("super_invites_redemption_rooms", "Rooms and direct chats of redemptions, by outcome"),
            registration_tokens: all.family(
                "super_invites_registration_tokens",
                "Changes of registration tokens on the homeserver, by action and outcome",
            ),
            accounts: all.counter("super_invites_accounts_created", "Accounts that were created with an invite"),
            guesses: all.family(
                "super_invites_guesses_refused",
                "Look-ups of codes that were refused because too many had failed, by interface",
            ),
            watchers: all.gauge("super_invites_watchers", "Redemptions that are being watched live"),
            caches: all.gauges("super_invites_cache_entries", "Entries of each cache, estimated"),
            pool: all.gauges(
                "super_invites_db_pool_connections",
                "Connections to the database: busy, idle, and the most there may be",
            ),
            sweeps: all.family("super_invites_sweeps", "Runs of recurring tasks, by outcome"),
            last_sweep: all.seconds(
                "super_invites_sweep_last_success_timestamp_seconds",
                "When each recurring task last succeeded, in seconds since the epoch",
            ),
            restarts: all.family("super_invites_task_restarts", "How often a task broke off and was started again"),
            ready: all.gauge("super_invites_ready", "Whether the service is ready, as /health/ready says: 1 or 0"),
            started: all.started(),
            names: {
                all.build_info();
                all.names
            },
            registry: all.registry,
        };
        let metrics = Self(Arc::new(inner), Arc::new(Mutex::new(probes)));
        metrics.begin_at_zero();
        metrics
    }

    /// Makes those series whose first increase an alert must notice: Prometheus sees no increase in the first sample of
    /// a series.
    fn begin_at_zero(&self) {
        for outcome in REDEMPTIONS {
            drop(self.0.redemptions.get_or_create(&[("outcome", outcome.into())]));
        }
        for door in ["api", "web"] {
            drop(self.0.guesses.get_or_create(&[("door", door.into())]));
        }
    }

    /// The names of all metrics.
    pub fn names(&self) -> &[String] {
        &self.0.names
    }

    /// Everything in the text format of Prometheus, version 0.0.4.
    pub fn text(&self) -> String {
        // Held until the end, so that two who ask at once do not read half of each other's.
        let probes = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        probes.values().for_each(|probe| probe());
        let mut text = String::new();
        // A string takes everything.
        prometheus_text::encode(&mut text, &self.0.registry).ok();
        drop(probes);
        text
    }

    /// From now on, `probe` runs before each [`Self::text`], in place of an earlier one of that name, of which nobody knows any more after a reload.
    /// It must not hold these metrics, which hold it.
    fn at_scrape(&self, name: &'static str, probe: impl Fn() + Send + Sync + 'static) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Box::new(probe));
    }

    /// The same counters for parts that are only being built: what they want to have read is kept apart, until [`Self::adopt`].
    #[must_use]
    pub fn draft(&self) -> Self {
        Self(Arc::clone(&self.0), Arc::default())
    }

    /// From now on, what was registered with a [`Self::draft`] is read here, in place of what had the same names. Of a draft that is never adopted,
    /// nothing is read, and the caches of which it knows go with it.
    pub fn adopt(&self, draft: &Self) {
        let probes = std::mem::take(&mut *draft.1.lock().unwrap_or_else(PoisonError::into_inner));
        self.1.lock().unwrap_or_else(PoisonError::into_inner).extend(probes);
    }

    /// When the service started, in milliseconds since the epoch. Sweeps count from then on: one that never succeeds is late as well.
    pub fn started(&self, now: i64) {
        self.0.started.set(seconds(now));
        self.0.last_sweep.get_or_create(&[("task", "housekeeping".into())]).set(seconds(now));
    }

    /// That a task is restarted if it breaks off; nothing has happened yet.
    pub fn supervises(&self, task: &'static str) {
        drop(self.0.restarts.get_or_create(&[("task", task.into())]));
    }

    /// Whether the service is ready.
    pub fn ready(&self, is_ready: bool) {
        self.0.ready.set(is_ready.into());
    }

    /// A request was answered. `route` is the pattern of its path, never the path itself.
    pub fn request(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let route = || ("route", Cow::Owned(route.to_owned()));
        let labels = [route(), ("method", method.into()), ("status", status.to_string().into())];
        self.0.requests.get_or_create(&labels).inc();
        self.0.request_duration.get_or_create(&[route()]).observe(took.as_secs_f64());
    }

    /// The homeserver was asked something of this kind; `came` is the HTTP status, or why there is none.
    pub fn homeserver_request(&self, kind: &'static str, came: Cow<'static, str>, took: Duration) {
        self.0.homeserver_requests.get_or_create(&[("endpoint", kind.into()), ("status", came)]).inc();
        self.0.homeserver_duration.get_or_create(&[("endpoint", kind.into())]).observe(took.as_secs_f64());
    }

    /// A redemption begins; it is in progress until the returned value is dropped.
    pub fn redeeming(&self) -> Counted {
        Counted::new(&self.0.redeeming)
    }

    /// A redemption ended.
    pub fn redeemed(&self, outcome: &'static str, took: Duration) {
        self.0.redemptions.get_or_create(&[("outcome", outcome.into())]).inc();
        self.0.redemption_duration.observe(took.as_secs_f64());
    }

    /// A redemption came to an end for a room, or for the direct chat: `joined`, or the reason why not.
    pub fn room(&self, kind: &'static str, outcome: &'static str) {
        self.0.rooms.get_or_create(&[("kind", kind.into()), ("outcome", outcome.into())]).inc();
    }

    /// A registration token was created, changed or deleted on the homeserver, or was to be.
    pub fn registration_token(&self, backend: &'static str, action: &'static str, outcome: &'static str) {
        let labels = [("backend", backend.into()), ("action", action.into()), ("outcome", outcome.into())];
        self.0.registration_tokens.get_or_create(&labels).inc();
    }

    /// An account was created with an invite.
    pub fn account_created(&self) {
        self.0.accounts.inc();
    }

    /// A look-up of a code through this interface was refused because too many had failed.
    pub fn guess_refused(&self, door: &'static str) {
        self.0.guesses.get_or_create(&[("door", door.into())]).inc();
    }

    /// Somebody watches a redemption until the returned value is dropped.
    pub fn watching(&self) -> Counted {
        Counted::new(&self.0.watchers)
    }

    /// From now on, the number of entries of a cache is among the metrics.
    pub fn watch_cache(&self, cache: &'static str, entries: impl Fn() -> u64 + Send + Sync + 'static) {
        let gauge = self.0.caches.get_or_create_owned(&[("cache", cache.into())]);
        self.at_scrape(cache, move || {
            gauge.set(whole(entries()));
        });
    }

    /// From now on, the connections to the database are among the metrics: those at work, those that wait for work,
    /// and how many there may be.
    pub fn watch_pool(&self, connections: impl Fn() -> [u64; 3] + Send + Sync + 'static) {
        let gauges = ["busy", "idle", "max"].map(|state| self.0.pool.get_or_create_owned(&[("state", state.into())]));
        self.at_scrape(POOL, move || {
            for (gauge, connections) in gauges.iter().zip(connections()) {
                gauge.set(whole(connections));
            }
        });
    }

    /// A recurring task ran; `now` is in milliseconds since the epoch.
    pub fn swept(&self, task: &'static str, succeeded: bool, now: i64) {
        let outcome = if succeeded { "succeeded" } else { "failed" };
        self.0.sweeps.get_or_create(&[("task", task.into()), ("outcome", outcome.into())]).inc();
        if succeeded {
            self.0.last_sweep.get_or_create(&[("task", task.into())]).set(seconds(now));
        }
    }

    /// A task broke off.
    pub fn restarted(&self, task: &'static str) {
        self.0.restarts.get_or_create(&[("task", task.into())]).inc();
    }
}

/// One of those that a gauge counts, until it is dropped.
#[must_use]
#[derive(Debug)]
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Milliseconds in seconds.
fn seconds(millis: i64) -> f64 {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default()).as_secs_f64()
}

fn histogram() -> Histogram {
    Histogram::new(CLASSES)
}

/// The metrics that have been registered, with the names under which they appear.
#[derive(Default)]
struct Registering {
    registry: Registry,
    names: Vec<String>,
}

impl Registering {
    fn add(&mut self, name: &str, help: &str, metric: impl Metric) {
        self.names.push(name.to_owned());
        self.registry.register(name, help, metric);
    }

    /// The encoding adds the `_total`.
    fn add_counter(&mut self, name: &str, help: &str, metric: impl Metric) {
        self.names.push(format!("{name}_total"));
        self.registry.register(name, help, metric);
    }

    fn counter(&mut self, name: &str, help: &str) -> Counter {
        let counter = Counter::default();
        self.add_counter(name, help, counter.clone());
        counter
    }

    fn family<const N: usize>(&mut self, name: &str, help: &str) -> Counters<N> {
        let family = Counters::<N>::default();
        self.add_counter(name, help, family.clone());
        family
    }

    fn gauge(&mut self, name: &str, help: &str) -> Gauge {
        let gauge = Gauge::default();
        self.add(name, help, gauge.clone());
        gauge
    }

    fn gauges(&mut self, name: &str, help: &str) -> Gauges<1> {
        let family = Gauges::<1>::default();
        self.add(name, help, family.clone());
        family
    }

    fn seconds(&mut self, name: &str, help: &str) -> Family<Labels<1>, Gauge<f64, AtomicU64>> {
        let family = Family::<Labels<1>, Gauge<f64, AtomicU64>>::default();
        self.add(name, help, family.clone());
        family
    }

    fn histogram(&mut self, name: &str, help: &str) -> Histogram {
        let one = histogram();
        self.add(name, help, one.clone());
        one
    }

    fn histograms(&mut self, name: &str, help: &str) -> Histograms<1> {
        let family: Histograms<1> = Family::new_with_constructor(histogram);
        self.add(name, help, family.clone());
        family
    }

    fn build_info(&mut self) {
        let family = Gauges::<1>::default();
        family.get_or_create(&[("version", env!("CARGO_PKG_VERSION").into())]).set(1);
        self.add("super_invites_build_info", "The version of the service", family);
    }

    fn started(&mut self) -> Gauge<f64, AtomicU64> {
        let gauge = Gauge::<f64, AtomicU64>::default();
        self.add("process_start_time_seconds", "When the process started, in seconds since the epoch", gauge.clone());
        gauge
    }

    /// What the system knows about this process, under the names that all of Prometheus's clients use.
    fn process(&mut self) -> Probe {
        let cpu = Counter::<f64, AtomicU64>::default();
        self.add_counter("process_cpu_seconds", "User and system time of the processor", cpu.clone());
        let resident = self.gauge("process_resident_memory_bytes", "Memory in use");
        let virtual_memory = self.gauge("process_virtual_memory_bytes", "Memory that is addressed");
        let open = self.gauge("process_open_fds", "Open files and connections");
        let most = self.gauge("process_max_fds", "The most files and connections that may be open");
        let threads = self.gauge("process_threads", "Threads");
        Box::new(move || {
            let now = Process::now();
            cpu.inc_by((now.cpu.as_secs_f64() - cpu.get()).max(0.0));
            for (gauge, value) in [
                (&resident, now.resident),
                (&virtual_memory, now.virtual_memory),
                (&open, now.open_files),
                (&most, now.most_files),
                (&threads, now.threads),
            ] {
                gauge.set(whole(value));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_written_in_the_format_of_prometheus() {
        let metrics = Metrics::new();
        metrics.request("/i/{code}", "GET", 200, Duration::from_millis(20));
        metrics.homeserver_request("join", "200".into(), Duration::from_secs(2));
        metrics.watch_cache("people", || 3);
        metrics.watch_pool(|| [1, 2, 8]);
        metrics.swept("housekeeping", true, 1_500);
        let (redeeming, text) = (metrics.redeeming(), metrics.text());
        drop(redeeming);
        for line in [
            "# TYPE super_invites_http_requests_total counter",
            r#"super_invites_http_requests_total{route="/i/{code}",method="GET",status="200"} 1"#,
            r#"super_invites_http_request_duration_seconds_bucket{route="/i/{code}",le="0.025"} 1"#,
            r#"super_invites_homeserver_requests_total{endpoint="join",status="200"} 1"#,
            r#"super_invites_cache_entries{cache="people"} 3"#,
            r#"super_invites_db_pool_connections{state="max"} 8"#,
            r#"super_invites_sweep_last_success_timestamp_seconds{task="housekeeping"} 1.5"#,
            "super_invites_redemptions_in_progress 1",
            r#"super_invites_redemptions_total{outcome="failed"} 0"#,
        ] {
            assert!(text.lines().any(|found| found.starts_with(line)), "{line}: {text}");
        }
        assert!(metrics.text().contains("super_invites_redemptions_in_progress 0"));
        assert!(!text.contains("# EOF"), "that is another format");
    }

    #[test]
    fn what_was_only_going_to_be_is_not_read() {
        let metrics = Metrics::new();
        let entries = || {
            let text = metrics.text();
            let line = text.lines().find(|line| line.starts_with(r#"super_invites_cache_entries{cache="people"}"#));
            line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
        };
        metrics.watch_cache("people", || 3);
        let given_up = metrics.draft();
        given_up.watch_cache("people", || 0);
        given_up.account_created();
        assert_eq!(entries().as_deref(), Some("3"));
        assert!(metrics.text().contains("super_invites_accounts_created_total 1"), "the counters are the same");
        drop(given_up);
        let taken = metrics.draft();
        taken.watch_cache("people", || 5);
        metrics.adopt(&taken);
        assert_eq!(entries().as_deref(), Some("5"));
    }

    #[test]
    fn two_services_in_one_process_count_for_themselves() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.account_created();
        assert!(one.text().contains("super_invites_accounts_created_total 1"));
        assert!(other.text().contains("super_invites_accounts_created_total 0"));
    }

    /// The names of our own metrics in a text, without the endings of histograms.
    fn named(text: &str) -> Vec<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let ours = words.filter(|word| word.starts_with("super_invites_") || word.starts_with("process_"));
        let name = |word: &str| {
            let ends = ["_bucket", "_count", "_sum"].into_iter().find_map(|end| word.strip_suffix(end));
            ends.unwrap_or(word).to_owned()
        };
        ours.map(name).collect()
    }

    #[test]
    fn dashboards_and_alerts_name_what_there_is() {
        let metrics = Metrics::new();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["contrib/grafana/super-invites.json", "contrib/prometheus/alerts.yaml", "docs/operations.md"] {
            let text = std::fs::read_to_string(root.join(file)).expect("it is there");
            let named = named(&text);
            assert!(named.len() > 5, "{file}: {named:?}");
            for name in named {
                assert!(metrics.names().contains(&name), "{file}: there is no {name}");
            }
        }
        let manual = std::fs::read_to_string(root.join("docs/operations.md")).expect("it is there");
        for name in metrics.names() {
            assert!(manual.contains(&format!("`{name}`")), "docs/operations.md does not explain {name}");
        }
    }
}
