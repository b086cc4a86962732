//! What commands print and write.

use std::{
    error::Error,
    fs::{OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use matrix_sdk::ruma::ServerName;
use serde_json::json;
use super_invites::{
    chance::Chance,
    registration::{Registration, Tokens, is_same},
    store::latest_migration,
    web::Assets,
};

/// Who may read the registration: the user that it belongs to, and a group. The homeserver and this service both have to, and may be two users.
const MODE: u32 = 0o640;

/// The environment as text. A variable whose name is not UTF-8 is left out, because none of ours is called like that. In a value, what is not UTF-8
/// becomes U+FFFD, so that it cannot end the process with a panic.
pub(crate) fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.to_string_lossy().into_owned())))
        .collect()
}

/// The version as JSON: with the latest migration that it knows, and whether it carries the files of the pages.
pub(crate) fn version() -> String {
    let version = json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "migration": latest_migration(),
        "pages_embedded": Assets::ARE_EMBEDDED,
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
    });
    version.to_string()
}

/// Writes the registration. Where it has been written already, with the same tokens if there are any given, nothing is done: a tool that sets up a
/// machine may repeat it. Another registration is never overwritten, because its tokens may be in use.
pub(crate) fn registration(
    server_name: &ServerName,
    sender: &str,
    tokens: Tokens,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let new = |tokens| Registration::new(server_name, sender, tokens, &Chance::system());
    if out == Path::new("-") {
        print!("{}", new(tokens)?.yaml);
        return Ok(());
    }
    let (what, registration) = match std::fs::read_to_string(out) {
        Ok(there) => {
            let registration = new(tokens.or_those_of(&there))?;
            if !is_same(&registration.yaml, &there) {
                return Err(format!(
                    "cannot write {}: there is another registration, whose tokens may be in use; remove it first, or name another file",
                    out.display()
                )
                .into());
            }
            ("Unchanged", registration)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let registration = new(tokens)?;
            write(&registration, out).map_err(|error| format!("cannot write {}: {error}", out.display()))?;
            ("Written", registration)
        }
        Err(error) => return Err(format!("cannot read {}: {error}", out.display()).into()),
    };
    println!(
        "{what}: {path}\n\n\
         1. Let the homeserver's user and this service's read it, and nobody else (chown HOMESERVER:SERVICE).\n\
         2. Add to homeserver.yaml, and restart the homeserver:\n\n\
         app_service_config_files:\n  - {path}\n\n\
         3. Set registration_file: {path} in the configuration of this service.\n\
         4. Only for generate_registration_token: make {sender} a server admin (`super-invites check` says how).",
        path = out.canonicalize()?.display(),
        sender = registration.sender,
    );
    Ok(())
}

fn write(registration: &Registration, out: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out)?;
    file.write_all(registration.yaml.as_bytes())?;
    // Whatever the umask.
    file.set_permissions(Permissions::from_mode(MODE))
}
