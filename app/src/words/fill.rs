//! Values in translated texts, and lists.

use std::fmt::{Display, Write};

use super::language;
use crate::t;

/// Placeholders that need no direction of their own: numbers, and what is in the reader's language already.
const PLAIN: [&str; 7] = ["n", "list", "day", "month", "year", "date", "time"];

/// A text with its placeholders, `{name}`, filled by the values of these names. A placeholder without a value stays.
///
/// In a language that is written from right to left, each value keeps its own direction (Unicode Standard Annex #9,
/// "Explicit Directional Isolates"), so no value may be a part of an HTML tag.
pub fn filled(pattern: &str, values: &[(&str, &dyn Display)]) -> String {
    let isolates = language().direction() == "rtl";
    let (mut text, mut rest) = (String::with_capacity(pattern.len()), pattern);
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let named = after.split_once('}').and_then(|(name, after)| {
            let (name, value) = values.iter().find(|(given, _)| *given == name)?;
            Some((*name, *value, after))
        });
        let Some((name, value, after)) = named else {
            text.push('{');
            rest = after;
            continue;
        };
        let (open, close) = if isolates && !PLAIN.contains(&name) { ("\u{2068}", "\u{2069}") } else { ("", "") };
        // Writing into a `String` does not fail.
        write!(text, "{open}{value}{close}").ok();
        rest = after;
    }
    text + rest
}

/// A text about a number, for [`tn!`](crate::tn).
pub fn counted(number: u32, key: &str, [one, other]: [&str; 2], values: &[(&str, &dyn Display)]) -> String {
    let english = if number == 1 { one } else { other };
    let pattern = language().look_up_form(key, number).unwrap_or(english);
    let mut all = values.to_vec();
    all.push(("n", &number));
    filled(pattern, &all)
}

/// A list in words: `a, b and c`.
pub fn list(parts: &[String]) -> String {
    let Some((last, before)) = parts.split_last() else { return String::new() };
    let Some((first, others)) = before.split_first() else { return last.clone() };
    let begun = others.iter().fold(first.clone(), |begun, next| t!("{list}, {next}", list = begun, next));
    t!("{list} and {last}", list = begun, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Catalogue, Language, with};

    fn language(tag: &str, texts: &[(&str, &str)]) -> Language {
        let texts = texts.iter().map(|(key, text)| ((*key).to_owned(), vec![(*text).to_owned()])).collect();
        let catalogue = Catalogue { tag: tag.to_owned(), forms: String::new(), texts };
        Language::read(catalogue.encode().leak()).expect("it was encoded")
    }

    #[test]
    fn values_stand_where_the_translation_wants_them() {
        let fill = |pattern: &str| filled(pattern, &[("a", &"{b}"), ("b", &2)]);
        for (pattern, text) in [
            ("{a} and {b}", "{b} and 2"),
            ("{b}{b} {a}", "22 {b}"),
            ("{c} {a", "{c} {a"),
            ("{{a}} } {", "{{b}} } {"),
            ("", ""),
        ] {
            assert_eq!(fill(pattern), text);
        }
    }

    #[test]
    fn a_value_among_arabic_keeps_its_direction() {
        let arabic = language("ar", &[("Chat with {name}", "دردشة مع {name}")]);
        let said = with(arabic, || t!("Chat with {name}", name = "Anna (2)"));
        assert_eq!(said, "دردشة مع \u{2068}Anna (2)\u{2069}");
    }

    #[test]
    fn a_list_is_said_in_words() {
        let said = |number: usize| list(&["a", "b", "c", "d"].map(str::to_owned)[..number]);
        assert_eq!([said(0), said(1), said(2), said(4)], ["", "a", "a and b", "a, b, c and d"]);
        let arabic = language("ar", &[("{list}, {next}", "{list} و{next}"), ("{list} and {last}", "{list} و{last}")]);
        let said = with(arabic, || said(3));
        assert_eq!(said, "a و\u{2068}b\u{2069} و\u{2068}c\u{2069}");
    }
}
