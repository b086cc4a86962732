//! `super-invites healthcheck`: whether the configured service answers on this machine, for health checks of
//! containers.

#![expect(clippy::disallowed_methods, reason = "a command asks once, and ends")]

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use app::PREFIX;
use serde_json::Value;

use crate::config::Listen;

/// How long the response may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends the local service a request that needs no authentication. It involves neither the homeserver nor the database:
/// restarting the container because of those would help nobody.
///
/// # Errors
/// What is wrong, for an operator.
pub async fn healthcheck(listen: &Listen) -> Result<(), String> {
    let listen = match listen {
        Listen::Address(address) => *address,
        Listen::Socket(path) => {
            return ask("localhost", Some(path)).await.map_err(|error| format!("{}: {error}", path.display()));
        }
    };
    let mut problem = String::new();
    for address in addresses(listen) {
        match ask(&address.to_string(), None).await {
            Ok(()) => return Ok(()),
            Err(error) => problem = format!("{address}: {error}"),
        }
    }
    Err(problem)
}

/// The addresses at which a service that listens on `listen` can be reached locally: the loopback interface if it
/// listens on all.
fn addresses(listen: SocketAddr) -> Vec<SocketAddr> {
    let at = |address: IpAddr| SocketAddr::new(address, listen.port());
    match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => vec![at(Ipv4Addr::LOCALHOST.into())],
        // A socket for all IPv6 addresses accepts IPv4 as well, and a container may have no IPv6 loopback address.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => vec![at(Ipv6Addr::LOCALHOST.into()), at(Ipv4Addr::LOCALHOST.into())],
        _ => vec![listen],
    }
}

/// Asks the service at this host and port, through a UNIX socket if there is one.
async fn ask(address: &str, socket: Option<&Path>) -> Result<(), String> {
    let ask = async {
        // A proxy from the environment would lead elsewhere.
        let mut client = reqwest::Client::builder().timeout(RESPONSE_TIMEOUT).no_proxy();
        if let Some(socket) = socket {
            client = client.unix_socket(socket);
        }
        let client = client.build()?;
        let answer = client.get(format!("http://{address}{PREFIX}/tokens")).send().await?;
        Ok::<_, reqwest::Error>((answer.status().as_u16(), answer.bytes().await?))
    };
    let (status, body) = ask.await.map_err(|error| match std::error::Error::source(&error) {
        Some(cause) => cause.to_string(),
        None => error.without_url().to_string(),
    })?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match status == 401 && body["errcode"] == "M_MISSING_TOKEN" {
        true => Ok(()),
        false => Err(format!("something else answers (status {status})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_listens_everywhere_is_asked_on_the_loopback_interface() {
        for (listen, asked) in [
            ("127.0.0.1:8090", &["127.0.0.1:8090"][..]),
            ("0.0.0.0:80", &["127.0.0.1:80"]),
            ("[::]:80", &["[::1]:80", "127.0.0.1:80"]),
            ("10.1.2.3:80", &["10.1.2.3:80"]),
        ] {
            let asked: Vec<SocketAddr> = asked.iter().map(|address| address.parse().expect("an address")).collect();
            assert_eq!(addresses(listen.parse().expect("an address")), asked, "{listen}");
        }
    }
}
