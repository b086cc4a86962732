//! PO files (GNU gettext manual, "The Format of PO Files").

use std::collections::BTreeSet;

use app::words::Catalogue;

use super::plural;

/// What is wrong in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The number of the line, from 1.
    pub(super) line: usize,
    pub(super) problem: String,
}

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// Which form belongs to which number, as in [`Catalogue::forms`], with the line on which its header stands.
    pub(super) plural: Option<(usize, String)>,
    /// Without those that are empty or marked as fuzzy: somebody still has to look at them.
    pub(super) translations: Vec<Translation>,
}

/// The translation of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translation {
    /// The line on which the text stands.
    pub(super) line: usize,
    /// The text, after its context if it has one, as in [`Catalogue::texts`].
    pub(super) key: String,
    /// Whether the text is about a number.
    pub(super) is_plural: bool,
    /// Its forms; one, if it is not about a number.
    pub(super) forms: Vec<String>,
}

/// An entry while it is read.
#[derive(Default)]
struct Entry {
    line: usize,
    fuzzy: bool,
    context: Option<String>,
    id: Option<String>,
    plural: Option<String>,
    forms: Vec<String>,
}

/// The part of an entry to which a text belongs.
#[derive(Clone, Copy)]
enum Part {
    Context,
    Id,
    Plural,
    Form(usize),
}

/// Reads a file.
///
/// # Errors
/// If it is not a PO file, by the line that shows it.
pub(super) fn read(text: &str) -> Result<File, Wrong> {
    let (mut file, mut keys) = (File::default(), BTreeSet::new());
    let (mut entry, mut part) = (Entry::default(), None);
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let wrong = |problem: &str| Wrong { line: number, problem: problem.to_owned() };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            if part.take().is_some() {
                finish(std::mem::take(&mut entry), &mut file, &mut keys)?;
            }
            let mut flags = line.strip_prefix("#,").unwrap_or_default().split(',');
            entry.fuzzy |= flags.any(|flag| flag.trim() == "fuzzy");
            continue;
        }
        let quote = line.find('"').ok_or_else(|| wrong("there is no text in quotes"))?;
        let (keyword, quoted) = line.split_at(quote);
        if !keyword.is_empty() {
            let next = part_of(keyword.trim()).ok_or_else(|| wrong("there is no such keyword"))?;
            if matches!((part, next), (Some(Part::Form(_)), Part::Context | Part::Id)) {
                finish(std::mem::take(&mut entry), &mut file, &mut keys)?;
            }
            if entry.line == 0 {
                entry.line = number;
            }
            entry.begin(next).map_err(wrong)?;
            part = Some(next);
        }
        let part = part.ok_or_else(|| wrong("there is no keyword before this text"))?;
        entry.push(part, &unquoted(quoted).map_err(wrong)?);
    }
    if part.is_some() {
        finish(entry, &mut file, &mut keys)?;
    }
    Ok(file)
}

fn part_of(keyword: &str) -> Option<Part> {
    match keyword {
        "msgctxt" => Some(Part::Context),
        "msgid" => Some(Part::Id),
        "msgid_plural" => Some(Part::Plural),
        "msgstr" => Some(Part::Form(0)),
        _ => Some(Part::Form(keyword.strip_prefix("msgstr[")?.strip_suffix(']')?.parse().ok()?)),
    }
}

impl Entry {
    fn begin(&mut self, part: Part) -> Result<(), &'static str> {
        let fits = match part {
            Part::Context => self.context.is_none() && self.id.is_none(),
            Part::Id => self.id.is_none(),
            Part::Plural => self.id.is_some() && self.plural.is_none() && self.forms.is_empty(),
            Part::Form(number) => self.id.is_some() && number == self.forms.len(),
        };
        match part {
            _ if !fits => return Err("this keyword is out of order"),
            Part::Context => self.context = Some(String::new()),
            Part::Id => self.id = Some(String::new()),
            Part::Plural => self.plural = Some(String::new()),
            Part::Form(_) => self.forms.push(String::new()),
        }
        Ok(())
    }

    fn push(&mut self, part: Part, more: &str) {
        let text = match part {
            Part::Context => self.context.as_mut(),
            Part::Id => self.id.as_mut(),
            Part::Plural => self.plural.as_mut(),
            Part::Form(number) => self.forms.get_mut(number),
        };
        if let Some(text) = text {
            text.push_str(more);
        }
    }
}

/// Adds an entry, of which there is no more, to the file.
fn finish(entry: Entry, file: &mut File, keys: &mut BTreeSet<String>) -> Result<(), Wrong> {
    let Entry { line, fuzzy, context, id, plural, forms } = entry;
    let wrong = |problem: &str| Err(Wrong { line, problem: problem.to_owned() });
    let Some(id) = id else { return wrong("msgid is missing") };
    match forms.first() {
        None => return wrong("msgstr is missing"),
        Some(header) if id.is_empty() && context.is_none() => {
            let plural = header.lines().find_map(|line| line.strip_prefix("Plural-Forms:"));
            if let Some(plural) = plural {
                let forms = plural::forms(plural).map_err(|problem| Wrong { line, problem: problem.to_owned() })?;
                file.plural = Some((line, forms));
            }
            return Ok(());
        }
        Some(_) if plural.is_none() && forms.len() > 1 => return wrong("msgid_plural is missing"),
        Some(_) => {}
    }
    let key = [context.map(|context| context + "\u{4}").unwrap_or_default(), id].concat();
    if !keys.insert(key.clone()) {
        return wrong("this text stands in the file twice");
    }
    if !forms.iter().chain([&key]).all(|text| Catalogue::takes(text)) {
        return wrong("there is a control character in this text");
    }
    if !fuzzy && forms.iter().all(|form| !form.is_empty()) {
        file.translations.push(Translation { line, key, is_plural: plural.is_some(), forms });
    }
    Ok(())
}

/// A text without its quotes and escapes, which are those of C.
fn unquoted(quoted: &str) -> Result<String, &'static str> {
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or("a quote is missing")?;
    let (mut text, mut rest) = (String::with_capacity(inside.len()), inside.chars());
    while let Some(c) = rest.next() {
        text.push(match c {
            '"' => return Err("a quote within a text has to be written as \\\""),
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(escaped @ ('"' | '\\')) => escaped,
                _ => return Err("there is no such escape"),
            },
            c => c,
        });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(String, Vec<String>)> {
        let file = read(text).expect("it is right");
        file.translations.into_iter().map(|translation| (translation.key, translation.forms)).collect()
    }

    fn wrong(text: &str) -> (usize, String) {
        let Wrong { line, problem } = read(text).expect_err("it is wrong");
        (line, problem)
    }

    #[test]
    fn every_kind_of_entry_is_read() {
        let text = r#"# A translator's comment.
msgid ""
msgstr ""
"Language: de\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

#: app/src/ui/layout.rs
msgid "Sign in"
msgstr "Anmelden"
msgctxt "state"
msgid "Open"
msgstr "Offen"

msgid "{n} room"
msgid_plural "{n} rooms"
msgstr[0] "{n} Raum"
msgstr[1] "{n} Räume"

msgid ""
"Two "
"lines\n"
msgstr "„Zwei“ \"\\\t"
"Zeilen\n"

#, fuzzy
msgid "Fuzzy"
msgstr "Ungefähr"

msgid "Not yet"
msgstr ""

#~ msgid "Gone"
#~ msgstr "Weg""#;
        let owned = |forms: &[&str]| forms.iter().map(|form| (*form).to_owned()).collect::<Vec<_>>();
        let expected = [
            ("Sign in", owned(&["Anmelden"])),
            ("state\u{4}Open", owned(&["Offen"])),
            ("{n} room", owned(&["{n} Raum", "{n} Räume"])),
            ("Two lines\n", owned(&["„Zwei“ \"\\\tZeilen\n"])),
        ];
        assert_eq!(keys(text), expected.map(|(key, forms)| (key.to_owned(), forms)));
        let (line, forms) = read(text).expect("it is right").plural.expect("there is a header");
        assert_eq!((line, &forms[..3]), (2, "101"));
        assert_eq!(keys(&text.replace('\n', "\r\n")), keys(text), "as Windows writes it");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, problem) in [
            ("msgid \"a\"\nmsgid \"b\"", 2, "out of order"),
            ("msgid \"a\"\n\nmsgid \"b\"\nmsgstr \"c\"", 1, "msgstr is missing"),
            ("\nmsgstr \"a\"", 2, "out of order"),
            ("msgid \"a\"\nmsgstr \"b", 2, "a quote is missing"),
            ("msgid \"a\"\nmsgstr \"b\"c\"", 2, "a quote within"),
            ("msgid \"a\"\nmsgstr \"\\q\"", 2, "no such escape"),
            ("msgid \"a\"\nmsgstring \"b\"", 2, "no such keyword"),
            ("Sign in = Anmelden", 1, "no text in quotes"),
            ("\"a\"", 1, "no keyword"),
            ("msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"", 4, "twice"),
            ("msgid \"a\"\nmsgstr[0] \"b\"\nmsgstr[1] \"c\"", 1, "msgid_plural is missing"),
            ("msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[1] \"c\"", 3, "out of order"),
            ("msgid \"a\"\nmsgstr \"\u{1e}\"", 1, "control character"),
            ("msgid \"\"\nmsgstr \"Plural-Forms: nplurals=2; plural=m;\"", 1, "Plural-Forms"),
        ] {
            let (found, told) = wrong(text);
            assert!(found == line && told.contains(problem), "{text}: {found}: {told}");
        }
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "\u{feff}", "# nothing\n\n"] {
            assert_eq!(read(text), Ok(File::default()));
        }
    }
}
