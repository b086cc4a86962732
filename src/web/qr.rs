//! The QR code of an invite, for its owner: as SVG and as PNG.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use fast_qr::{
    ECL, QRBuilder, QRCode,
    convert::{Builder, svg::SvgBuilder},
};
use http::{StatusCode, Uri, header};

use super::{reply::status_of, site::Site, state::Web, visit::Visit};

/// The quiet zone around the code, in modules (ISO/IEC 18004).
const MARGIN: usize = 4;

/// The size of a module in pixels.
const SCALE: usize = 16;

pub(super) async fn file(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Path((code, file)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let download = uri.query() == Some("download");
    let (site, reply) = Site::new(web, visit, false);
    if let Err(error) = site.check_owner(&code).await {
        return reply.apply(status_of(&error).into_response(), "");
    }
    let Ok(qr) = QRBuilder::new(site.link(&code)).ecl(ECL::M).build() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (kind, bytes) = match file.as_str() {
        "qr.svg" => ("image/svg+xml", SvgBuilder::default().margin(MARGIN).to_str(&qr).into_bytes()),
        "qr.png" => match pixels(&qr) {
            Ok(bytes) => ("image/png", bytes),
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    if download && let Ok(name) = format!("attachment; filename=\"invite-{file}\"").parse() {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// The code as a PNG in black and white.
fn pixels(qr: &QRCode) -> Result<Vec<u8>, png::EncodingError> {
    let modules = qr.size + 2 * MARGIN;
    let side = modules * SCALE;
    let mut image = vec![u8::MAX; side * side];
    for (at, pixel) in image.iter_mut().enumerate() {
        let (row, column) = (at / side / SCALE, at % side / SCALE);
        let inside = |position: usize| position.checked_sub(MARGIN).filter(|position| *position < qr.size);
        if let (Some(row), Some(column)) = (inside(row), inside(column))
            && qr[row][column].value()
        {
            *pixel = 0;
        }
    }
    let mut bytes = Vec::new();
    let side = u32::try_from(side).unwrap_or_default();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(&image)?;
    Ok(bytes)
}
