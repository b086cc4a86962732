//! Invites on paper.

/// How wide a code has to be printed for a mark in its middle, in tenths of a millimetre.
const WIDE_ENOUGH: usize = 400;

/// What cards of an invite are printed on, and how many on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// One card of A6.
    #[default]
    Card,
    /// One of A4.
    Poster,
    /// Four of A6 on A4.
    Four,
    /// Eight of A7 on A4, which lies on its side.
    Eight,
}

impl Paper {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Card, Self::Poster, Self::Four, Self::Eight];

    /// What it is called in addresses, and by the style sheet (`style/print.css`).
    pub fn key(self) -> &'static str {
        match self {
            Self::Card => "a6",
            Self::Poster => "a4",
            Self::Four => "a4x4",
            Self::Eight => "a4x8",
        }
    }

    /// The one with that key; the usual one for any other text.
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|paper| paper.key() == key).unwrap_or_default()
    }

    /// The size of the sheet (CSS Paged Media Module Level 3, "size").
    pub fn size(self) -> &'static str {
        match self {
            Self::Card => "105mm 148mm",
            Self::Poster | Self::Four => "210mm 297mm",
            Self::Eight => "297mm 210mm",
        }
    }

    /// How many cards are on a sheet.
    pub fn cards(self) -> usize {
        match self {
            Self::Card | Self::Poster => 1,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Whether a code is large enough on it for the mark in its middle.
    pub fn takes_mark(self, code: &QrCode) -> bool {
        self.place() * code.modules >= WIDE_ENOUGH * code.side()
    }

    /// How wide a code is with the white space around it, in tenths of a millimetre: 52 of the units of `style/print.css`.
    fn place(self) -> usize {
        match self {
            Self::Card | Self::Four => 520,
            Self::Poster => 1040,
            Self::Eight => 366,
        }
    }
}

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCode {
    /// How many modules a side has.
    pub modules: usize,
    /// Which of them are dark, row by row.
    pub dark: Vec<bool>,
}

impl QrCode {
    /// White space on every side, in modules (ISO/IEC 18004, "quiet zone").
    pub(crate) const QUIET: usize = 4;

    /// How many modules a side has with that.
    pub(crate) fn side(&self) -> usize {
        self.modules + 2 * Self::QUIET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_is_known_by_its_key() {
        assert!(Paper::ALL.into_iter().all(|paper| Paper::of(paper.key()) == paper));
        assert_eq!(Paper::of("a3\"><script>"), Paper::Card);
    }

    #[test]
    fn a_small_code_has_no_mark() {
        // Versions 3, 6 and 40 (ISO/IEC 18004, "symbol versions and sizes").
        for modules in [29, 41, 177] {
            let code = QrCode { modules, dark: Vec::new() };
            let takes = Paper::ALL.map(|paper| paper.takes_mark(&code));
            assert_eq!(takes, [true, true, true, false], "{modules}");
        }
        assert!(!Paper::Card.takes_mark(&QrCode { modules: 21, dark: Vec::new() }));
    }
}
