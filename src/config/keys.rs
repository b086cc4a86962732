//! The keys of a configuration, as operators write them: files are merged in the order in which they are named, and variables on top of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde_json::{Map, Value, map::Entry};

use super::{Config, ConfigError};

/// Keys whose values are [`Secret`](super::Secret)s.
const SECRETS: [&str; 4] = ["admin_token", "as_token", "session_key", "sql_password"];

/// Keys whose values are texts that YAML would take for something else: `[::]:8090`, `0660`.
const TEXTS: [&str; 2] = ["listen", "listen_socket_mode"];

/// The prefix of the environment variables.
const PREFIX: &str = "SUPER_INVITES_";

/// Between the keys of nested mappings in the name of a variable: `SUPER_INVITES_POLICY__MAX_USES`.
const NESTED: &str = "__";

/// The variable in which systemd names the folder with the credentials of a unit (systemd.exec(5), "Credentials").
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Keys that a running service can take over, of mappings all or some; changing any other one takes a restart.
const RELOADED: [&str; 20] = [
    "account_help_url",
    "account_limits",
    "app_links",
    "audit_days",
    "clients",
    "element_web_url",
    "enable_web",
    "failed_lookups",
    "generate_registration_token",
    "homeserver_public_url",
    "limits",
    "log.level",
    "log.requests",
    "max_rooms",
    "policy",
    "public_url",
    "share_link_generator",
    "site_dir",
    "trusted_proxies",
    "words_dir",
];

/// The keys, with their values and where each of them comes from.
#[derive(Debug, Clone)]
pub struct Keys {
    keys: Map<String, Value>,
    /// The file or variable from which a key comes, by the path of the key (`policy.max_uses`).
    sources: BTreeMap<String, String>,
}

/// What comes of reading the configuration again.
#[derive(Debug)]
pub struct Reloaded {
    /// The keys with which the service goes on.
    pub keys: Keys,
    /// The keys that have changed, and take effect.
    pub changed: Vec<String>,
    /// The keys that have changed, but only take effect after a restart.
    pub waiting: Vec<String>,
}

impl Keys {
    /// Reads the files, of which later ones win, and applies `variables` on top of them. Mappings are merged; anything else, lists included,
    /// replaces what was there before.
    ///
    /// # Errors
    /// If a file cannot be read, or contains no YAML.
    pub fn read(files: &[PathBuf], variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut read = Self { keys: Map::new(), sources: BTreeMap::new() };
        for file in files {
            read.take(super::yaml(file)?, &file.display().to_string());
        }
        // In the order of their names, so that the one for a whole mapping comes before those for its keys.
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        for (name, text) in &variables {
            // `SUPER_INVITES_CONFIG` names the files.
            if let Some(key) = name.strip_prefix(PREFIX).filter(|key| *key != "CONFIG") {
                read.take(variable(&key.to_ascii_lowercase(), text), name);
            }
        }
        read.find_credentials(variables.get(CREDENTIALS).map(String::as_str))?;
        Ok(read)
    }

    /// The configuration.
    ///
    /// # Errors
    /// If a key is missing or unknown, or has a value that is not allowed.
    pub fn config(&self) -> Result<Config, ConfigError> {
        serde_path_to_error::deserialize(Value::Object(self.keys.clone())).map_err(|error| {
            let path = error.path().to_string();
            let problem = with_nearest_key(error.into_inner().to_string());
            ConfigError::Key(match (path.as_str(), self.source(&path)) {
                (".", _) => problem,
                (path, Some(source)) => format!("{path} (from {source}): {problem}"),
                (path, None) => format!("{path}: {problem}"),
            })
        })
    }

    /// The keys with which a running service goes on, which has these, once `new` ones have been read.
    pub fn reloaded(&self, mut new: Self) -> Reloaded {
        let (changed, waiting): (Vec<String>, Vec<String>) =
            self.differing(&new).into_iter().partition(|path| can_be_reloaded(path));
        for path in &waiting {
            put(&mut new.keys, path, get(&self.keys, path).cloned());
        }
        Reloaded { keys: new, changed, waiting }
    }

    fn take(&mut self, keys: Map<String, Value>, source: &str) {
        note(&mut self.sources, "", &keys, source);
        merge(&mut self.keys, keys);
    }

    /// Where the value at this path comes from: where a part of a list is wrong, where the list comes from.
    fn source(&self, path: &str) -> Option<&str> {
        let mut path = path.split('[').next().unwrap_or_default();
        loop {
            match (self.sources.get(path), path.rsplit_once('.')) {
                (Some(source), _) => return Some(source),
                (None, Some((above, _))) => path = above,
                (None, None) => return None,
            }
        }
    }

    /// Each value that is no mapping, or an empty one, by the path of its key.
    fn values(&self) -> BTreeMap<String, &Value> {
        fn below<'a>(found: &mut BTreeMap<String, &'a Value>, above: &str, keys: &'a Map<String, Value>) {
            for (key, value) in keys {
                match value {
                    Value::Object(keys) if !keys.is_empty() => below(found, &under(above, key), keys),
                    _ => {
                        found.insert(under(above, key), value);
                    }
                }
            }
        }
        let mut found = BTreeMap::new();
        below(&mut found, "", &self.keys);
        found
    }

    /// The paths of the keys whose values differ.
    fn differing(&self, other: &Self) -> BTreeSet<String> {
        let (ours, theirs) = (self.values(), other.values());
        let differs = |path: &&String| ours.get(*path) != theirs.get(*path);
        ours.keys().chain(theirs.keys()).filter(differs).cloned().collect()
    }

    /// Puts the folder with systemd's credentials into the paths that begin with `$CREDENTIALS_DIRECTORY/`.
    fn find_credentials(&mut self, folder: Option<&str>) -> Result<(), ConfigError> {
        for (key, value) in self.keys.iter_mut().filter(|(key, _)| key.ends_with("_file")) {
            let within =
                value.as_str().and_then(|text| text.strip_prefix('$')?.strip_prefix(CREDENTIALS)?.strip_prefix('/'));
            let Some(within) = within else { continue };
            let Some(folder) = folder else {
                return Err(ConfigError::Key(format!(
                    "{key}: ${CREDENTIALS} is not set; systemd sets it for units with LoadCredential="
                )));
            };
            *value = Value::String(format!("{folder}/{within}"));
        }
        Ok(())
    }
}

/// The keys that a variable sets. Its text is YAML, so that `true` and `200` mean the same as in a file; a secret is taken literally.
fn variable(key: &str, text: &str) -> Map<String, Value> {
    let literally = SECRETS.contains(&key) || TEXTS.contains(&key);
    let value = match literally {
        true => Value::String(text.to_owned()),
        false => serde_saphyr::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    let mut names = key.rsplit(NESTED);
    let innermost = only(names.next().unwrap_or_default(), value);
    names.fold(innermost, |inner, name| only(name, Value::Object(inner)))
}

/// A mapping with one key.
fn only(key: &str, value: Value) -> Map<String, Value> {
    let mut keys = Map::new();
    keys.insert(key.to_owned(), value);
    keys
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match into.entry(key) {
            Entry::Occupied(mut old) => match (old.get_mut(), value) {
                (Value::Object(old), Value::Object(new)) => merge(old, new),
                (old, new) => *old = new,
            },
            Entry::Vacant(place) => {
                place.insert(value);
            }
        }
    }
}

fn note(sources: &mut BTreeMap<String, String>, above: &str, keys: &Map<String, Value>, source: &str) {
    for (key, value) in keys {
        let path = under(above, key);
        match value {
            Value::Object(keys) if !keys.is_empty() => note(sources, &path, keys, source),
            _ => {
                sources.insert(path, source.to_owned());
            }
        }
    }
}

/// The path of a key within the mapping at the path `above`.
fn under(above: &str, key: &str) -> String {
    match above {
        "" => key.to_owned(),
        above => format!("{above}.{key}"),
    }
}

fn can_be_reloaded(path: &str) -> bool {
    let is_within = |key: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    RELOADED.iter().any(|&key| is_within(key))
}

/// The value at a path.
fn get<'a>(keys: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((key, rest)) => get(keys.get(key)?.as_object()?, rest),
        None => keys.get(path),
    }
}

/// Sets the value at a path, or removes it.
fn put(keys: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    match (path.split_once('.'), value) {
        (Some((key, rest)), value) => {
            let inner = keys.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
        (None, Some(value)) => {
            keys.insert(path.to_owned(), value);
        }
        (None, None) => {
            keys.remove(path);
        }
    }
}

/// Names the key that was probably meant, in place of a list of all, where serde complains about an unknown one.
fn with_nearest_key(problem: String) -> String {
    let Some(rest) = problem.strip_prefix("unknown field `") else { return problem };
    let mut names = rest.split('`').step_by(2).filter(|name| !name.is_empty());
    let Some(unknown) = names.next() else { return problem };
    let distance = |name: &str| strsim::damerau_levenshtein(unknown, name);
    match names.min_by_key(|name| distance(name)) {
        Some(nearest) if distance(nearest) <= 2.max(unknown.len() / 3) => {
            format!("unknown field `{unknown}`; is `{nearest}` meant?")
        }
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A folder with these files, which is removed in the end.
    struct Files(PathBuf, Vec<PathBuf>);

    impl Files {
        fn new(name: &str, texts: &[&str]) -> Self {
            let folder = std::env::temp_dir().join(format!("super-invites-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
            let write = |(number, text): (usize, &&str)| {
                let file = folder.join(format!("{number}.yaml"));
                std::fs::write(&file, text).expect("the temporary folder is writable");
                file
            };
            let files = texts.iter().enumerate().map(write).collect();
            Self(folder, files)
        }

        fn read(&self, variables: &[(&str, &str)]) -> Keys {
            let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            Keys::read(&self.1, variables).expect("they are YAML")
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }

    const NEEDED: &str = "{homeserver_url: 'http://127.0.0.1:8008', server_name: example.org}";

    fn problem(keys: &Keys) -> String {
        keys.config().expect_err("it does not fit").to_string()
    }

    #[test]
    fn later_files_win_and_variables_win_over_files() {
        let files = Files::new(
            "merged",
            &[
                NEEDED,
                "{max_rooms: 5, policy: {max_uses: 1, max_days: 2, default_days: 3}, trusted_proxies: [10.0.0.1, 10.0.0.2]}",
                "# Nothing but this comment.",
                "{policy: {max_days: 20}, trusted_proxies: [10.0.0.3]}",
            ],
        );
        let config = files.read(&[]).config().expect("it fits");
        let policy = &config.policy;
        assert_eq!((policy.max_uses, policy.max_days, policy.default_days), (Some(1), Some(20), Some(3)), "merged");
        assert_eq!(config.trusted_proxies.len(), 1, "a list is replaced");
        assert_eq!(config.max_rooms, 5);
        let variables = [
            ("SUPER_INVITES_CONFIG", "not/a/key.yaml"),
            ("SUPER_INVITES_POLICY__MAX_DAYS", "null"),
            ("SUPER_INVITES_POLICY", "{max_days: 7, max_uses: 200}"),
            ("SUPER_INVITES_MAX_ROOMS", "6"),
            ("SUPER_INVITES_LISTEN_SOCKET_MODE", "0600"),
        ];
        let config = files.read(&variables).config().expect("it fits");
        let policy = &config.policy;
        assert_eq!((policy.max_uses, policy.max_days, policy.default_days), (Some(200), None, Some(3)));
        assert_eq!((config.max_rooms, config.listen_socket_mode.bits()), (6, 0o600));
    }

    #[test]
    fn a_mistake_is_said_with_its_key_and_where_that_comes_from() {
        let files = Files::new("wrong", &[NEEDED, "{policy: {max_usse: 1}}"]);
        let (file, variables) = (files.1[1].display().to_string(), [("SUPER_INVITES_POLICY__MAX_DAYS", "often")]);
        let unknown = problem(&files.read(&[]));
        assert_eq!(unknown, format!("policy.max_usse (from {file}): unknown field `max_usse`; is `max_uses` meant?"));
        let files = Files::new("wrong-too", &[NEEDED, "{clients: [{name: X, link: x, platforms: [web]}]}"]);
        let listed = problem(&files.read(&[]));
        assert!(listed.starts_with(&format!("clients[0].link (from {}): ", files.1[1].display())), "{listed}");
        let files = Files::new("wrong-variable", &[NEEDED]);
        let nested = problem(&files.read(&variables));
        assert!(nested.starts_with("policy.max_days (from SUPER_INVITES_POLICY__MAX_DAYS): "), "{nested}");
        let far = problem(&files.read(&[("SUPER_INVITES_POLICY__WHATEVER_THIS_IS", "1")]));
        assert!(far.contains("unknown field `whatever_this_is`, expected one of `create`"), "{far}");
        for (text, found) in [("policy: [", "0.yaml"), ("just a text", "0.yaml")] {
            let files = Files::new("no-yaml", &[text]);
            let error = Keys::read(&files.1, []).expect_err("it is no mapping").to_string();
            assert!(error.contains(found), "{error}");
        }
        let missing = Keys::read(&[Path::new("/not/there.yaml").to_owned()], []).expect_err("it is not there");
        assert!(missing.to_string().contains("cannot read /not/there.yaml"), "{missing}");
    }

    #[test]
    fn credentials_of_systemd_are_found() {
        let files = Files::new("credentials", &[NEEDED, "as_token_file: $CREDENTIALS_DIRECTORY/as_token"]);
        let folder = files.0.display().to_string();
        std::fs::write(files.0.join("as_token"), "hunter2\n").expect("the temporary folder is writable");
        let config = files.read(&[(CREDENTIALS, &folder)]).config().expect("it fits");
        assert_eq!(config.acting_token().expect("it is there").reveal(), "hunter2");
        let unset = Keys::read(&files.1, []).expect_err("nobody says where").to_string();
        assert!(unset.starts_with("as_token_file: $CREDENTIALS_DIRECTORY is not set"), "{unset}");
    }

    #[test]
    fn what_cannot_change_while_the_service_runs_waits() {
        let files = Files::new("reloaded", &[NEEDED, "{policy: {max_uses: 1}, listen: '127.0.0.1:1'}"]);
        let before = files.read(&[]);
        std::fs::write(&files.1[1], "{policy: {max_uses: 2, max_days: 3}, sql_url: 'sqlite://', max_rooms: 7}")
            .expect("the temporary folder is writable");
        let reloaded = before.reloaded(files.read(&[]));
        assert_eq!(reloaded.changed, ["max_rooms", "policy.max_days", "policy.max_uses"]);
        assert_eq!(reloaded.waiting, ["listen", "sql_url"]);
        let (old, new) = (before.config().expect("it fits"), reloaded.keys.config().expect("it fits"));
        assert_eq!((new.policy.max_uses, new.policy.max_days, new.max_rooms), (Some(2), Some(3), 7));
        assert_eq!((new.listen, new.sql_url), (old.listen, old.sql_url));
        // Asked once more, it is still waiting.
        let again = reloaded.keys.reloaded(files.read(&[]));
        assert_eq!((again.changed.len(), again.waiting.len()), (0, 2));
    }

    #[test]
    fn a_part_of_a_mapping_may_wait() {
        let files = Files::new("waiting", &[NEEDED, "{log: {level: info}}"]);
        let before = files.read(&[]);
        std::fs::write(&files.1[1], "{log: {level: debug, format: json}}").expect("the temporary folder is writable");
        let reloaded = before.reloaded(files.read(&[]));
        assert_eq!((reloaded.changed, reloaded.waiting), (vec!["log.level".to_owned()], vec!["log.format".to_owned()]));
        let log = reloaded.keys.config().expect("it fits").log;
        assert_eq!((log.level.as_str(), log.format), ("debug", super::super::LogFormat::Text));
    }

    #[test]
    fn every_key_that_can_be_reloaded_is_one() {
        let schema: Value = serde_json::from_str(&super::super::schema()).expect("it is JSON");
        for path in RELOADED {
            let key = path.split('.').next().expect("it has a key");
            assert!(schema["properties"].get(key).is_some(), "{path}");
        }
        assert!(can_be_reloaded("policy.max_uses") && can_be_reloaded("log.level") && can_be_reloaded("limits"));
        assert!(!can_be_reloaded("log.format") && !can_be_reloaded("listen") && !can_be_reloaded("policy_of_others"));
    }
}
