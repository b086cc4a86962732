//! The words of a language, and the text as which the server sends them to the browser.

use std::{collections::BTreeMap, fmt};

use super::with;
use crate::t;

/// Separates the records of an encoded catalogue (ASCII, "record separator").
const RECORD: char = '\u{1e}';

/// Separates the parts of a record (ASCII, "unit separator").
const UNIT: char = '\u{1f}';

/// Languages that are written from right to left, whatever their region.
const RIGHT_TO_LEFT: [&str; 13] = ["ar", "arc", "ckb", "dv", "fa", "he", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"];

/// Scripts that are written from right to left (ISO 15924).
const RIGHT_TO_LEFT_SCRIPTS: [&str; 6] = ["adlm", "arab", "hebr", "nkoo", "syrc", "thaa"];

/// What a language consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Its tag (BCP 47).
    pub tag: String,
    /// Which of the forms of a text belongs to which number: a digit for each number from 0 to 199. Above, a number has
    /// the form of the one between 100 and 199 with the same last two digits. If it is empty, 1 has the first form and
    /// all others have the second.
    pub forms: String,
    /// The forms of each text, of which there is only one if the text is not about a number, by the English text. If
    /// that has a context, this comes first, and after it U+0004, as in gettext's MO files.
    pub texts: BTreeMap<String, Vec<String>>,
}

impl Catalogue {
    /// The catalogue as one text, for [`Language::read`].
    pub fn encode(&self) -> String {
        let direction = if is_right_to_left(&self.tag) { "rtl" } else { "ltr" };
        let mut text = [self.tag.as_str(), direction, &self.forms].join(&UNIT.to_string());
        for (key, forms) in &self.texts {
            text.push(RECORD);
            text.push_str(key);
            for form in forms {
                text.push(UNIT);
                text.push_str(form);
            }
        }
        text
    }

    /// Whether a text can be a part of a catalogue.
    pub fn takes(text: &str) -> bool {
        !text.contains([RECORD, UNIT])
    }
}

/// Whether a language is written from right to left, by its tag.
fn is_right_to_left(tag: &str) -> bool {
    let mut parts = tag.split('-').map(str::to_ascii_lowercase);
    let language = parts.next().unwrap_or_default();
    match parts.next().filter(|part| part.len() == 4) {
        Some(script) => RIGHT_TO_LEFT_SCRIPTS.contains(&script.as_str()),
        None => RIGHT_TO_LEFT.contains(&language.as_str()),
    }
}

/// A language with its words, which are kept for as long as the process lives. By default it is English.
#[derive(Clone, Copy)]
pub struct Language(&'static Words);

struct Words {
    encoded: &'static str,
    tag: &'static str,
    direction: &'static str,
    forms: &'static str,
    /// Each key with its forms, as they are encoded, in the order of the keys.
    texts: Vec<(&'static str, &'static str)>,
}

static ENGLISH: Words = Words { encoded: "", tag: "en", direction: "ltr", forms: "", texts: Vec::new() };

impl Default for Language {
    fn default() -> Self {
        Self(&ENGLISH)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.tag)
    }
}

impl Language {
    /// Reads what [`Catalogue::encode`] has written; nothing if it is something else.
    pub fn read(encoded: &'static str) -> Option<Self> {
        let mut records = encoded.split(RECORD);
        let mut head = records.next()?.split(UNIT);
        let (tag, direction, forms) = (head.next()?, head.next()?, head.next()?);
        let texts = records.filter_map(|record| record.split_once(UNIT)).collect();
        Some(Self(Box::leak(Box::new(Words { encoded, tag, direction, forms, texts }))))
    }

    /// The text that the browser's program needs to speak this language; empty if it needs none.
    pub fn encoded(self) -> &'static str {
        self.0.encoded
    }

    /// The tag of the language (BCP 47).
    pub fn tag(self) -> &'static str {
        self.0.tag
    }

    /// The direction in which it is written: `ltr` or `rtl`, as in HTML.
    pub fn direction(self) -> &'static str {
        self.0.direction
    }

    /// What it is called in itself.
    pub fn name(self) -> &'static str {
        let name = with(self, || t!("this language, in itself" => "English"));
        if name == "English" && self.0.tag != "en" { self.0.tag } else { name }
    }

    /// The locale for ECMAScript's `Intl`. Numbers are written with the same digits as everywhere else on the pages.
    pub(crate) fn locale(self) -> String {
        match self.0.tag {
            "en" => "en-GB".to_owned(),
            tag => format!("{tag}-u-nu-latn"),
        }
    }

    /// The translation of a text; the first form, if the text is about a number.
    pub(super) fn look_up(self, key: &str) -> Option<&'static str> {
        self.forms(key)?.split(UNIT).next()
    }

    /// The translation of a text about a number.
    pub(super) fn look_up_form(self, key: &str, number: u32) -> Option<&'static str> {
        self.forms(key)?.split(UNIT).nth(self.form(number))
    }

    fn forms(self, key: &str) -> Option<&'static str> {
        let found = self.0.texts.binary_search_by(|(found, _)| (*found).cmp(key)).ok()?;
        Some(self.0.texts.get(found)?.1)
    }

    /// Which form belongs to a number.
    fn form(self, number: u32) -> usize {
        let alike = if number < 200 { number } else { 100 + number % 100 };
        match self.0.forms.as_bytes().get(alike as usize) {
            Some(digit) => digit.saturating_sub(b'0').into(),
            None => usize::from(number != 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_as_it_was_written() {
        let texts = [("{n} room", &["{n} Raum", "{n} Räume"][..]), ("Yes", &["Ja"]), ("a\u{4}Yes", &["Jo"])];
        let texts =
            texts.iter().map(|(key, forms)| ((*key).to_owned(), forms.iter().map(|form| (*form).to_owned()).collect()));
        let catalogue = Catalogue { tag: "de".to_owned(), forms: "10".repeat(100), texts: texts.collect() };
        let language = Language::read(catalogue.encode().leak()).expect("it was encoded");
        assert_eq!((language.tag(), language.direction(), language.name()), ("de", "ltr", "de"));
        assert_eq!((language.look_up("Yes"), language.look_up("a\u{4}Yes")), (Some("Ja"), Some("Jo")));
        assert_eq!((language.look_up("No"), language.look_up("")), (None, None));
        for (number, form) in [(0, "{n} Räume"), (1, "{n} Raum"), (198, "{n} Räume"), (1001, "{n} Raum")] {
            assert_eq!(language.look_up_form("{n} room", number), Some(form), "{number}");
        }
        assert!(Language::read("").is_none());
    }

    #[test]
    fn the_direction_is_that_of_the_script() {
        let read = |tag: &str| {
            let catalogue = Catalogue { tag: tag.to_owned(), ..Catalogue::default() };
            Language::read(catalogue.encode().leak()).expect("it was encoded").direction()
        };
        for (tag, direction) in
            [("ar", "rtl"), ("ar-EG", "rtl"), ("pa-Arab", "rtl"), ("ks-Deva", "ltr"), ("de", "ltr"), ("az-Latn", "ltr")]
        {
            assert_eq!(read(tag), direction, "{tag}");
        }
    }
}
