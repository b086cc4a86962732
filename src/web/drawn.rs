//! Preview pictures of invites: their content, and a cache of recently drawn ones.

use std::{sync::Arc, time::Duration};

use app::{Card, Landing, wording};
use axum::body::Bytes;
use moka::future::Cache;
use preview::{Door, Inviter, Leaf, Preview, can_draw};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::{metrics::Metrics, people::Picture};

/// How many pictures are drawn at once: each keeps a processor busy for some twenty milliseconds.
const DRAWN_AT_ONCE: usize = 2;

/// The most memory that cached pictures may take, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Limits how many pictures are drawn at once.
static DRAWING: Semaphore = Semaphore::const_new(DRAWN_AT_ONCE);

/// How long a request waits for its turn.
const QUEUE: Duration = Duration::from_secs(5);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Picture(#[from] preview::Error),
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
    #[error("too many pictures are asked for")]
    Busy,
    #[error("nobody draws any more")]
    Closed(#[from] tokio::sync::AcquireError),
}

/// Recently drawn pictures, by a hash of their content.
pub(super) struct Drawn(Cache<[u8; 32], Bytes>);

impl Drawn {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let weight = |_: &[u8; 32], picture: &Bytes| u32::try_from(picture.len() + 100).unwrap_or(u32::MAX);
        let drawn = Cache::builder().max_capacity(MOST_BYTES).weigher(weight).build();
        let counted = drawn.clone();
        metrics.watch_cache("previews", move || counted.entry_count());
        Self(drawn)
    }

    /// The picture with this content, as PNG.
    pub(super) async fn get(&self, shown: Shown) -> Result<Bytes, Arc<Error>> {
        self.0.try_get_with(shown.fingerprint(), shown.drawn()).await
    }
}

/// The content of a picture. For an invite that lets nobody in, or never existed, there is no card and no address.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) card: Option<Card>,
    pub(super) face: Option<Arc<Picture>>,
    pub(super) host: String,
    pub(super) address: String,
}

/// The card for a picture. If nothing of the title can be drawn, the inviter's id takes its place.
pub(super) fn card(landing: &Landing) -> Card {
    let mut card = Card::of(landing);
    if !can_draw(&card.title) {
        // Nothing is said above it then: whoever it is does not invite to themselves.
        card.says = "";
        let name = card.inviter.name();
        card.title = if can_draw(name) { name.to_owned() } else { card.inviter.user_id.clone() };
    }
    card
}

impl Shown {
    /// If the client disconnects meanwhile, the turn is still held until the picture is finished.
    async fn drawn(self) -> Result<Bytes, Error> {
        let turn = tokio::time::timeout(QUEUE, DRAWING.acquire()).await.map_err(|_| Error::Busy)??;
        let drawing = tokio::task::spawn_blocking(move || {
            let picture = self.draw();
            drop(turn);
            picture
        });
        Ok(drawing.await??.into())
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(format!("{:?}\n{}\n{}\n", self.card, self.host, self.address));
        hash.update(self.face.as_ref().map_or(&[][..], |face| &face.bytes));
        hash.finalize().into()
    }

    fn draw(&self) -> Result<Vec<u8>, preview::Error> {
        let Some(card) = &self.card else {
            let doors = [Door::default(); 3];
            return preview::draw(&Preview {
                title: wording::unavailable(),
                below: wording::ASK_AGAIN,
                doors: &doors,
                total: doors.len(),
                host: &self.host,
                ..Preview::default()
            });
        };
        let doors: Vec<Door<'_>> = card
            .doors
            .iter()
            .map(|door| Door {
                hue: door.hue,
                leaf: match door.name.as_str() {
                    _ if door.chat => Leaf::Chat,
                    "" => Leaf::Blank,
                    name => Leaf::Initial(name),
                },
                name: &door.name,
            })
            .collect();
        let inviter = Inviter {
            name: if card.says.is_empty() { "" } else { card.inviter.name() },
            says: card.says,
            initial: card.inviter.name(),
            hue: Some(card.inviter_hue),
            picture: self.face.as_ref().map(|face| &*face.bytes),
        };
        preview::draw(&Preview {
            inviter: Some(inviter),
            title: &card.title,
            below: &card.below(),
            hue: Some(card.hue),
            doors: &doors,
            total: doors.len(),
            open: true,
            host: &self.host,
            address: Some(&self.address),
        })
    }
}
