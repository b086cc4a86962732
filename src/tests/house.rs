//! Rules of the house that no compiler knows.

use std::path::{Path, PathBuf};

/// The files of a room of the house: `src/NAME.rs`, and those below it.
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

/// What a file says when it runs: neither its comments nor its tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).fold(String::new(), |all, line| all + line + "\n")
}

/// Whether a text is one that people read: it begins like a sentence, and ends like one or has many words.
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
