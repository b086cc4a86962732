//! The fonts that are part of the crate, and the choice of font for a character. System fonts are never used.

use std::sync::OnceLock;

use harfrust::{Font, GlyphId, font::glyph::outline::OutlineGlyph};

/// The style of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// For titles: Sansita if it has all letters, a bold sans serif otherwise.
    Display,
    Bold,
    Regular,
}

/// A font. It is decompressed on first use, and kept: 4.6 MB for all of them.
pub(crate) struct Face {
    packed: &'static [u8],
    /// Whether the font has only one weight, so that bold is imitated by thickening the outlines.
    pub(crate) one_weight: bool,
    font: OnceLock<Font>,
}

impl Face {
    const fn new(packed: &'static [u8]) -> Self {
        Self { packed, one_weight: false, font: OnceLock::new() }
    }

    #[cfg(feature = "cjk")]
    const fn of_one_weight(packed: &'static [u8]) -> Self {
        Self { packed, one_weight: true, font: OnceLock::new() }
    }

    /// # Panics
    /// If a font that comes with the crate cannot be read; a test reads all of them.
    pub(crate) fn font(&self) -> &Font {
        self.font.get_or_init(|| {
            let unpacked = wuff::decompress_woff2(self.packed).expect("a font of ours is WOFF2");
            Font::new(unpacked, 0).expect("a font of ours is one")
        })
    }

    /// Whether the font has a glyph for the character.
    pub(crate) fn has(&self, character: char) -> bool {
        self.font().charmap().map_unicode(character).is_some_and(|glyph| glyph != GlyphId::NOTDEF)
    }

    /// The outline of a glyph, in font units.
    pub(crate) fn outline(&self, glyph: u32) -> Option<OutlineGlyph<'_>> {
        self.font().outline_glyphs().get(GlyphId::new(glyph))
    }

    /// Font units per em.
    pub(crate) fn units(&self) -> f32 {
        f32::from(self.font().units_per_em())
    }
}

impl PartialEq for &'static Face {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(*self, *other)
    }
}

macro_rules! face {
    ($make:ident, $name:literal) => {
        Face::$make(include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), $name)))
    };
}

/// The display font of the pages.
static DISPLAY: Face = face!(new, "/../public/sansita-700.woff2");
static BOLD: [Face; 3] = [
    face!(new, "/fonts/latin-bold.woff2"),
    face!(new, "/fonts/arabic-bold.woff2"),
    face!(new, "/fonts/hebrew-bold.woff2"),
];
static REGULAR: [Face; 3] = [
    face!(new, "/fonts/latin-regular.woff2"),
    face!(new, "/fonts/arabic-regular.woff2"),
    face!(new, "/fonts/hebrew-regular.woff2"),
];
#[cfg(feature = "cjk")]
static CJK: [Face; 2] = [face!(of_one_weight, "/fonts/hangul.woff2"), face!(of_one_weight, "/fonts/han.woff2")];
#[cfg(not(feature = "cjk"))]
static CJK: [Face; 0] = [];

/// The fonts for a text, in order of preference.
#[derive(Clone)]
pub(crate) struct Choice(Vec<&'static Face>);

impl Choice {
    /// Uses the display font only if it has all Latin letters of `text`: two fonts within a word look like a mistake,
    /// and so do its digits among letters of another script.
    pub(crate) fn of(style: Style, text: &str) -> Self {
        let latin = |c: &char| matches!(c, '\0'..'\u{250}' | '\u{1E00}'..'\u{1F00}');
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
        let some = letters.is_empty() || letters.iter().any(latin);
        let display = style == Style::Display && some && letters.iter().filter(|c| latin(c)).all(|c| DISPLAY.has(*c));
        let weight = if style == Style::Regular { &REGULAR } else { &BOLD };
        Self(display.then_some(&DISPLAY).into_iter().chain(weight).chain(&CJK).collect())
    }

    /// The first font that has all of a character, with its accents.
    pub(crate) fn face(&self, cluster: &str) -> Option<&'static Face> {
        let shown = |c: &char| !matches!(c, '\u{200C}' | '\u{200D}');
        self.0.iter().copied().find(|face| cluster.chars().filter(shown).all(|c| face.has(c)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_can_be_read() {
        for face in [&DISPLAY].into_iter().chain(&BOLD).chain(&REGULAR).chain(&CJK) {
            assert!(face.font().num_glyphs() > 100);
        }
    }

    #[test]
    fn a_text_has_the_display_face_for_all_of_its_letters_or_for_none() {
        let first = |text| Choice::of(Style::Display, text).face("a").is_some_and(|face| face == &DISPLAY);
        assert_eq!(["Łódź 花", "Ɓanana", "花 2024", "+8"].map(first), [true, false, false, true]);
    }
}
