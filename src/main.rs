//! The command line.

mod cli;
mod lifecycle;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{
    Arg, ArgAction, ArgGroup, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind,
    parser::ValueSource, value_parser,
};
use matrix_sdk::ruma::{OwnedServerName, OwnedUserId};
use super_invites::{
    chance::Chance,
    check::{self, Checked},
    clock::Clock,
    config::{self, Config, SqlUrl},
    healthcheck::healthcheck,
    import::{Import, import},
    logging, personal_data,
    registration::Tokens,
    startup,
    store::latest_migration,
};

/// Invite codes for Matrix homeservers: whoever redeems one is in all of its rooms a moment later.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The configuration file; of several, separated by `:` or each with a --config of its own, later ones win [default: super-invites.yaml, if
    /// there is one]
    #[arg(long, env = "SUPER_INVITES_CONFIG", value_delimiter = ':', value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Print the version, and what else tells this binary from others, as JSON
    #[arg(long)]
    version_json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve {
        /// Leave the database as it is, and refuse one that `migrate` has not brought up to date
        #[arg(long)]
        no_migrate: bool,
    },
    /// Bring the database up to date, and end; `serve` does so as well
    Migrate,
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
    /// Say what is wrong with the configuration and what it leads to, one line a finding; nothing is changed, no database made or migrated
    Check {
        /// Only look at the configuration and the files that it names: neither network nor database are needed
        #[arg(long)]
        offline: bool,
    },
    /// Ask the running service whether it answers: for the check of a container
    Healthcheck,
    /// Print a commented configuration
    Config {
        /// Print the JSON Schema of the configuration instead
        #[arg(long)]
        schema: bool,
    },
}

/// `--config` behind a command.
const CONFIG_BEHIND: &str = "config_behind";

/// Reads the command line. `--config` may stand before the command, behind it, or both; the files count in the order in which they are named. Of an
/// argument that is global to clap, those before the command would be dropped without a word.
fn parse() -> Cli {
    let command = Cli::command().mut_subcommands(|command| {
        let config = Arg::new(CONFIG_BEHIND).long("config").value_name("FILE").value_delimiter(':');
        let config = config.action(ArgAction::Append).value_parser(value_parser!(PathBuf));
        command.arg(config.help("The same as before the command; these files come after those"))
    });
    let matches = command.get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(files) = matches.subcommand().and_then(|(_, matches)| matches.get_many::<PathBuf>(CONFIG_BEHIND)) {
        // The variable only counts where no file is named.
        if matches.value_source("config") == Some(ValueSource::EnvVariable) {
            cli.config.clear();
        }
        cli.config.extend(files.cloned());
    }
    cli
}

fn main() -> ExitCode {
    match run(parse()) {
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
    let Some(command) = cli.command else {
        if cli.version_json {
            println!("{}", cli::version());
            return Ok(ExitCode::SUCCESS);
        }
        Cli::command().error(ErrorKind::MissingSubcommand, "a command is missing: try --help").exit();
    };
    if !matches!(command, Command::Serve { .. }) {
        logging::begin(&config::Log::default());
    }
    let files = files(cli.config);
    match command {
        Command::Serve { no_migrate } => Box::pin(lifecycle::serve(&files, !no_migrate, clock())).await?,
        Command::Migrate => {
            let store = startup::open(&read(&files)?.database()?, true).await?;
            store.close().await;
            println!("The database is up to date (migration {}).", latest_migration());
        }
        Command::Registration { server_name, sender, out, as_token_file, hs_token_file } => {
            let tokens = Tokens { as_token: token(as_token_file)?, hs_token: token(hs_token_file)? };
            cli::registration(&server_name, &sender, tokens, &out)?;
        }
        Command::Healthcheck => {
            healthcheck(&read(&files)?.listen).await.map_err(|problem| format!("not healthy: {problem}"))?;
        }
        Command::Import { from, from_matrix_registration, owner, dry_run } => {
            let what = match (from, from_matrix_registration.zip(owner)) {
                (Some(from), _) => Import::Module(from),
                (None, Some((from, owner))) => Import::MatrixRegistration(from, owner),
                (None, None) => return Err("--from or --from-matrix-registration is missing".into()),
            };
            println!("{}", import(&read(&files)?, &what, clock(), Chance::system(), dry_run).await?);
        }
        Command::Export { user } => {
            println!("{}", personal_data::export(&read(&files)?, &user, clock(), Chance::system()).await?);
        }
        Command::Erase { user, dry_run } => {
            let config = read(&files)?;
            println!("{}", personal_data::erase(&config, &user, clock(), Chance::system(), dry_run).await?);
        }
        Command::Check { offline: true } => return Ok(report(&check::offline(&read(&files)?))),
        Command::Check { offline: false } => {
            let Checked { remarks, findings } = check::check(&read(&files)?, clock()()).await;
            for remark in remarks {
                println!("{remark}");
            }
            return Ok(report(&findings));
        }
        Command::Config { schema: true } => print!("{}", config::schema()),
        Command::Config { schema: false } => print!("{}", config::EXAMPLE),
    }
    Ok(ExitCode::SUCCESS)
}

/// The files with the configuration.
fn files(named: Vec<PathBuf>) -> Vec<PathBuf> {
    let usual = Path::new("super-invites.yaml");
    match named.is_empty() && usual.exists() {
        true => vec![usual.to_owned()],
        false => named,
    }
}

fn read(files: &[PathBuf]) -> Result<Config, config::ConfigError> {
    Config::read(files, cli::environment())
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

fn clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
