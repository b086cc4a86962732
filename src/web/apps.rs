//! The apps that a landing page recommends, with those for the visitor's platform first.

use app::{AppLink, Landing, Relation, wording};
use http::{HeaderMap, header};

use crate::config::{Client, Platform};

/// The platform of a browser, from its headers; `None` if it is unknown.
fn platform(headers: &HeaderMap) -> Option<Platform> {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    // The order matters: phones also name the systems that theirs derive from.
    let names = [
        ("Android", Platform::Android),
        ("iPhone", Platform::Ios),
        ("iPad", Platform::Ios),
        ("Windows", Platform::Windows),
        ("Macintosh", Platform::Macos),
        ("Linux", Platform::Linux),
    ];
    names.into_iter().find(|(name, _)| agent.contains(name)).map(|(_, platform)| platform)
}

fn said(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "Android",
        Platform::Ios => "iPhone",
        Platform::Web => wording::in_the_browser(),
        Platform::Linux => "Linux",
        Platform::Macos => "Mac",
        Platform::Windows => "Windows",
    }
}

/// The recommended apps, in the operator's order, except that those for the visitor's platform come first.
pub(super) fn apps(
    clients: &[Client],
    headers: &HeaderMap,
    server: &str,
    landing: &Landing,
    code: &str,
) -> Vec<AppLink> {
    let user = match &landing.relation {
        Relation::Invited(person) | Relation::Redeeming(person, _) => person.user_id.as_str(),
        Relation::SignedOut(_) | Relation::Owner | Relation::Away => "",
    };
    let here = platform(headers);
    let runs_here = |client: &Client| match here {
        Some(here @ (Platform::Android | Platform::Ios)) => client.platforms.contains(&here),
        Some(here) => client.platforms.iter().any(|platform| [here, Platform::Web].contains(platform)),
        None => true,
    };
    let app = |client: &Client| AppLink {
        name: client.name.clone(),
        runs_on: client.platforms.iter().map(|platform| said(*platform)).collect::<Vec<_>>().join(", "),
        runs_here: runs_here(client),
        address: client.link.filled_in(server, user, code),
        invite: client.invite_link.as_ref().map(|link| link.filled_in(server, user, code)),
    };
    let mut apps: Vec<AppLink> = clients.iter().map(app).collect();
    apps.sort_by_key(|app| !app.runs_here);
    apps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_says_what_it_runs_on() {
        for (agent, runs_on) in [
            ("Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36", Some(Platform::Android)),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", Some(Platform::Ios)),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", Some(Platform::Macos)),
            ("Mozilla/5.0 (X11; Linux x86_64)", Some(Platform::Linux)),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Some(Platform::Windows)),
            ("curl/8", None),
        ] {
            let headers = HeaderMap::from_iter([(header::USER_AGENT, agent.parse().expect("a header"))]);
            assert_eq!(platform(&headers), runs_on, "{agent}");
        }
    }
}
