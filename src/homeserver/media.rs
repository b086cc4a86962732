//! Pictures from the homeserver's media repository.

use std::sync::Arc;

use matrix_sdk::ruma::{
    MxcUri, api::client::authenticated_media::get_content_thumbnail::v1 as thumbnail, media::Method, uint,
};

use super::{error::Result, link::Link};

/// The largest picture that is passed on, in bytes.
const LARGEST: usize = 512 * 1024;

/// The media types that are passed on: none that can contain a script.
const KINDS: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// A picture that may be shown in a browser.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its media type.
    pub kind: &'static str,
    /// The bytes of the file.
    pub bytes: Vec<u8>,
}

/// The media repository of the homeserver. Cheap to clone.
#[derive(Clone)]
pub struct Media(pub(super) Arc<Link>);

impl Media {
    /// A small square thumbnail (Client-Server API, "Content repository"); `None` if there is none that can be shown.
    pub async fn picture(&self, address: &MxcUri) -> Result<Option<Picture>> {
        let Ok((server, id)) = address.parts() else { return Ok(None) };
        let mut request = thumbnail::Request::new(id.to_owned(), server.to_owned(), uint!(128), uint!(128));
        request.method = Some(Method::Crop);
        request.animated = Some(false);
        match self.0.transport.send(request, self.0.own_token(), None).await {
            Ok(answer) => {
                let said = answer.content_type.unwrap_or_default();
                let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                let kind = KINDS.into_iter().find(|kind| *kind == said);
                let bytes = answer.file;
                Ok(kind.filter(|_| bytes.len() <= LARGEST).map(|kind| Picture { kind, bytes }))
            }
            Err(error) if error.is_judgement() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
