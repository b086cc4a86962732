//! `super-invites check`: what is wrong, one finding per line, with how to fix it.

#![expect(clippy::disallowed_methods, reason = "a command asks once, and ends")]

use std::{
    fs::OpenOptions,
    path::Path,
    time::{Duration, Instant},
};

use http::HeaderMap;
use matrix_sdk::ruma::UserId;
use reqwest::redirect;
use serde_json::Value;
use url::Url;

use crate::{
    chance::Chance,
    config::{ActingMode, Config, Creators, CreatorsWord, Policy, SqlUrl},
    homeserver::{AdminApi, Error, RateLimit, Setup},
    metrics::Metrics,
    reach::{self, Reached},
    session::{Purpose, Sealer},
    share,
    store::{self, Found, Millis, Store},
    web::shared,
    words::Languages,
};

/// Two parts of a response that are sent apart, but arrive within less than this of each other, were buffered on the
/// way.
const HELD_BACK: Duration = Duration::from_millis(500);

/// What there is to say, as lines for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What is good to know, and not wrong.
    pub remarks: Vec<String>,
    /// What is wrong.
    pub findings: Vec<String>,
}

/// Looks for everything that is wrong at `now`. Nothing is changed by it: no database is made or migrated.
pub async fn check(config: &Config, now: Millis) -> Checked {
    let (mut remarks, mut findings) = (Vec::new(), Vec::new());
    let mut sealer = None;
    match database(config).await {
        Ok(Database::Used(found)) => sealer = found,
        Ok(Database::NotYet(remark)) => remarks.push(remark),
        Err(finding) => findings.push(finding),
    }
    match crate::homeserver(config, &Metrics::new()) {
        Ok(homeserver) => findings.extend(homeserver_findings(config, &homeserver.setup).await),
        Err(error) => findings.push(error.to_string()),
    }
    findings.extend(Languages::new(config.words_dir.as_deref()).err().map(|error| error.to_string()));
    findings.extend(share_links(config).await);
    findings.extend(share_link_call(config).await);
    match &config.public_url {
        // What answers below a path of its own proves itself by the same key.
        Some(url) if !config.mount().is_empty() => findings.extend(way_here(config, url, sealer, now).await),
        Some(url) => match public_address(url).await {
            Some(finding) => findings.push(finding),
            None => findings.extend(way_here(config, url, sealer, now).await),
        },
        None => findings.extend(no_public_address(config)),
    }
    Checked { remarks, findings }
}

/// What is wrong with the configuration itself: what can be seen without a network and without the database.
pub fn offline(config: &Config) -> Vec<String> {
    let mut findings = Vec::new();
    findings.extend(config.acting_token().err().map(|error| error.to_string()));
    findings.extend(config.database().err().map(|error| error.to_string()));
    findings.extend(config.session_key().err().map(|error| error.to_string()));
    findings.extend(Languages::new(config.words_dir.as_deref()).err().map(|error| error.to_string()));
    if let Some(settings) = &config.share_link_generator {
        findings.extend(config.share_link_prefix().err().map(|error| error.to_string()));
        findings.extend(share::check_templates(settings.template_path.as_deref()).err().map(|error| error.to_string()));
    }
    findings.extend(no_public_address(config));
    findings
}

/// That links will carry the addresses under which pages happen to be opened.
fn no_public_address(config: &Config) -> Option<String> {
    (config.enable_web && config.public_url.is_none()).then(|| {
        "public_url is not set, so links and QR codes carry whatever address a page was opened under, and unless a trusted proxy \
         sends X-Forwarded-Proto: https, the cookies of sessions are not marked Secure. Set public_url to the address that people use."
            .to_owned()
    })
}

/// A database in which nothing is wrong.
enum Database {
    /// It can be used. The sealer proves to the running service that this command has the same configuration; there is none before the first start.
    Used(Option<Sealer>),
    /// It is made, or migrated, by a command or by the next start, as this remark says.
    NotYet(String),
}

async fn database(config: &Config) -> Result<Database, String> {
    let database = config.database().map_err(|error| error.to_string())?;
    let key = config.session_key().map_err(|error| error.to_string())?;
    let unusable = |cause: String| {
        format!(
            "The database {:?} is not writable ({cause}). Check sql_url, that its folder or server exists, and that this user may \
             write there.",
            config.sql_url
        )
    };
    let (url, newest) = (&config.sql_url, store::latest_migration());
    let store = match Store::look_at(&database).await {
        Ok(Found::UpToDate(store)) => store,
        Ok(Found::Nothing) => {
            if let SqlUrl::SqliteFile(file) = &database {
                can_be_made(file).map_err(|error| unusable(error.to_string()))?;
            }
            return Ok(Database::NotYet(format!(
                "The database {url:?} is not there yet; `super-invites migrate`, or the first start, would make it."
            )));
        }
        Ok(Found::Behind(None)) => {
            return Ok(Database::NotYet(format!(
                "The database {url:?} has no tables of this service yet; `super-invites migrate`, or the first start, would make them."
            )));
        }
        Ok(Found::Behind(Some(at))) => {
            return Ok(Database::NotYet(format!(
                "The database {url:?} is at migration {at}; `super-invites migrate`, or the next start, would bring it to {newest}."
            )));
        }
        Err(error @ store::Error::Newer(_)) => return Err(error.to_string()),
        Err(error) => return Err(unusable(cause(&error))),
    };
    let probed = store.probe().await;
    let sealer = Sealer::existing(key, &store.keys).await;
    store.close().await;
    probed.and(sealer).map(Database::Used).map_err(|error| unusable(cause(&error)))
}

/// Checks that a file can be made in the folder of this one, by making another one, which is taken away again.
fn can_be_made(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let probe = folder.join(format!(".super-invites-check-{}", Chance::system().id()?));
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(probe)
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The rules of the policy that cannot be enforced on this homeserver.
pub async fn rules_unkept(homeserver: &Setup, policy: &Policy) -> Vec<String> {
    let mut findings = Vec::new();
    let admin_api = homeserver.admin_api().await;
    if policy.account_age_days.is_some() && matches!(admin_api, Ok(AdminApi::Closed | AdminApi::Missing)) {
        findings.push(
            "policy.account_age_days cannot be checked, so accounts of any age may make invites: the homeserver tells the age to server \
             admins only. Make the user of this service one (as for generate_registration_token), or use acting: admin."
                .to_owned(),
        );
    }
    if policy.create != Creators::Word(CreatorsWord::Everyone) && matches!(admin_api, Ok(AdminApi::Missing)) {
        findings.push(
            "policy.create cannot be checked for server admins: this homeserver has no Synapse admin API, so nobody counts as one. List \
             those who may make invites."
                .to_owned(),
        );
    }
    findings
}

async fn homeserver_findings(config: &Config, homeserver: &Setup) -> Vec<String> {
    let user = match homeserver.acting_user().await {
        Ok(user) => user,
        Err(Error::Refused(refusal)) if matches!(refusal.status, 401 | 403) => return vec![refused_token(config)],
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return vec![format!(
                "Nobody answers at {} as a homeserver ({error}{cause}). Check homeserver_url and that the homeserver runs.",
                config.homeserver_url
            )];
        }
    };
    let mut findings = Vec::new();
    if user.server_name() != config.server_name {
        findings.push(format!(
            "The homeserver calls itself {}, but server_name is {}. Set server_name: {}.",
            user.server_name(),
            config.server_name,
            user.server_name()
        ));
    }
    findings.extend(rights(config, homeserver, &user).await);
    findings.extend(rules_unkept(homeserver, &config.policy).await);
    findings
}

fn refused_token(config: &Config) -> String {
    match config.acting {
        ActingMode::Appservice => {
            let file = match &config.registration_file {
                Some(file) => file.display().to_string(),
                None => "the registration file".to_owned(),
            };
            format!(
                "The homeserver does not know the as_token: the registration is not loaded, or the token is not the same. Add {file} \
                 to app_service_config_files in homeserver.yaml and restart the homeserver."
            )
        }
        ActingMode::Admin => {
            "The homeserver does not accept the admin_token. Log the admin in again and set the new access token."
                .to_owned()
        }
    }
}

async fn rights(config: &Config, homeserver: &Setup, user: &UserId) -> Vec<String> {
    let admin_api = homeserver.admin_api().await;
    let mut findings = Vec::new();
    match (config.acting, admin_api) {
        (_, Err(error)) => findings.push(format!("The homeserver's admin API does not answer as it should ({error}).")),
        (ActingMode::Admin, Ok(AdminApi::Closed | AdminApi::Missing)) => findings.push(format!(
            "{user} is not a server admin, which acting: admin needs. Make it one, or use acting: appservice."
        )),
        (ActingMode::Appservice, Ok(AdminApi::Closed | AdminApi::Missing)) if config.generate_registration_token => findings.push(format!(
            "{user} is not a server admin, which generate_registration_token needs. As an admin: curl -X PUT -H 'Authorization: \
             Bearer ADMIN_TOKEN' -d '{{\"admin\": true}}' {}_synapse/admin/v1/users/{user}/admin (start the service once before, so \
             that the user exists).",
            config.homeserver_url
        )),
        (ActingMode::Admin, Ok(AdminApi::Open)) if homeserver.rate_limit().await.is_ok_and(|limits| limits == RateLimit::Usual) => {
            findings.push(format!(
                "The homeserver's limits hold for {user}, so redemptions of many rooms are cut short. Start the service: it lifts \
                 them."
            ));
        }
        _ => {}
    }
    findings
}

/// Asks the running service from outside how requests reach it. That needs the same key, from the configuration or the database, because it signs
/// the question.
async fn way_here(config: &Config, url: &Url, sealer: Option<Sealer>, now: Millis) -> Vec<String> {
    let Some(sealer) = sealer else { return Vec::new() };
    let address = reach::address(url.as_str(), config.mount());
    let ask = async {
        let client =
            reqwest::Client::builder().timeout(Duration::from_secs(10)).redirect(redirect::Policy::none()).build()?;
        let request = client.get(address).header(reach::PROOF, sealer.proof(Purpose::Check, "", now));
        let mut answer = request.send().await?.error_for_status()?;
        let (mut text, mut first) = (Vec::new(), None);
        while let Some(part) = answer.chunk().await? {
            text.extend_from_slice(&part);
            first.get_or_insert_with(Instant::now);
        }
        let apart = first.map(|first| first.elapsed()).unwrap_or_default();
        Ok::<_, reqwest::Error>((String::from_utf8_lossy(&text).into_owned(), apart))
    };
    let read = |line: &str| serde_json::from_str::<Reached>(line.strip_prefix("data: ")?).ok();
    let problem = match ask.await {
        Ok((text, apart)) => match text.lines().find_map(read) {
            Some(told) => return proxy_findings(url, &told, apart),
            None => "something else answers".to_owned(),
        },
        Err(error) => error.without_url().to_string(),
    };
    vec![format!(
        "It could not be seen how requests reach the service ({problem}). Run this with the configuration of the running service: the same \
         version, database and session_key."
    )]
}

fn proxy_findings(url: &Url, told: &Reached, apart: Duration) -> Vec<String> {
    let Reached { peer, trusted, forwarded, host } = told;
    let mut findings = Vec::new();
    let encrypted = url.scheme() == "https";
    if !trusted && (*forwarded || encrypted) {
        findings.push(format!(
            "Requests come from {peer}, which is not among trusted_proxies, so all visitors appear to come from that address: if one \
             of them guesses codes, everyone who is not signed in has to wait. If that is your reverse proxy, add {peer}, or its network, to trusted_proxies."
        ));
    } else if encrypted && !forwarded {
        findings.push(format!(
            "The reverse proxy at {peer} does not say for whom it asks, so all visitors appear to come from that address. Let it send X-Forwarded-For \
             (nginx: proxy_set_header X-Forwarded-For $remote_addr)."
        ));
    }
    let wanted = &url[url::Position::BeforeHost..url::Position::AfterPort];
    if host.as_deref() != Some(wanted) {
        findings.push(format!(
            "Requests for {wanted} arrive as requests for {}. Let the reverse proxy pass the host on (nginx: proxy_set_header Host \
             $host).",
            host.as_deref().unwrap_or("no host"),
        ));
    }
    if apart < HELD_BACK {
        findings.push(
            "Something between here and the service holds answers back until they are whole, so that nobody sees how their joining \
             comes along. Switch buffering off for this address (nginx: proxy_buffering off)."
                .to_owned(),
        );
    }
    findings
}

/// Checks that share links lead to their pages.
async fn share_links(config: &Config) -> Option<String> {
    let settings = config.share_link_generator.as_ref()?;
    let prefix = match config.share_link_prefix() {
        Ok(prefix) => prefix,
        Err(error) => return Some(error.to_string()),
    };
    if let Err(error) = share::check_templates(settings.template_path.as_deref()) {
        return Some(error.to_string());
    }
    let mend = "Check share_link_generator.url_prefix, that the service runs, and that the reverse proxy sends this path to it.";
    let Some(folder) = &settings.target_path else {
        // There is no such link, and no other server says so in these words.
        let english = Languages::new(config.words_dir.as_deref()).map(|all| all.accepted(&HeaderMap::new()));
        let nothing = app::words::with(english.unwrap_or_default(), shared::nothing);
        return fetched(&prefix, &nothing).await.err().map(|problem| format!("{problem} {mend}"));
    };
    let page = "Super Invites looks whether this page is served.".to_owned();
    match share::try_folder(folder, page.clone(), fetched(&prefix, &page)).await {
        Ok(fetched) => fetched.err().map(|problem| {
            format!("{problem} Let the web server there serve {} (nginx: try_files $uri.html =404).", folder.display())
        }),
        Err(error) => Some(format!(
            "The pages of share links cannot be written to {} ({error}). Check share_link_generator.target_path, and that this user may \
             write there.",
            folder.display()
        )),
    }
}

/// Checks that the response at the address of a link that does not exist is this text.
async fn fetched(prefix: &str, text: &str) -> Result<(), String> {
    let fetch = async { outside()?.get(format!("{prefix}{}", share::NO_LINK)).send().await?.text().await };
    match fetch.await {
        Ok(found) if found == text => Ok(()),
        Ok(_) => Err(format!("Something else answers at {prefix}.")),
        Err(error) => Err(format!("Nobody answers at {prefix} ({}).", error.without_url())),
    }
}

/// Checks that apps reach the resource that makes share links, if it is known where they look for it.
async fn share_link_call(config: &Config) -> Option<String> {
    let homeserver = config.homeserver_public_url.as_ref().filter(|_| config.share_link_generator.is_some())?;
    let address = format!("{}{}", homeserver.as_str().trim_end_matches('/'), crate::api::SHARE_LINK);
    let mend = "Let the homeserver's reverse proxy send this path to the service.";
    let ask = async { outside()?.put(&address).send().await };
    match ask.await.map(|answer| answer.status().as_u16()) {
        Ok(401) => None,
        Ok(status) => {
            Some(format!("Apps cannot make share links: something else answers at {address} (status {status}). {mend}"))
        }
        Err(error) => {
            Some(format!("Apps cannot make share links: nobody answers at {address} ({}). {mend}", error.without_url()))
        }
    }
}

/// A client that makes requests from outside, as browsers and apps do.
fn outside() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(Duration::from_secs(10)).build()
}

/// Requests our own API from outside: its error for a missing token identifies the service.
async fn public_address(url: &Url) -> Option<String> {
    let url = url.as_str().trim_end_matches('/');
    let address = format!("{}{}/info", url.strip_suffix(app::PREFIX).unwrap_or(url), app::PREFIX);
    let mend = "Check public_url, that the service runs, and that the reverse proxy sends this path to it.";
    let ask = async { outside()?.get(&address).send().await };
    let answer = match ask.await {
        Ok(answer) => answer,
        Err(error) => return Some(format!("Nobody answers at {address} ({}). {mend}", error.without_url())),
    };
    let status = answer.status();
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap_or_default()).unwrap_or_default();
    match status.as_u16() == 401 && body["errcode"] == "M_MISSING_TOKEN" {
        true => None,
        false => Some(format!("Something else answers at {address} (status {status}). {mend}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(url: &str, peer: &str, trusted: bool, forwarded: bool, host: &str, apart: u64) -> String {
        let told = Reached { peer: peer.to_owned(), trusted, forwarded, host: Some(host.to_owned()) };
        let url = url.parse().expect("an address");
        proxy_findings(&url, &told, Duration::from_millis(apart)).join("\n")
    }

    #[test]
    fn what_a_proxy_does_wrong_is_said_with_the_mend() {
        let (url, host) = ("https://invite.example.org/", "invite.example.org");
        assert_eq!(findings(url, "127.0.0.1", true, true, host, 1000), "");
        assert_eq!(findings("http://127.0.0.1:8090/", "127.0.0.1", true, false, "127.0.0.1:8090", 1000), "");
        for (found, mend) in [
            (
                findings(url, "172.18.0.1", false, true, host, 1000),
                "add 172.18.0.1, or its network, to trusted_proxies",
            ),
            (findings(url, "127.0.0.1", true, false, host, 1000), "X-Forwarded-For $remote_addr"),
            (findings(url, "127.0.0.1", true, true, "127.0.0.1:8090", 1000), "proxy_set_header Host"),
            (findings(url, "127.0.0.1", true, true, host, 3), "proxy_buffering off"),
        ] {
            assert!(found.contains(mend) && found.lines().count() == 1, "{found}");
        }
    }
}
