//! The command line.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{ArgGroup, Parser, Subcommand};
use matrix_sdk::ruma::{OwnedServerName, OwnedUserId};
use super_invites::{
    chance::Chance,
    check,
    clock::Clock,
    config::{self, Config, SqlUrl},
    healthcheck::healthcheck,
    import::{Import, import},
    logging,
    personal_data,
    registration::{Registration, Tokens},
    serve,
};
use tokio::net::TcpListener;

/// Invite codes for Matrix homeservers: whoever redeems one is in all of its rooms a moment later.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The configuration file [default: super-invites.yaml, if there is one]
    #[arg(long, global = true, env = "SUPER_INVITES_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve,
    /// Write the registration that makes this service known to the homeserver
    Registration {
        /// The homeserver's name, as in @user:name
        #[arg(long)]
        server_name: OwnedServerName,
        /// The local part of the service's own user
        #[arg(long, default_value = "super-invites")]
        sender: String,
        /// Where to write it; `-` for the standard output
        #[arg(long, visible_alias = "output", default_value = "super-invites-registration.yaml")]
        out: PathBuf,
        /// A file with nothing but the `as_token`, which is made if none is given
        #[arg(long, value_name = "FILE")]
        as_token_file: Option<PathBuf>,
        /// A file with nothing but the `hs_token`, which is made if none is given
        #[arg(long, value_name = "FILE")]
        hs_token_file: Option<PathBuf>,
    },
    /// Take over the database of the Python module `synapse_super_invites`, or the tokens of matrix-registration
    #[command(group = ArgGroup::new("source").required(true))]
    Import {
        /// Where the module's is, as in its `sql_url`
        #[arg(long, group = "source", value_parser = SqlUrl::parse)]
        from: Option<SqlUrl>,
        /// Where that of matrix-registration is, as in its `db`
        #[arg(long, group = "source", value_parser = SqlUrl::parse, requires = "owner")]
        from_matrix_registration: Option<SqlUrl>,
        /// Whose invites the tokens of matrix-registration become, as @anna:example.org
        #[arg(long, requires = "from_matrix_registration")]
        owner: Option<OwnedUserId>,
        /// Only say what would be taken over; nothing but this service’s own empty tables is made
        #[arg(long)]
        dry_run: bool,
    },
    /// Print everything that is kept about a person, as JSON
    Export {
        /// Their Matrix id, as @anna:example.org
        #[arg(long)]
        user: OwnedUserId,
    },
    /// Erase a person: their invites end, and what has to stay loses their name
    Erase {
        /// Their Matrix id, as @anna:example.org
        #[arg(long)]
        user: OwnedUserId,
        /// Only say what would be erased
        #[arg(long)]
        dry_run: bool,
    },
    /// Say what is wrong with the configuration and what it leads to, one line a finding
    Check,
    /// Ask the running service whether it answers: for the check of a container
    Healthcheck,
    /// Print a commented configuration
    Config,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("super-invites: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(cli: Cli) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if !matches!(cli.command, Command::Serve) {
        logging::begin(&config::Log::default());
    }
    match cli.command {
        Command::Serve => {
            let config = read(cli.config)?;
            logging::begin(&config.log);
            let listener = TcpListener::bind(config.listen).await?;
            tracing::info!(address = %listener.local_addr()?, "listening");
            serve(config, listener, clock(), Chance::system(), shutdown()).await?;
        }
        Command::Registration { server_name, sender, out, as_token_file, hs_token_file } => {
            let tokens = Tokens { as_token: token(as_token_file)?, hs_token: token(hs_token_file)? };
            write_registration(&Registration::new(&server_name, &sender, tokens, &Chance::system())?, &out)?;
        }
        Command::Healthcheck => {
            healthcheck(read(cli.config)?.listen).await.map_err(|problem| format!("not healthy: {problem}"))?;
        }
        Command::Import { from, from_matrix_registration, owner, dry_run } => {
            let what = match (from, from_matrix_registration.zip(owner)) {
                (Some(from), _) => Import::Module(from),
                (None, Some((from, owner))) => Import::MatrixRegistration(from, owner),
                (None, None) => return Err("--from or --from-matrix-registration is missing".into()),
            };
            println!("{}", import(&read(cli.config)?, &what, clock(), Chance::system(), dry_run).await?);
        }
        Command::Export { user } => {
            println!("{}", personal_data::export(&read(cli.config)?, &user, clock(), Chance::system()).await?);
        }
        Command::Erase { user, dry_run } => {
            let config = read(cli.config)?;
            println!("{}", personal_data::erase(&config, &user, clock(), Chance::system(), dry_run).await?);
        }
        Command::Check => return Ok(report(&check::findings(&read(cli.config)?, clock()()).await)),
        Command::Config => print!("{}", config::EXAMPLE),
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: Option<PathBuf>) -> Result<Config, config::ConfigError> {
    let usual = Path::new("super-invites.yaml");
    let file = file.or_else(|| usual.exists().then(|| usual.to_owned()));
    Config::read(file.as_deref(), std::env::vars())
}

fn report(findings: &[String]) -> ExitCode {
    if findings.is_empty() {
        println!("Nothing is wrong.");
        return ExitCode::SUCCESS;
    }
    for finding in findings {
        println!("{finding}");
    }
    ExitCode::FAILURE
}

fn token(file: Option<PathBuf>) -> Result<Option<String>, String> {
    let Some(file) = file else { return Ok(None) };
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

fn write_registration(registration: &Registration, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    if out == Path::new("-") {
        print!("{}", registration.yaml);
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(out).map_err(|error| format!("cannot write {}: {error}", out.display()))?;
    file.write_all(registration.yaml.as_bytes())?;
    let path = out.canonicalize()?;
    println!(
        "Written: {path}\n\n\
         1. Let the homeserver's user read it, and nobody else.\n\
         2. Add to homeserver.yaml, and restart the homeserver:\n\n\
         app_service_config_files:\n  - {path}\n\n\
         3. Set registration_file: {path} in the configuration of this service.\n\
         4. Only for generate_registration_token: make {sender} a server admin (`super-invites check` says how).",
        path = path.display(),
        sender = registration.sender,
    );
    Ok(())
}

fn clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Waits for Ctrl-C or SIGTERM.
async fn shutdown() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .expect("signals can be listened to at start-up");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
