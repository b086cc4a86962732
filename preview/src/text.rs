//! The part of a text that is drawn: limited in length, on one line, without characters that no font of ours has and
//! without marks that would cover their neighbours.

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_segmentation::UnicodeSegmentation;

use crate::fonts::{Choice, Style};

/// The most grapheme clusters that are drawn: more than fit anywhere.
const LONGEST: usize = 200;

/// How many code points are read, so that a long text of invisible characters comes to an end as well.
const READ: usize = 20_000;

/// The most combining marks on a character: stacks of them would cover the neighbours.
const ACCENTS: usize = 2;

/// The most combining marks on a character in Hebrew and Arabic, which write vowels with them.
const POINTS: usize = 3;

/// The most code points of a grapheme cluster that are read, before it is normalised.
const APART: usize = 8;

/// A text, ready to be shaped in one style.
#[derive(Clone)]
pub(crate) struct Text {
    /// The characters to draw; may be empty.
    pub(crate) shown: String,
    pub(crate) style: Style,
    pub(crate) fonts: Choice,
    /// Whether it reads from right to left, decided by its first letter with a direction.
    pub(crate) rtl: bool,
}

impl Text {
    pub(crate) fn new(raw: &str, style: Style) -> Self {
        let compose = ComposingNormalizerBorrowed::new_nfc();
        let read: String = raw.chars().take(READ).filter_map(kept).collect();
        let read: String = read.graphemes(true).flat_map(|cluster| cluster.chars().take(APART)).collect();
        let read = compose.normalize(&read);
        let fonts = Choice::of(style, &read);
        let mut shown = String::new();
        let mut count = 0;
        for cluster in read.graphemes(true) {
            if count == LONGEST {
                break;
            }
            let Some(cluster) = drawable(cluster, &fonts) else { continue };
            // Where a word was left out, only one space remains between its neighbours.
            if cluster == " " && (shown.is_empty() || shown.ends_with(' ')) {
                continue;
            }
            shown.push_str(&cluster);
            count += 1;
        }
        shown.truncate(shown.trim_end().len());
        if count == LONGEST {
            shown.push('…');
        }
        let rtl = unicode_bidi::get_base_direction(shown.as_str()) == unicode_bidi::Direction::Rtl;
        Self { shown, style, fonts, rtl }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// A part of this text, in the same fonts and direction.
    pub(crate) fn part(&self, shown: String) -> Self {
        Self { shown, ..self.clone() }
    }
}

/// The letter that stands in for a picture: the first one of a name, in upper case. Empty if none can be drawn.
pub(crate) fn initial(name: &str) -> Text {
    let text = Text::new(name, Style::Display);
    let letter = text.shown.graphemes(true).find(|cluster| cluster.chars().any(char::is_alphanumeric));
    // A letter that becomes two in upper case, like the German ß, stays as it is.
    let capital = |letter: &str| {
        let capital = letter.to_uppercase();
        if capital.graphemes(true).count() == 1 { capital } else { letter.to_owned() }
    };
    Text::new(&letter.map(capital).unwrap_or_default(), Style::Display)
}

/// White space of any kind becomes a space. Control characters, and the invisible ones that change the direction of
/// text, are left out.
fn kept(character: char) -> Option<char> {
    match character {
        _ if character.is_whitespace() => Some(' '),
        '\u{61C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFF0}'..='\u{FFFF}'
        | '\u{E0000}'..='\u{E0FFF}' => None,
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

/// A grapheme cluster in a form that can be drawn: unchanged, with fewer accents, or as the plain letter that it is a
/// variant of.
fn drawable(cluster: &str, fonts: &Choice) -> Option<String> {
    // Some scripts write a syllable of several letters as one cluster; those letters are not accents.
    let most = if cluster.starts_with(|c| matches!(c, '\u{590}'..'\u{900}')) { POINTS } else { ACCENTS };
    let few: String = cluster.chars().take(1 + most).collect();
    let plain = ComposingNormalizerBorrowed::new_nfkc().normalize(&few).into_owned();
    let bare = few.chars().take(1).collect();
    let visible = |text: &String| text.chars().any(|c| !matches!(c, '\u{200C}' | '\u{200D}'));
    // A joiner at the end of a cluster belongs to it; a joiner alone is nothing to draw.
    [few, plain, bare].into_iter().find(|text| visible(text) && fonts.face(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> String {
        Text::new(raw, Style::Regular).shown
    }

    #[test]
    fn white_space_of_any_kind_is_one_space() {
        assert_eq!(shown("  a\n\r\t\u{2003}b\u{85}"), "a b");
    }

    #[test]
    fn characters_that_turn_the_direction_are_left_out() {
        assert_eq!(shown("\u{202E}a\u{2066}b\u{200F}\u{0}\u{7}"), "ab");
    }

    #[test]
    fn markup_is_letters() {
        let markup = "</text><image href=\"file:///etc/passwd\"/>&lt;";
        assert_eq!(shown(markup), markup);
    }

    #[test]
    fn what_no_font_has_is_left_out_and_leaves_no_gap() {
        assert_eq!(shown("Garden \u{1F33B}\u{200D}\u{1F331} Club \u{1F1E9}\u{1F1EA}"), "Garden Club");
    }

    #[test]
    fn fancy_letters_are_plain_ones() {
        assert_eq!(shown("\u{1D4D0}\u{1D4F7}\u{1D4F7}\u{1D4EA}"), "Anna");
    }

    #[test]
    fn accents_apart_from_their_letter_are_put_together() {
        assert_eq!(shown("Zoe\u{308} \u{1112}\u{1161}\u{11AB}"), "Zoë 한");
    }

    #[test]
    fn a_tower_of_accents_is_cut() {
        let tower = format!("a{}b", "\u{301}".repeat(2000));
        let shown = shown(&tower);
        assert!(shown.ends_with('b') && shown.chars().count() <= 5, "{shown}");
    }

    #[test]
    fn only_accents_end() {
        assert!(shown(&"\u{301}".repeat(100_000)).chars().count() <= 1 + ACCENTS);
    }

    #[test]
    fn a_text_without_end_is_cut() {
        assert_eq!(shown(&"x".repeat(1_000_000)), "x".repeat(LONGEST) + "…");
    }

    #[test]
    fn an_initial_is_a_capital_that_can_be_drawn() {
        assert_eq!(
            ["#general", "\u{1F33B} élan", "ßa", "\u{1F33B}", ""].map(|name| initial(name).shown),
            ["G", "É", "ß", "", ""]
        );
    }
}
