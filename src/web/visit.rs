//! What the request of a browser tells about itself: the address it used, where it comes from, and whether a page of
//! this site sent it.

use std::{net::SocketAddr, sync::Arc};

use app::{Door, LocalPath, PREFIX};
use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, Uri, header, request::Parts};
use url::Url;

use super::state::Web;
use crate::{account::Origin, proxies::Proxies};

/// A request, before its session was checked.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// Where it comes from.
    pub(super) origin: Origin,
    /// Scheme and host as the browser sees them, `https://invite.example.org`.
    pub(super) site: String,
    /// The prefix below which the pages are mounted: nothing, [`PREFIX`], or the path of the operator's choice.
    pub(super) base: &'static str,
    /// The requested page, relative to `base`.
    pub(super) path: LocalPath,
    /// The request's headers.
    pub(super) headers: HeaderMap,
    /// Scheme and host of the public address, if one is configured.
    public: Option<String>,
}

impl FromRequestParts<Arc<Web>> for Visit {
    type Rejection = <ConnectInfo<SocketAddr> as FromRequestParts<Arc<Web>>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, web).await?;
        Ok(Self::new(parts, peer, &web.settings.proxies, web.settings.public_url.as_ref(), web.mount))
    }
}

impl Visit {
    pub(super) fn new(
        parts: &Parts,
        peer: SocketAddr,
        proxies: &Proxies,
        public: Option<&Url>,
        mount: &'static str,
    ) -> Self {
        let headers = &parts.headers;
        let path = parts.uri.path();
        let public = public.map(|url| url.origin().ascii_serialization());
        let is_below =
            |base: &&str| path.strip_prefix(*base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let base = [PREFIX, mount].into_iter().find(is_below).unwrap_or_default();
        Self {
            origin: proxies.origin(Door::Web, peer, headers),
            site: site(parts, peer, proxies, public.as_deref()),
            base,
            path: LocalPath::parse(parts.uri.path_and_query().map_or("/", |all| &all.as_str()[base.len()..])),
            headers: headers.clone(),
            public,
        }
    }

    /// Whether the browser's connection uses TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.site.starts_with("https://")
    }

    /// The full address of a page on this site.
    pub(super) fn address(&self, path: &LocalPath) -> String {
        format!("{}{}{path}", self.site, self.base)
    }

    /// Whether a state-changing request was sent by a page of this site.
    ///
    /// Browsers say so in `Sec-Fetch-Site`, which pages cannot set (W3C, Fetch Metadata). A browser too old for that
    /// sends `Origin`, which is `null` for a form on a page with `Referrer-Policy: no-referrer`, as ours are: that
    /// proves nothing, and is refused.
    pub(super) fn is_from_here(&self) -> bool {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(header::ORIGIN.as_str());
        if origin.is_some_and(|origin| origin != "null" && !self.is_this_host(origin)) {
            return false;
        }
        match text("sec-fetch-site") {
            Some(site) => site == "same-origin",
            None => origin.is_some_and(|origin| self.is_this_host(origin)),
        }
    }

    /// Whether a script has sent it. Forms can send nearly anything to nearly any address, but only by navigating (W3C,
    /// Fetch Metadata); in browsers too old for that header, they still cannot choose the `Accept` header.
    pub(super) fn is_by_script(&self) -> bool {
        match self.headers.get("sec-fetch-mode") {
            Some(mode) => mode != "navigate",
            None => self.headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/plain"),
        }
    }

    /// The public address counts as this host as well, because some proxies do not forward the requested host.
    fn is_this_host(&self, origin: &str) -> bool {
        let ours = [Some(self.site.as_str()), self.public.as_deref()];
        host_of(origin).is_some_and(|host| ours.into_iter().flatten().any(|ours| host_of(ours) == Some(host)))
    }
}

fn host_of(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

/// Scheme and host: those of the public address if its host is requested, otherwise those of the request.
fn site(parts: &Parts, peer: SocketAddr, proxies: &Proxies, public: Option<&str>) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
    if let Some(public) = public
        && host_of(public).is_some_and(|known| known == host)
    {
        return public.to_owned();
    }
    // Only a host name, whatever a client may have sent: it is repeated in pages and headers.
    let plain = |host: &String| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c));
    let host = format!("http://{host}/").parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
    let host = host.filter(plain);
    let scheme = if proxies.says_https(peer, &parts.headers) { "https" } else { "http" };
    format!("{scheme}://{}", host.as_deref().unwrap_or("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(uri: &str, headers: &[(&str, &str)], public: Option<&str>) -> Visit {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let public = public.map(|url| url.parse().expect("an address"));
        let proxies = Proxies::new(vec![std::net::IpAddr::from([127, 0, 0, 1]).into()]);
        Visit::new(&parts, SocketAddr::from(([127, 0, 0, 1], 1)), &proxies, public.as_ref(), "/inv")
    }

    #[test]
    fn only_this_sites_own_pages_may_change_something() {
        let own = ("host", "invite.example.org");
        for (headers, allowed) in [
            (&[("origin", "https://invite.example.org")][..], true),
            (&[("origin", "http://invite.example.org")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://invite.example.org")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "https://invite.example.org.evil.example")], false),
            (&[("origin", "https://invite.example.org:8443")], false),
            (&[("origin", "https://example.org"), ("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "null")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("referer", "https://invite.example.org/")], false),
        ] {
            let headers: Vec<_> = headers.iter().copied().chain([own]).collect();
            assert_eq!(visit("/new", &headers, None).is_from_here(), allowed, "{headers:?}");
        }
        // nginx forwards the name of its upstream unless it is configured otherwise.
        let public = Some("https://invite.example.org/");
        let upstream = ("host", "127.0.0.1:8090");
        for (origin, allowed) in [("https://invite.example.org", true), ("https://evil.example", false)] {
            assert_eq!(visit("/new", &[upstream, ("origin", origin)], public).is_from_here(), allowed);
        }
    }

    #[test]
    fn a_form_is_told_from_a_script() {
        for (headers, script) in [
            (&[("sec-fetch-mode", "cors")][..], true),
            (&[("sec-fetch-mode", "navigate"), ("accept", "text/plain")], false),
            (&[("accept", "text/plain")], true),
            (&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")], false),
            (&[], false),
        ] {
            assert_eq!(visit("/new", headers, None).is_by_script(), script, "{headers:?}");
        }
    }

    #[test]
    fn an_address_is_the_one_that_the_browser_has() {
        let link = |uri, headers: &[_], public| visit(uri, headers, public).address(&LocalPath::parse("/i/abc"));
        let host = ("host", "invite.example.org");
        assert_eq!(link("/invites", &[host], None), "http://invite.example.org/i/abc");
        let https = [host, ("x-forwarded-proto", "https")];
        assert_eq!(link("/invites", &https, None), "https://invite.example.org/i/abc");
        let below = "/_synapse/client/super_invites/invites";
        assert_eq!(link(below, &https, None), "https://invite.example.org/_synapse/client/super_invites/i/abc");
        assert_eq!(link("/", &[host], Some("https://invite.example.org/a")), "https://invite.example.org/i/abc");
        assert_eq!(link("/", &[host], Some("https://go.example.org")), "http://invite.example.org/i/abc");
        // An invalid host is not repeated.
        for strange in ["a b/<x>", "x;script-src", "u@evil.example", "a'b"] {
            assert_eq!(link("/", &[("host", strange)], None), "http://localhost/i/abc");
        }
    }

    #[test]
    fn the_mount_is_where_the_request_is() {
        for (uri, base, path) in [
            ("/", "", "/"),
            ("/i/a?x=1", "", "/i/a?x=1"),
            ("/_synapse/client/super_invites/", PREFIX, "/"),
            ("/_synapse/client/super_invites/i/a?x=1", PREFIX, "/i/a?x=1"),
            ("/_synapse/client/super_invites_too", "", "/_synapse/client/super_invites_too"),
            ("/inv", "/inv", "/"),
            ("/inv/i/a?x=1", "/inv", "/i/a?x=1"),
            ("/invites", "", "/invites"),
        ] {
            let visit = visit(uri, &[("host", "x")], None);
            assert_eq!((visit.base, visit.path.as_str()), (base, path));
        }
    }
}
