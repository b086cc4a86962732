//! Rules for the source code that the compiler does not check.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The files of these top-level modules: `src/NAME.rs`, and those below `src/NAME`.
fn files(rooms: &[&str]) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = folder.read_dir() else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            match path.extension() {
                Some(rust) if rust == "rs" => found.push(path),
                _ => below(&path, found),
            }
        }
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for room in rooms {
        found.push(source.join(format!("{room}.rs")));
        below(&source.join(room), &mut found);
    }
    found
}

/// The code of a file, without comments and tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).fold(String::new(), |all, line| all + line + "\n")
}

/// Whether a string literal is a sentence for people: it begins with a capital letter, and ends like a sentence or has
/// many words.
fn is_a_sentence(text: &str) -> bool {
    let mut letters = text.chars();
    let begins = matches!((letters.next(), letters.next()), (Some('A'..='Z'), Some('a'..='z')));
    begins && (text.ends_with(['.', '!', '?']) || text.split_whitespace().count() > 3)
}

#[test]
fn no_sentence_for_people_stands_where_reasons_are_data() {
    for file in files(&["invites", "store", "homeserver"]) {
        let code = code(&file);
        let texts = code.split('"').skip(1).step_by(2);
        let sentences: Vec<&str> = texts.filter(|text| is_a_sentence(text)).collect();
        assert!(sentences.is_empty(), "{}: {sentences:?} belongs in `wording`", file.display());
    }
}

#[test]
fn all_sql_stands_in_the_store() {
    let asks = |line: &str| {
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|word| line.contains(&format!("\"{word}")))
    };
    for file in files(&["invites", "homeserver", "api", "web", "share"]) {
        let code = code(&file);
        let found: Vec<&str> = code.lines().filter(|line| asks(line)).collect();
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

/// The path of a module as a list of names; the crate root is empty.
type Module = Vec<String>;

/// The module of a file.
fn module(file: &Path) -> Module {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let path = file.strip_prefix(source).unwrap().with_extension("");
    let names: Module = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names == ["lib"] { Module::new() } else { names }
}

/// The paths in a tree of imports, such as `super::{a::B, c}`.
fn paths(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in inside.chars() {
        match c {
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let inner = parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| paths(part));
    inner.map(|path| format!("{}{path}", head.trim())).collect()
}

/// The modules from which a file imports: for `super::a::B`, the one of the file `a`.
fn imports(file: &Path, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let code = code(file);
    let trees = code.split(';').filter_map(|text| {
        let at = text.rfind("use ")?;
        let before = text[..at].chars().next_back();
        before.is_none_or(char::is_whitespace).then(|| &text[at + "use ".len()..])
    });
    let here = module(file);
    let mut found = BTreeSet::new();
    for path in trees.flat_map(paths) {
        let mut names = path.split("::").map(str::trim).peekable();
        let mut to = match names.next() {
            Some("crate") => Module::new(),
            Some("self") => here.clone(),
            Some("super") => here[..here.len().saturating_sub(1)].to_vec(),
            _ => continue,
        };
        while names.next_if_eq(&"super").is_some() {
            to.pop();
        }
        for name in names {
            let mut next = to.clone();
            next.push(name.to_owned());
            if !modules.contains(&next) {
                break;
            }
            to = next;
        }
        if to != here {
            found.insert(to);
        }
    }
    found
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let mut files = files(&[""]);
    files.retain(|file| {
        let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().into_owned();
        file.exists() && !name.contains("/tests") && name != "src/main.rs"
    });
    let modules: BTreeSet<Module> = files.iter().map(|file| module(file)).collect();
    let mut left: BTreeMap<Module, BTreeSet<Module>> =
        files.iter().map(|file| (module(file), imports(file, &modules))).collect();
    // A module that imports none of the remaining ones is not part of a circle.
    loop {
        let known: BTreeSet<Module> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, from| from.iter().any(|module| known.contains(module)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "in a circle, or above one: {left:#?}");
}

#[test]
fn nothing_has_more_than_twenty_methods() {
    for room in ["invites", "store", "homeserver", "api", "web", "share"] {
        let mut methods: BTreeMap<String, usize> = BTreeMap::new();
        for file in files(&[room]).iter().filter(|file| !file.to_string_lossy().contains("/tests")) {
            let mut of = None;
            for line in code(file).lines() {
                if let Some(head) = line.strip_prefix("impl") {
                    let name = head.split(" {").next().unwrap().rsplit(['>', ' ']).find(|name| !name.is_empty());
                    of = (!head.contains(" for ")).then(|| name.unwrap_or_default().to_owned());
                } else if line == "}" {
                    of = None;
                }
                let is_method = line.starts_with("    ")
                    && !line.starts_with("     ")
                    && line.split('(').next().is_some_and(|head| head.split(' ').any(|word| word == "fn"));
                if let (Some(name), true) = (&of, is_method) {
                    *methods.entry(name.clone()).or_default() += 1;
                }
            }
        }
        methods.retain(|_, number| *number > 20);
        assert!(methods.is_empty(), "{room}: {methods:?} would be better off as several things");
    }
}
