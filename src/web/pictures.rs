//! Pictures of people and rooms, passed on from the homeserver: only those that a page of this service shows.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use moka::future::Cache;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    error::Error,
    metrics::Metrics,
    people::{People, Picture},
    session::{Purpose, Sealer},
};

/// The most memory that cached pictures may take, in bytes.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

const KEPT: Duration = Duration::from_secs(60 * 60);

/// Recently requested pictures.
pub(super) struct Pictures {
    people: People,
    sealer: Sealer,
    cache: Cache<String, Option<Arc<Picture>>>,
}

impl Pictures {
    pub(super) fn new(people: People, sealer: Sealer, metrics: &Metrics) -> Self {
        let weight = |_: &String, picture: &Option<Arc<Picture>>| {
            let bytes = picture.as_ref().map_or(0, |picture| picture.bytes.len());
            u32::try_from(bytes + 100).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(MOST_BYTES).weigher(weight).time_to_live(KEPT).build();
        let counted = cache.clone();
        metrics.watch_cache("pictures", move || counted.entry_count());
        Self { people, sealer, cache }
    }

    /// The address at which a page that is mounted at `base` can show the picture with this `mxc:` address. It is signed; otherwise this service
    /// would pass on whatever anybody asks for.
    pub(super) fn address(&self, base: &str, mxc: &str) -> Option<String> {
        let (server, id) = mxc.strip_prefix("mxc://")?.split_once('/')?;
        let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let mark = self.sealer.mark(Purpose::Picture, mxc);
        Some(format!("{}/_pictures/{}/{}/{mark}", app::resources(base), escape(server), escape(id)))
    }

    /// The picture with this `mxc:` address, if there is one.
    pub(super) async fn get(&self, mxc: &str) -> Result<Option<Arc<Picture>>, Arc<Error>> {
        let ask = async { Ok(self.people.picture(mxc).await?.map(Arc::new)) };
        self.cache.try_get_with_by_ref(mxc, ask).await
    }
}

pub(super) async fn picture(
    State(pictures): State<Arc<Pictures>>,
    Path((server, id, mark)): Path<(String, String, String)>,
) -> Response {
    let mxc = format!("mxc://{server}/{id}");
    if !pictures.sealer.is_marked(Purpose::Picture, &mxc, &mark) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match pictures.get(&mxc).await {
        Ok(Some(picture)) => {
            let headers =
                [(header::CONTENT_TYPE, picture.kind), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
            (headers, Body::from(Bytes::copy_from_slice(&picture.bytes))).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
