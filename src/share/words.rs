//! How templates say something in the language of whoever opens the page.

use std::fmt::Display;

use app::words::{counted, filled, text};
use minijinja::{Environment, Error, HtmlEscape, State, Value, value::Kwargs};

/// Gives templates the functions `t("Ask {who}.", who=name)` and `tn(rooms, "{n} room", "{n} rooms")`, which are what
/// the macros of these names are in the source code. A context is passed as `context="…"`.
pub(super) fn teach(environment: &mut Environment<'_>) {
    environment.add_function("t", translated);
    environment.add_function("tn", translated_number);
}

fn translated(state: &State<'_, '_>, english: &str, values: Kwargs) -> Result<Value, Error> {
    let Given { key, values } = Given::read(state, english, values)?;
    Ok(with_values(text(&key, english), &values))
}

fn translated_number(
    state: &State<'_, '_>,
    number: u32,
    one: &str,
    other: &str,
    values: Kwargs,
) -> Result<Value, Error> {
    let Given { key, values } = Given::read(state, one, values)?;
    Ok(with_values(&counted(number, &key, [one, other], &[]), &values))
}

/// What a template says besides a text.
struct Given {
    /// The text, after its context if it has one.
    key: String,
    /// The names of the values, and the values as HTML.
    values: Vec<(String, String)>,
}

impl Given {
    fn read(state: &State<'_, '_>, english: &str, values: Kwargs) -> Result<Self, Error> {
        let given = Value::from(values);
        let (mut key, mut values) = (english.to_owned(), Vec::new());
        for name in given.try_iter()? {
            let value = given.get_item(&name)?;
            let (name, said) = (name.to_string(), value.to_string());
            // A value may stand in a text more than once.
            let most = english.matches('{').count().saturating_mul(said.len());
            state.consume_fuel(most as u64 / 64)?;
            match name.as_str() {
                "context" => key = format!("{said}\u{4}{english}"),
                _ if value.is_safe() => values.push((name, said)),
                _ => values.push((name, HtmlEscape(&said).to_string())),
            }
        }
        Ok(Self { key, values })
    }
}

/// A text with values, as HTML. Without any it stays a text, which is escaped where it is shown.
fn with_values(text: &str, values: &[(String, String)]) -> Value {
    if values.is_empty() {
        return Value::from(text);
    }
    let values: Vec<(&str, &dyn Display)> =
        values.iter().map(|(name, html)| (name.as_str(), html as &dyn Display)).collect();
    Value::from_safe_string(filled(&HtmlEscape(text).to_string(), &values))
}

#[cfg(test)]
mod tests {
    use app::words::{Catalogue, Language, with};
    use minijinja::context;

    use super::*;

    fn german() -> Language {
        let texts = [
            ("Hello & {who}!", &["{who}: <hallo>!"][..]),
            ("Hello", &["Hallo <b>"]),
            ("word\u{4}Hello", &["Gruß"]),
            ("{n} room of {who}", &["{n} Raum von {who}", "{n} Räume von {who}"]),
        ];
        let texts =
            texts.iter().map(|(key, forms)| ((*key).to_owned(), forms.iter().map(|form| (*form).to_owned()).collect()));
        let german = Catalogue { tag: "de".to_owned(), forms: String::new(), texts: texts.collect() };
        Language::read(german.encode().leak()).expect("it was encoded")
    }

    fn shown(template: &str) -> Result<String, Error> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(1000));
        teach(&mut environment);
        environment.add_template("page.html", template)?;
        let template = environment.get_template("page.html")?;
        template.render(context! { who => "<Anna>" })
    }

    #[test]
    fn a_template_says_it_in_the_language_of_the_page_and_nothing_is_markup_that_is_not_meant_to_be() {
        for (template, english, german_text) in [
            ("{{ t('Hello') }}", "Hello", "Hallo &lt;b&gt;"),
            ("{{ t('Hello', context='word') }}", "Hello", "Gruß"),
            ("{{ t('Unknown <b>') }}", "Unknown &lt;b&gt;", "Unknown &lt;b&gt;"),
            ("{{ t('Hello & {who}!', who=who) }}", "Hello &amp; &lt;Anna&gt;!", "&lt;Anna&gt;: &lt;hallo&gt;!"),
            (
                "{% set host %}<b>{{ who }}</b>{% endset %}{{ t('Hello & {who}!', who=host) }}",
                "Hello &amp; <b>&lt;Anna&gt;</b>!",
                "<b>&lt;Anna&gt;</b>: &lt;hallo&gt;!",
            ),
            (
                "{{ tn(2, '{n} room of {who}', '{n} rooms of {who}', who=who) }}",
                "2 rooms of &lt;Anna&gt;",
                "2 Räume von &lt;Anna&gt;",
            ),
            (
                "{{ tn(1, '{n} room of {who}', '{n} rooms of {who}', who=who) }}",
                "1 room of &lt;Anna&gt;",
                "1 Raum von &lt;Anna&gt;",
            ),
            ("{% set t = 'mine' %}{{ t }}", "mine", "mine"),
        ] {
            assert_eq!(shown(template).expect("it is right"), english, "{template}");
            let said = with(german(), || shown(template));
            assert_eq!(said.expect("it is right"), german_text, "{template}");
        }
    }

    #[test]
    fn a_text_that_grows_without_end_is_not_said() {
        let long = "x".repeat(5000);
        let template = format!("{{{{ t('{}', x='{long}') }}}}", "{x}".repeat(1000));
        assert!(shown(&template).is_err());
        assert!(shown("{{ t() }}").is_err() && shown("{{ t(1, 2) }}").is_err());
    }
}
