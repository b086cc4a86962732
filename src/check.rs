//! `super-invites check`: what is wrong, one line a finding, with the mend.

use std::time::Duration;

use matrix_sdk::ruma::UserId;
use serde_json::Value;
use url::Url;

use crate::{
    config::{ActingMode, Config},
    homeserver::{Error, Homeserver, Limits},
    store::Store,
};

/// Everything that is wrong, as lines for an operator; empty if nothing is.
pub async fn findings(config: &Config) -> Vec<String> {
    let mut findings = Vec::new();
    if let Some(finding) = database(config).await {
        findings.push(finding);
    }
    match crate::homeserver(config) {
        Ok(homeserver) => findings.extend(homeserver_findings(config, &homeserver).await),
        Err(error) => findings.push(error.to_string()),
    }
    if let Some(url) = &config.public_url
        && let Some(finding) = public_address(url).await
    {
        findings.push(finding);
    }
    findings
}

async fn database(config: &Config) -> Option<String> {
    let problem = match Store::open(&config.sql_url).await {
        Ok(store) => {
            let probed = store.probe().await;
            store.close().await;
            probed.err()?
        }
        Err(error) => error,
    };
    let cause = std::error::Error::source(&problem).map_or_else(|| problem.to_string(), ToString::to_string);
    Some(format!(
        "The database {:?} is not writable ({cause}). Check sql_url, that its folder or server exists, and that this user may \
         write there.",
        config.sql_url
    ))
}

async fn homeserver_findings(config: &Config, homeserver: &Homeserver) -> Vec<String> {
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

async fn rights(config: &Config, homeserver: &Homeserver, user: &UserId) -> Vec<String> {
    let is_admin = homeserver.is_admin().await;
    let mut findings = Vec::new();
    match (config.acting, is_admin) {
        (_, Err(error)) => findings.push(format!("The homeserver's admin API does not answer as it should ({error}).")),
        (ActingMode::Admin, Ok(false)) => findings.push(format!(
            "{user} is not a server admin, which acting: admin needs. Make it one, or use acting: appservice."
        )),
        (ActingMode::Appservice, Ok(false)) if config.generate_registration_token => findings.push(format!(
            "{user} is not a server admin, which generate_registration_token needs. As an admin: curl -X PUT -H 'Authorization: \
             Bearer ADMIN_TOKEN' -d '{{\"admin\": true}}' {}_synapse/admin/v1/users/{user}/admin (start the service once before, so \
             that the user exists).",
            config.homeserver_url
        )),
        (ActingMode::Admin, Ok(true)) if homeserver.limits().await.is_ok_and(|limits| limits == Limits::Usual) => {
            findings.push(format!(
                "The homeserver's limits hold for {user}, so redemptions of many rooms are cut short. Start the service: it lifts \
                 them."
            ));
        }
        _ => {}
    }
    findings
}

/// Asks our own API from outside: without a token it says which service it is.
async fn public_address(url: &Url) -> Option<String> {
    let url = url.as_str().trim_end_matches('/');
    let address = format!("{}{}/info", url.strip_suffix(app::PREFIX).unwrap_or(url), app::PREFIX);
    let mend = "Check public_url, that the service runs, and that the reverse proxy sends this path to it.";
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().ok()?;
    let answer = match client.get(&address).send().await {
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
