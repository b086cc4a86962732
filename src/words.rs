//! The languages of the service: the built-in translations, those in the operator's folder, and which of them a request
//! is answered in.

mod plural;
mod po;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io, iter,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use app::words::{Catalogue, Language};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use self::po::Translation;

/// The built-in translations, by the tags of their languages.
const BUILT_IN: [(&str, &str); 4] = [
    ("ar", include_str!("../words/ar.po")),
    ("de", include_str!("../words/de.po")),
    ("es", include_str!("../words/es.po")),
    ("fr", include_str!("../words/fr.po")),
];

/// The language of the texts in the source code.
const ENGLISH: &str = "en";

/// The cookie with the tag of the language that a visitor has chosen.
pub const COOKIE: &str = "super_invites_language";

/// How many languages of an `Accept-Language` header are looked at: more than any browser sends.
const MOST_ACCEPTED: usize = 50;

/// The languages without those of an operator.
static PLAIN: LazyLock<Languages> = LazyLock::new(|| Languages::of(&built_in()));

/// Why an operator's translations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// The folder, or a file in it, cannot be read.
    #[error("words_dir: cannot read {}: {source}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file is not called after a language.
    #[error("words_dir: {} is not called after a language, as de.po or pt-BR.po are", .0.display())]
    Name(PathBuf),
    /// There is something wrong in a file.
    #[error("words_dir: {}:{line}: {problem}", path.display())]
    Wrong {
        /// Its path.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
}

/// All languages of the service.
#[derive(Debug, Clone)]
pub struct Languages {
    /// In the order of their names.
    all: Arc<[Language]>,
    /// What tells the words of each apart from those of other builds.
    marks: Arc<[String]>,
}

impl Languages {
    /// The built-in languages and, on top of them, those of the PO files in a folder. A warning is logged for each text
    /// in them that the service does not have.
    ///
    /// # Errors
    /// If the folder or a file cannot be read, or a file is not a PO file.
    pub fn new(folder: Option<&Path>) -> Result<Self, WordsError> {
        let Some(folder) = folder else { return Ok(PLAIN.clone()) };
        let mut catalogues = built_in();
        let known: Vec<String> = catalogues.values().flat_map(|catalogue| catalogue.texts.keys().cloned()).collect();
        for path in files(folder)? {
            let tag = tag_of(&path).ok_or_else(|| WordsError::Name(path.clone()))?;
            let text =
                fs::read_to_string(&path).map_err(|source| WordsError::Unreadable { path: path.clone(), source })?;
            let catalogue = catalogues.entry(tag.clone()).or_insert_with(|| Catalogue { tag, ..Catalogue::default() });
            let unknown = add(catalogue, &text, &known).map_err(|po::Wrong { line, problem }| WordsError::Wrong {
                path: path.clone(),
                line,
                problem,
            })?;
            for (line, text) in unknown {
                tracing::warn!("words_dir: {}:{line}: there is no such text: {text}", path.display());
            }
        }
        Ok(Self::of(&catalogues))
    }

    fn of(catalogues: &BTreeMap<String, Catalogue>) -> Self {
        let mut all: Vec<Language> = catalogues.values().map(language).collect();
        all.sort_by_key(|language| language.name());
        let mark = |language: &Language| URL_SAFE_NO_PAD.encode(&Sha256::digest(language.encoded())[..9]);
        let marks = all.iter().map(mark).collect();
        Self { all: all.into(), marks }
    }

    /// All of them, in the order of their names.
    pub fn all(&self) -> Arc<[Language]> {
        Arc::clone(&self.all)
    }

    /// The language with this tag.
    pub fn named(&self, tag: &str) -> Option<Language> {
        self.all.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language that a visitor has chosen, or that their browser asks for; English if there is none.
    pub fn of_visitor(&self, headers: &HeaderMap) -> Language {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let chosen = pairs.filter(|(name, _)| *name == COOKIE).find_map(|(_, tag)| self.named(tag));
        chosen.unwrap_or_else(|| self.accepted(headers))
    }

    /// The language that a client asks for (RFC 9110, section 12.5.4); English if it asks for none of ours.
    pub fn accepted(&self, headers: &HeaderMap) -> Language {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let ranges = values.flat_map(|value| value.split(',')).filter_map(weighed);
        let mut ranges: Vec<(&str, f32)> = ranges.take(MOST_ACCEPTED).collect();
        // Equal ones stay in their order.
        ranges.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        ranges.iter().find_map(|(range, _)| self.matching(range)).unwrap_or_else(|| self.english())
    }

    /// The language for a range such as `de-AT`: that one, a more general one, or else any of the same name (RFC 4647,
    /// section 3.4, "Lookup", goes as far as the second).
    fn matching(&self, range: &str) -> Option<Language> {
        if range == "*" {
            return Some(self.english());
        }
        let mut general = iter::successors(Some(range), |range| Some(range.rsplit_once('-')?.0));
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let kin = || self.all.iter().copied().find(|language| primary(language.tag()) == primary(range));
        general.find_map(|range| self.named(range)).or_else(kin)
    }

    fn english(&self) -> Language {
        self.named(ENGLISH).unwrap_or_default()
    }

    /// The name of the file with a language's words, if the browser's program needs any for it.
    pub fn file(&self, language: Language) -> Option<String> {
        let at = self.all.iter().position(|one| one.tag() == language.tag())?;
        let mark = self.marks.get(at).filter(|_| !language.encoded().is_empty())?;
        Some(format!("{}.{mark}", language.tag()))
    }

    /// The language whose words are in the file with this name, and whether they are those that the name was made for.
    pub fn in_file(&self, name: &str) -> Option<(Language, bool)> {
        let (tag, _) = name.split_once('.')?;
        let language = self.named(tag).filter(|language| !language.encoded().is_empty())?;
        Some((language, self.file(language).is_some_and(|current| current == name)))
    }
}

/// The language of a catalogue. As what it consists of is kept for ever, the same catalogue is always the same language,
/// however often the configuration is reloaded.
fn language(catalogue: &Catalogue) -> Language {
    static ALL: Mutex<Vec<Language>> = Mutex::new(Vec::new());
    if catalogue.tag == ENGLISH && catalogue.texts.is_empty() {
        return Language::default();
    }
    let encoded = catalogue.encode();
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().find(|known| known.encoded() == encoded) {
        return *known;
    }
    let language = Language::read(encoded.leak()).unwrap_or_default();
    all.push(language);
    language
}

/// A language range and its weight, if it is acceptable at all.
fn weighed(range: &str) -> Option<(&str, f32)> {
    let (range, weight) = match range.split_once(';') {
        Some((range, weight)) => (range, weight.trim().strip_prefix("q=")?.trim().parse().ok()?),
        None => (range, 1.0),
    };
    (weight > 0.0 && !range.trim().is_empty()).then_some((range.trim(), weight))
}

fn built_in() -> BTreeMap<String, Catalogue> {
    let english = Catalogue { tag: ENGLISH.to_owned(), ..Catalogue::default() };
    let read = |(tag, text): (&str, &str)| {
        let mut catalogue = Catalogue { tag: tag.to_owned(), ..Catalogue::default() };
        add(&mut catalogue, text, &[]).expect("a test reads the built-in translations");
        catalogue
    };
    let all = BUILT_IN.into_iter().map(read).chain([english]);
    all.map(|catalogue| (catalogue.tag.clone(), catalogue)).collect()
}

/// Adds the translations of a PO file to those of a language, and returns the texts that are not among the known ones,
/// with the lines on which they stand.
fn add(catalogue: &mut Catalogue, text: &str, known: &[String]) -> Result<Vec<(usize, String)>, po::Wrong> {
    let po::File { plural, translations } = po::read(text)?;
    if let Some((line, forms)) = plural {
        if catalogue.texts.is_empty() {
            catalogue.forms = forms;
        } else if catalogue.forms != forms {
            let problem = "Plural-Forms is different from that of the built-in translations".to_owned();
            return Err(po::Wrong { line, problem });
        }
    }
    // English and German have two.
    let needed = match catalogue.forms.bytes().max() {
        Some(last) => usize::from(last.saturating_sub(b'0')) + 1,
        None => 2,
    };
    let mut unknown = Vec::new();
    for Translation { line, key, is_plural, forms } in translations {
        let needed = if is_plural { needed } else { 1 };
        if forms.len() != needed {
            let problem = format!("{needed} forms are needed here, by Plural-Forms");
            return Err(po::Wrong { line, problem });
        }
        if !known.contains(&key) {
            unknown.push((line, key.replace('\u{4}', ": ")));
        } else if !forms.iter().all(|form| fits(&key, form, is_plural)) {
            let problem = "its placeholders are not those of the English text".to_owned();
            return Err(po::Wrong { line, problem });
        }
        catalogue.texts.insert(key, forms);
    }
    Ok(unknown)
}

/// Whether a translation has the placeholders of its text, the number of a plural aside: “one room” is as good as “1 room”.
fn fits(key: &str, form: &str, is_plural: bool) -> bool {
    let text = key.rsplit('\u{4}').next().unwrap_or_default();
    let (mut expected, mut found) = (placeholders(text), placeholders(form));
    if is_plural {
        expected.remove("n");
        found.remove("n");
    }
    expected == found
}

/// The names of the placeholders in a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// The PO files in a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, WordsError> {
    let unreadable = |source| WordsError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "po") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The tag of the language after which a file is called: a language, then perhaps a script and a region (RFC 5646,
/// section 2.1). Other subtags are not taken: a browser refuses to format times for a tag that it cannot parse.
/// Gettext's `pt_BR` is `pt-BR`.
fn tag_of(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?.replace('_', "-");
    let is = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let mut parts = name.split('-').peekable();
    let language = parts.next().filter(|part| is(part, 2) || is(part, 3))?;
    let mut tag = language.to_ascii_lowercase();
    if let Some(script) = parts.next_if(|part| is(part, 4)) {
        let (first, rest) = script.split_at(1);
        tag = format!("{tag}-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
    }
    let is_number = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(region) = parts.next_if(|part| is(part, 2) || is_number(part)) {
        tag = format!("{tag}-{}", region.to_ascii_uppercase());
    }
    parts.next().is_none().then_some(tag)
}

#[cfg(test)]
mod tests;
