//! Texts in HTML.

use std::fmt::Display;

use super::filled;

/// Escapes a text for HTML ("Escaping a string"), for places where Leptos does not: the title, text areas, and
/// `inner_html`.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(c),
        }
    }
    html
}

/// A text as HTML, its placeholders filled with HTML: the translation is escaped, the values are not. Values that are
/// plain numbers may have been filled in before, by [`t!`](crate::t) or [`tn!`](crate::tn).
pub(crate) fn marked(text: &str, values: &[(&str, &str)]) -> String {
    let values: Vec<(&str, &dyn Display)> = values.iter().map(|(name, html)| (*name, html as &dyn Display)).collect();
    filled(&escaped(text), &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_taken_for_markup() {
        let text = "</title><script>&lt;\u{202e}\"'";
        assert_eq!(escaped(text), "&lt;/title&gt;&lt;script&gt;&amp;lt;\u{202e}&quot;'");
    }

    #[test]
    fn markup_is_what_is_put_in_and_not_what_a_translator_wrote() {
        let html =
            marked("R&D <i>{n}</i> of {bold}{name}{end}", &[("bold", "<b>"), ("name", "&lt;{n}"), ("end", "</b>")]);
        assert_eq!(html, "R&amp;D &lt;i&gt;{n}&lt;/i&gt; of <b>&lt;{n}</b>");
    }
}
