//! The colours of the light theme (`style/theme.css`) in sRGB. They are constants, because the results of trigonometric
//! functions may differ between machines.

use tiny_skia::Color;

/// A colour as `0xRRGGBB`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint(u32);

impl Paint {
    pub(crate) fn color(self) -> Color {
        self.with_alpha(u8::MAX)
    }

    pub(crate) fn with_alpha(self, alpha: u8) -> Color {
        let [_, red, green, blue] = self.0.to_be_bytes();
        Color::from_rgba8(red, green, blue, alpha)
    }
}

pub(crate) const TEXT: Paint = Paint(0x2e_192f);
pub(crate) const LIGHT: Paint = Paint(0xfc_bf3c);
pub(crate) const LIGHT_SOFT: Paint = Paint(0xfe_eec1);
pub(crate) const GLASS: Paint = Paint(0xc2_d8e5);
/// Letters on a coloured background.
pub(crate) const ON_PAINT: Paint = Paint(0xfe_f8fd);
pub(crate) const PAPER: Paint = Paint(0xff_ffff);
pub(crate) const INK: Paint = Paint(0x23_091f);
/// The square of the logo.
pub(crate) const PLUM: Paint = Paint(0x73_1a6c);

/// The shades of a hue.
#[derive(Clone, Copy)]
pub(crate) struct Hue {
    /// The house front.
    pub(crate) wash: Paint,
    /// The ground in front of it.
    pub(crate) ground: Paint,
    /// A title on the house front.
    pub(crate) text: Paint,
    /// Doors and profile pictures without a file.
    pub(crate) paint: Paint,
    /// The frames of doors.
    pub(crate) deep: Paint,
}

impl Hue {
    /// The hue with this number, from 1 to 12; grey for anything else.
    pub(crate) fn new(number: Option<u8>) -> Self {
        let at = number.and_then(|number| usize::from(number).checked_sub(1));
        *at.and_then(|at| HUES.get(at)).unwrap_or(&GREY)
    }
}

const fn hue([wash, ground, text, paint, deep]: [u32; 5]) -> Hue {
    Hue { wash: Paint(wash), ground: Paint(ground), text: Paint(text), paint: Paint(paint), deep: Paint(deep) }
}

const GREY: Hue = hue([0xe4_dae3, 0xd4_c9d3, 0x2e_192f, 0x60_4f60, 0x33_2934]);

/// The hues `.hue-1` to `.hue-12` of the style sheet.
const HUES: [Hue; 12] = [
    hue([0xff_dcd6, 0xfa_cbc4, 0x5e_211c, 0xa8_372e, 0x5e_1b16]),
    hue([0xff_decd, 0xf7_cdb9, 0x5c_2602, 0xa6_501a, 0x5d_2a0a]),
    hue([0xf7_e3c5, 0xec_d4af, 0x51_3000, 0x8a_600a, 0x4c_3303]),
    hue([0xe6_eac8, 0xd8_dcb2, 0x3a_3c00, 0x5f_630f, 0x33_3505]),
    hue([0xd6_eed3, 0xc4_e1c0, 0x17_4313, 0x2c_6b27, 0x15_3a11]),
    hue([0xca_f1e2, 0xb4_e4d2, 0x00_4631, 0x0d_644e, 0x04_3629]),
    hue([0xc4_f0f5, 0xad_e3e9, 0x00_444e, 0x01_6770, 0x00_383d]),
    hue([0xcb_ebff, 0xb7_def8, 0x00_3d60, 0x00_6593, 0x00_3652]),
    hue([0xd9_e6ff, 0xc8_d7fd, 0x24_3466, 0x35_4faa, 0x1a_2960]),
    hue([0xe8_e1ff, 0xd9_d1f9, 0x3c_2c61, 0x67_41b1, 0x38_2164]),
    hue([0xf6_ddf7, 0xeb_ccec, 0x4e_2551, 0x80_3385, 0x46_1849]),
    hue([0xff_dae6, 0xf7_c9d7, 0x5b_2038, 0xa9_3366, 0x5f_1837]),
];
