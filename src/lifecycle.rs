//! The life of the service as its service manager sees it: systemd is told when it is ready, reloads and stops (`sd_notify(3)`), and SIGHUP reloads
//! the configuration. Without systemd, nobody is told.

use std::{error::Error, path::PathBuf};

use crate::cli::environment;
use sd_notify::NotifyState;
use super_invites::{
    Operator, Reload,
    chance::Chance,
    clock::Clock,
    config::{ConfigError, Keys, Log, Reloaded},
    logging::{self, Level},
    serve_for,
    socket::Socket,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn serve(files: &[PathBuf], migrate: bool, clock: Clock) -> Result<(), Box<dyn Error>> {
    // From the beginning on: without a handler, it would end the process.
    let hangups = signal(SignalKind::hangup())?;
    // And as the first process of a container, which has no default handlers, it would not even be heard before there is one.
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let keys = Keys::read(files, environment())?;
    let config = keys.config()?;
    let level = logging::begin(&config.log);
    let socket = Socket::bind(&config.listen, config.listen_socket_mode).await;
    let socket = socket.map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    tracing::info!(address = %socket, "listening");
    let (service, reloads) = mpsc::channel(1);
    let ready = Box::new(|| tell(&[NotifyState::Ready]));
    let operator = Operator { migrate, shutdown: Box::pin(shutdown(terminate, interrupt)), reloads, ready };
    let served = Box::pin(serve_for(config, socket, clock, Chance::system(), operator));
    tokio::select! {
        served = served => Ok(served?),
        () = reload_at(hangups, files, keys, &service, &level) => Ok(()),
    }
}

/// Reloads the configuration at each of these signals, for ever.
async fn reload_at(
    mut hangups: Signal,
    files: &[PathBuf],
    mut keys: Keys,
    service: &mpsc::Sender<Reload>,
    level: &Level,
) {
    while hangups.recv().await.is_some() {
        // systemd wants both at once: it takes a later READY=1 for the end of this reload, and no earlier one.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!(%error, "there is no monotonic clock"),
        }
        match reload(files, &keys, service).await {
            Ok((reloaded, log)) => {
                level.set(&log);
                for key in &reloaded.changed {
                    tracing::info!("reloaded: {key} takes effect");
                }
                for key in &reloaded.waiting {
                    tracing::warn!("not reloaded: {key} takes effect after a restart");
                }
                tracing::info!("the configuration is reloaded");
                keys = reloaded.keys;
            }
            Err(problem) => {
                tracing::error!("the configuration is not reloaded, and everything stays as it was: {problem}");
            }
        }
        tell(&[NotifyState::Ready]);
    }
    std::future::pending::<()>().await;
}

async fn reload(files: &[PathBuf], keys: &Keys, service: &mpsc::Sender<Reload>) -> Result<(Reloaded, Log), String> {
    let in_words = |error: ConfigError| error.to_string();
    let new = Keys::read(files, environment()).map_err(in_words)?;
    // All of it has to be right, or the next start would fail.
    new.config().map_err(in_words)?;
    let reloaded = keys.reloaded(new);
    let config = reloaded.keys.config().map_err(in_words)?;
    let (log, (done, answer)) = (config.log.clone(), oneshot::channel());
    let stopping = || "the service is stopping".to_owned();
    service.send(Reload { config, done }).await.map_err(|_| stopping())?;
    answer.await.map_err(|_| stopping())??;
    Ok((reloaded, log))
}

/// Waits for Ctrl-C or SIGTERM.
async fn shutdown(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tell(&[NotifyState::Stopping]);
}

/// Tells systemd, if it has started the service and wants to know.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd cannot be told about the service");
    }
}
