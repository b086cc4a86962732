use std::collections::BTreeSet;

use app::{tn, words::with};

use super::*;

/// A text in the source code.
struct Used {
    key: String,
    plural: Option<String>,
    file: String,
}

/// The files below the source folders of both crates whose names end in this, without those of tests.
fn sources(kind: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, kind: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the source code is there") {
            let path = entry.expect("it can be read").path();
            match path.extension() {
                _ if path.file_stem().is_some_and(|name| name == "tests") => {}
                Some(extension) if extension == kind => found.push(path),
                Some(_) => {}
                None => below(&path, kind, found),
            }
        }
    }
    let (root, mut found) = (Path::new(env!("CARGO_MANIFEST_DIR")), Vec::new());
    below(&root.join("app/src"), kind, &mut found);
    below(&root.join("src"), kind, &mut found);
    found
}

/// The literals between the parentheses of a call, each with whether it is a context: an arrow follows it, or it is
/// called so, which is how templates do it.
fn literals(call: &str) -> Vec<(String, bool)> {
    let (mut literals, mut depth, mut rest) = (Vec::new(), 1, call);
    while depth > 0 {
        let at = rest.find(['"', '(', ')']).expect("the call ends");
        let (sign, after) = rest[at..].split_at(1);
        rest = after;
        match sign {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {
                let end = after.find('"').expect("the literal ends");
                assert!(!after[..end].contains('\\'), "a key needs no escapes: {}", &after[..end]);
                let is_called = call[..call.len() - after.len() - 1].ends_with("context=");
                rest = &after[end + 1..];
                literals.push((after[..end].to_owned(), is_called || rest.trim_start().starts_with("=>")));
            }
        }
    }
    literals
}

/// What stands between the parentheses of each call with this beginning, and after them.
fn calls<'a>(code: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    let is_whole = move |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(begin).map(|(at, _)| at).filter(is_whole).map(move |at| &code[at + begin.len()..])
}

/// Every text that is passed to `t` or `tn` in a template.
fn used_in_templates() -> Vec<Used> {
    let mut used = Vec::new();
    for file in sources("html") {
        let code = fs::read_to_string(&file).expect("it can be read");
        for (name, is_plural) in [("t(", false), ("tn(", true)] {
            for call in calls(&code, name) {
                let (contexts, texts): (Vec<_>, Vec<_>) = literals(call).into_iter().partition(|(_, is)| *is);
                let context = contexts.first().map(|(context, _)| format!("{context}\u{4}")).unwrap_or_default();
                let key = format!("{context}{}", texts[0].0);
                let plural = is_plural.then(|| texts[1].0.clone());
                used.push(Used { key, plural, file: file.display().to_string() });
            }
        }
    }
    used
}

/// Every text that is passed to `t!` or `tn!`, or their like in templates.
fn used() -> Vec<Used> {
    let mut used = used_in_templates();
    assert!(used.len() > 10, "the templates are read");
    for file in sources("rs") {
        let text = fs::read_to_string(&file).expect("it can be read");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| line.to_owned() + "\n")
            .collect();
        for (name, is_plural) in [("t!(", false), ("tn!(", true)] {
            for call in calls(&code, name) {
                let mut texts = literals(call).into_iter().peekable();
                let context = texts.next_if(|(_, is_context)| *is_context).map(|(context, _)| context + "\u{4}");
                // In the definition of a macro there is none.
                let Some((english, _)) = texts.next() else { continue };
                let plural = if is_plural { texts.next().map(|(plural, _)| plural) } else { None };
                let key = [context.unwrap_or_default(), english].concat();
                used.push(Used { key, plural, file: file.display().to_string() });
            }
        }
    }
    used
}

#[test]
fn every_text_is_translated_and_no_other() {
    let used: BTreeSet<String> = used().into_iter().map(|used| used.key).collect();
    assert!(used.len() > 50, "the source code is read");
    for (tag, catalogue) in built_in() {
        if tag != ENGLISH {
            let translated: BTreeSet<String> = catalogue.texts.into_keys().collect();
            let missing: Vec<_> = used.difference(&translated).collect();
            let unused: Vec<_> = translated.difference(&used).collect();
            assert!(missing.is_empty() && unused.is_empty(), "{tag}: missing {missing:#?}, unused {unused:#?}");
        }
    }
}

#[test]
fn a_translation_has_the_placeholders_of_its_text() {
    let catalogues = built_in();
    for Used { key, plural, file } in used() {
        let english = key.rsplit('\u{4}').next().unwrap_or_default();
        let mut expected = placeholders(english);
        if plural.is_some() {
            expected.insert("n");
        }
        for (tag, catalogue) in &catalogues {
            for form in catalogue.texts.get(&key).into_iter().flatten() {
                let mut found = placeholders(form);
                // “One room” is as good as “1 room”.
                if plural.is_some() {
                    found.insert("n");
                }
                assert_eq!(found, expected, "{tag}: {file}: {form}");
            }
        }
    }
}

#[test]
fn a_text_is_always_about_a_number_or_never() {
    let built_in = built_in();
    let forms = |key: &str| built_in.get("ar").and_then(|arabic| arabic.texts.get(key).map(Vec::len));
    for Used { key, plural, file } in used() {
        let expected = if plural.is_some() { 6 } else { 1 };
        assert_eq!(forms(&key), Some(expected), "{file}: {key}");
    }
}

#[test]
fn a_number_has_the_form_of_its_language() {
    let languages = Languages::new(None).expect("there is nothing to read");
    let said = |tag: &str, number: u32| {
        let language = languages.named(tag).expect("it is built in");
        with(language, || tn!(number, "{n} minute ago", "{n} minutes ago"))
    };
    for (tag, number, text) in [
        ("en", 0, "0 minutes ago"),
        ("en", 1, "1 minute ago"),
        ("de", 1, "vor 1 Minute"),
        ("de", 21, "vor 21 Minuten"),
        ("fr", 0, "il y a 0 minute"),
        ("fr", 2, "il y a 2 minutes"),
        ("es", 1, "hace 1 minuto"),
        ("ar", 1, "قبل دقيقة"),
        ("ar", 2, "قبل دقيقتين"),
        ("ar", 5, "قبل 5 دقائق"),
        ("ar", 11, "قبل 11 دقيقة"),
        ("ar", 1003, "قبل 1003 دقائق"),
    ] {
        assert_eq!(said(tag, number), text);
    }
}

fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
}

#[test]
fn a_browser_gets_the_first_of_its_languages_that_there_is() {
    let languages = Languages::new(None).expect("there is nothing to read");
    for (accepted, tag) in [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-Latn-AT-1996", "de"),
        ("tlh, fr;q=0.9, de;q=0.8", "fr"),
        ("de;q=0.5, fr;q=0.7, en;q=0.6", "fr"),
        ("fr;q=0.5, de;q=0.5", "fr"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("tlh", "en"),
        ("*", "en"),
        ("tlh, *;q=0.5, de;q=0.1", "en"),
        ("ar-EG;q=1.0", "ar"),
        (" es ; q=0.3 , fr ; q=0.2 ", "es"),
        ("de;q=x", "en"),
        (";;;,,,=,q=1,-,--", "en"),
    ] {
        let language = languages.accepted(&headers(&[(header::ACCEPT_LANGUAGE, accepted)]));
        assert_eq!(language.tag(), tag, "{accepted}");
    }
    assert_eq!(languages.accepted(&HeaderMap::new()).tag(), "en");
}

#[test]
fn what_a_visitor_has_chosen_comes_before_what_their_browser_asks_for() {
    let languages = Languages::new(None).expect("there is nothing to read");
    for (cookie, tag) in [
        ("super_invites_language=ar", "ar"),
        ("__Host-super_invites=x; super_invites_language=es; other=1", "es"),
        ("super_invites_language=en", "en"),
        ("super_invites_language=tlh", "fr"),
        ("super_invites_language=", "fr"),
        ("super_invites_language", "fr"),
        ("another=de", "fr"),
    ] {
        let sent = headers(&[(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, "fr")]);
        assert_eq!(languages.of_visitor(&sent).tag(), tag, "{cookie}");
        if tag != "fr" {
            assert_eq!(languages.accepted(&sent).tag(), "fr", "a client of the API has no cookies");
        }
    }
}

/// The languages with these files of an operator's.
fn with_files(files: &[(&str, &str)]) -> Result<Languages, String> {
    let id = crate::chance::Chance::system().id().expect("there are random numbers");
    let folder = std::env::temp_dir().join(format!("super-invites-words-{id}"));
    fs::create_dir_all(&folder).expect("the temporary folder is writable");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("the temporary folder is writable");
    }
    let languages = Languages::new(Some(&folder)).map_err(|error| error.to_string());
    fs::remove_dir_all(folder).expect("it was made above");
    languages
}

fn said(languages: &Languages, tag: &str) -> [&'static str; 2] {
    let language = languages.named(tag).expect("there is such a language");
    with(language, || [app::t!("Sign in"), app::t!("Sign out")])
}

#[test]
fn an_operator_changes_a_word_and_leaves_the_others() {
    let german = ("de.po", "msgid \"Sign in\"\nmsgstr \"Einloggen\"\n\nmsgid \"No such text\"\nmsgstr \"x\"\n");
    let english = ("en.po", "msgid \"Sign out\"\nmsgstr \"Log out\"\n");
    let languages = with_files(&[german, english, ("notes.txt", "not a PO file")]).expect("they are right");
    assert_eq!(said(&languages, "de"), ["Einloggen", "Abmelden"]);
    assert_eq!(said(&languages, "en"), ["Sign in", "Log out"]);
    assert_eq!(said(&languages, "fr"), ["Se connecter", "Se déconnecter"]);
    let names: Vec<_> = languages.all().iter().map(|language| language.name()).collect();
    assert_eq!(names, ["Deutsch", "English", "Español", "Français", "العربية"]);
}

#[test]
fn an_operator_adds_a_language() {
    let text = "msgid \"\"\nmsgstr \"Plural-Forms: nplurals=1; plural=0;\\n\"\n\n\
                msgctxt \"this language, in itself\"\nmsgid \"English\"\nmsgstr \"日本語\"\n\n\
                msgid \"Sign in\"\nmsgstr \"サインイン\"\n\n\
                msgid \"{n} minute ago\"\nmsgid_plural \"{n} minutes ago\"\nmsgstr[0] \"{n}分前\"\n";
    let languages = with_files(&[("ja.po", text), ("zh_hant_tw.po", "")]).expect("they are right");
    assert_eq!(said(&languages, "ja"), ["サインイン", "Sign out"]);
    let japanese = languages.named("ja").expect("it was added");
    assert_eq!(japanese.name(), "日本語");
    assert_eq!(with(japanese, || tn!(1, "{n} minute ago", "{n} minutes ago")), "1分前");
    assert_eq!(languages.named("zh-Hant-TW").expect("it was added").name(), "zh-Hant-TW");
    let asked = |accepted| languages.accepted(&headers(&[(header::ACCEPT_LANGUAGE, accepted)])).tag();
    assert_eq!((asked("ja-JP"), asked("zh-CN")), ("ja", "zh-Hant-TW"));
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_is_wrong() {
    let plural = "msgid \"{n} minute ago\"\nmsgid_plural \"{n} minutes ago\"\nmsgstr[0] \"{n}\"\n";
    let other = "msgid \"\"\nmsgstr \"Plural-Forms: nplurals=1; plural=0;\\n\"\n";
    for (name, text, problem) in [
        ("de.po", "\nmsgid \"Sign in\"\nmsgstr Anmelden\n", "de.po:3: there is no text in quotes"),
        ("de.po", plural, "de.po:1: 2 forms are needed here, by Plural-Forms"),
        ("de.po", other, "de.po:1: Plural-Forms is different"),
        ("deutsch.po", "", "deutsch.po is not called after a language"),
        ("de-1996.po", "", "de-1996.po is not called after a language"),
    ] {
        let told = with_files(&[(name, text)]).expect_err("it is wrong");
        assert!(told.starts_with("words_dir: ") && told.contains(problem), "{told}");
    }
    let missing = Languages::new(Some(Path::new("/nowhere/words"))).expect_err("it is not there").to_string();
    assert!(missing.starts_with("words_dir: cannot read /nowhere/words: "), "{missing}");
}

#[test]
fn the_words_of_a_language_have_a_name_of_their_own() {
    let plain = Languages::new(None).expect("there is nothing to read");
    let german = |languages: &Languages| languages.named("de").and_then(|german| languages.file(german));
    let name = german(&plain).expect("there are words");
    let (language, is_current) = plain.in_file(&name).expect("there are words");
    assert_eq!((language.tag(), is_current), ("de", true));
    assert!(plain.in_file("de.another").is_some_and(|(_, is_current)| !is_current));
    assert_eq!(plain.file(plain.english()), None, "the program has the English words");
    for nothing in ["en.x", "tlh.x", "de", "", "../de"] {
        assert!(plain.in_file(nothing).is_none(), "{nothing}");
    }
    let changed = with_files(&[("de.po", "msgid \"Sign in\"\nmsgstr \"Einloggen\"\n")]).expect("it is right");
    assert_ne!(german(&changed), Some(name));
}
