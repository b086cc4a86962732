//! The QR code of an address.

use fast_qr::{ECL, QRBuilder};
use tiny_skia::PathBuilder;

/// The quiet zone around the code, in modules (ISO/IEC 18004).
const QUIET: usize = 4;

/// The most pixels on a side, with the quiet zone.
const SIDE: usize = 252;

/// The fewest pixels per module that a camera can read from a screen.
const FINEST: usize = 4;

/// A QR code in whole pixels, so that its modules have sharp edges.
pub(crate) struct Code {
    /// Pixels on a side, with the quiet zone.
    pub(crate) side: f32,
    /// The dark modules, relative to the upper left corner of the quiet zone.
    pub(crate) dark: PathBuilder,
}

impl Code {
    /// `None` if the address is so long that the modules would be too small to be read.
    #[expect(clippy::cast_precision_loss, reason = "at most 252")]
    pub(crate) fn new(address: &str) -> Option<Self> {
        let code = QRBuilder::new(address).ecl(ECL::M).build().ok()?;
        let modules = code.size + 2 * QUIET;
        let pixels = Some(SIDE / modules).filter(|pixels| *pixels >= FINEST)?;
        let mut dark = PathBuilder::new();
        for row in 0..code.size {
            for column in (0..code.size).filter(|column| code[row][*column].value()) {
                let [x, y] = [column, row].map(|at| ((at + QUIET) * pixels) as f32);
                let side = pixels as f32;
                if let Some(module) = tiny_skia::Rect::from_xywh(x, y, side, side) {
                    dark.push_rect(module);
                }
            }
        }
        Some(Self { side: (modules * pixels) as f32, dark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_no_larger_than_its_place() {
        for length in [10, 60, 120, 180] {
            assert!(Code::new(&"x".repeat(length)).is_some_and(|code| code.side <= 252.0), "{length}");
        }
    }

    #[test]
    fn an_address_without_end_has_no_code() {
        assert!([200, 3000, 1_000_000].iter().all(|length| Code::new(&"x".repeat(*length)).is_none()));
    }
}
