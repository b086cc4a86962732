//! The preview picture that a chat shows beside the link of an invite: as much as a stranger sees of its page, and no
//! more.

use std::sync::Arc;

use app::{
    LocalPath, landing_path,
    words::{self, Language},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::{
    drawn::{Error, Shown, card},
    reply::status_of,
    site::Site,
    state::Web,
    visit::Visit,
};

/// How long caches may keep a picture. If an invite ends, its old picture may be shown for this long.
const CACHE: &str = "public, max-age=300";

pub(super) async fn picture(State(web): State<Arc<Web>>, visit: Visit, Path(code): Path<String>) -> Response {
    let base = visit.base;
    let link = LocalPath::parse(&landing_path(&code));
    let public = web.public_address(&code);
    let address = public.clone().unwrap_or_else(|| visit.address(&link));
    let host = |address: &str| address.split('/').nth(2).unwrap_or_default().to_owned();
    let (site, reply) = Site::new(Arc::clone(&web), visit, false);
    let (shown, keep) = match site.strangers_landing(&code).await {
        Ok(landing) => {
            let face = match &landing.inviter.avatar_url {
                Some(mxc) => web.pictures.get(mxc).await.ok().flatten(),
                None => None,
            };
            // Many people look at the same picture, whatever they speak.
            let card = words::with(Language::default(), || card(&landing));
            (Shown { card: Some(card), face, host: host(&address), address }, CACHE)
        }
        // Identical for all, whatever host the request names.
        Err(app::Error::UnknownInvite) => {
            let host = public.as_deref().map(host).unwrap_or_default();
            (Shown { host, ..Shown::default() }, "no-store")
        }
        Err(error) => return reply.apply(status_of(&error).into_response(), base),
    };
    match web.drawn.get(shown).await {
        Ok(picture) => ([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, keep)], picture).into_response(),
        Err(error) if matches!(*error, Error::Busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the picture of an invite could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
