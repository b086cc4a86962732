//! The command line, as an operator uses it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{Acting, Engine, Fault, Proxy, Setup, World, moment, run};

#[tokio::test]
async fn check_says_what_is_wrong_and_how_to_mend_it() {
    let world = World::new().await;
    let fine = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    assert!(run(&fine, &["migrate"]).await.0);
    assert_eq!(run(&fine, &["check"]).await, (true, "Nothing is wrong.\n".into()));

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}");
    let proxy = Proxy::start(&world).await;
    proxy.fail(reqwest::Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
    for (key, value, finding) in [
        ("HOMESERVER_URL", nobody.as_str(), "Nobody answers at http://127.0.0.1"),
        ("AS_TOKEN", "wrong", "Add the registration file to app_service_config_files"),
        ("SERVER_NAME", "other.example", "Set server_name: test."),
        ("SQL_URL", "sqlite:////nowhere/x.db", "is not writable"),
        ("SQL_URL", "sqlite:////proc/x.db", "is not writable"),
        ("PUBLIC_URL", nobody.as_str(), "Nobody answers at http://127.0.0.1"),
        ("PUBLIC_URL", world.homeserver.as_str(), "Something else answers"),
        ("HOMESERVER_URL", proxy.url.as_str(), "which generate_registration_token needs. As an admin: curl -X PUT"),
    ] {
        let mut setup = fine.clone();
        let (ok, text) = run(setup.set(key, value), &["check"]).await;
        assert!(!ok && text.contains(finding), "{key}: {text}");
        assert_eq!(text.lines().count(), 1, "one line a finding: {text}");
    }

    // A running service answers at its public address, and lifts the rate limits of the admin it acts with.
    let admin = Setup::new(&world, Acting::Admin, Engine::Sqlite).await;
    let (ok, text) = run(&admin, &["check"]).await;
    assert!(!ok && text.contains("The homeserver's limits hold for @admin"), "{text}");
    let service = admin.start().await;
    let mut public = admin.clone();
    public.set("PUBLIC_URL", &service.url);
    loop {
        let (ok, text) = run(&public, &["check"]).await;
        if ok {
            break;
        }
        assert!(text.contains("limits hold"), "{text}");
    }
    let person = world.person("nobody-special").await;
    let mut powerless = admin.clone();
    let (ok, text) = run(powerless.set("ADMIN_TOKEN", &person.token), &["check"]).await;
    assert!(!ok && text.contains("is not a server admin, which acting: admin needs"), "{text}");
}

/// The files in a folder, with what is in them, once nobody has a database there open any more.
async fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    loop {
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let read = |file: &PathBuf| Some((file.file_name()?.to_str()?.to_owned(), std::fs::read(file).ok()?));
        let files: BTreeMap<_, _> = files.filter_map(|file| read(&file)).collect();
        if !files.keys().any(|name| name.contains(".db-")) {
            return files;
        }
        moment().await;
    }
}

#[tokio::test]
async fn check_changes_nothing_and_says_how_far_the_database_is() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let (ok, text) = run(&setup, &["check"]).await;
    assert!(ok && text.contains("is not there yet") && text.ends_with("\nNothing is wrong.\n"), "{text}");
    assert_eq!(files(&setup.folder).await, BTreeMap::new(), "nothing is made");

    // As an older version has left it.
    assert!(run(&setup, &["migrate"]).await.0);
    setup.execute("DELETE FROM _sqlx_migrations WHERE version > 12").await;
    let before = files(&setup.folder).await;
    let (ok, text) = run(&setup, &["check"]).await;
    assert!(ok && text.contains("is at migration 12; `super-invites migrate`"), "{text}");
    assert_eq!(files(&setup.folder).await, before);

    // One of the Python module's is not ours to convert.
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    for table in [
        "tokens (token)",
        "rooms (room)",
        "accepted (id)",
        "token_room_associations (token)",
        "alembic_version (version_num)",
    ] {
        setup.execute(&format!("CREATE TABLE {table}")).await;
    }
    setup.execute("INSERT INTO alembic_version VALUES ('8c8c90d89eac')").await;
    let before = files(&setup.folder).await;
    let (ok, text) = run(&setup, &["check"]).await;
    assert!(ok && text.contains("has no tables of this service yet"), "{text}");
    assert_eq!(files(&setup.folder).await, before);

    // One that is up to date and in use gets no key of sessions from it, either.
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    assert!(run(&setup, &["migrate"]).await.0);
    let before = files(&setup.folder).await;
    assert_eq!(run(&setup, &["check"]).await, (true, "Nothing is wrong.\n".into()));
    assert_eq!(files(&setup.folder).await, before);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn check_changes_nothing_in_postgresql() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Postgres).await;
    for _ in 0..2 {
        let (ok, text) = run(&setup, &["check"]).await;
        assert!(ok && text.contains("has no tables of this service yet"), "{text}");
    }
    assert!(run(&setup, &["migrate"]).await.0);
    assert_eq!(run(&setup, &["check"]).await, (true, "Nothing is wrong.\n".into()));
}

#[tokio::test]
async fn check_says_what_a_proxy_does_wrong_and_which_rules_cannot_be_kept() {
    let world = World::new().await;
    let mut setup = crate::support::with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let (ok, text) = run(&setup, &["check"]).await;
    assert!(!ok && text.contains("public_url is not set"), "{text}");
    setup.set("PUBLIC_URL", &service.url);
    assert_eq!(run(&setup, &["check"]).await, (true, "Nothing is wrong.\n".into()));
    let before = Proxy::before(&world, &service.url).await;
    let (ok, text) = run(setup.set("PUBLIC_URL", &before.url), &["check"]).await;
    assert!(!ok && text.contains("proxy_set_header Host") && text.contains("proxy_buffering off"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    // Without the same key, nothing is revealed.
    let url = format!("{}/_synapse/client/super_invites/_reach", service.url);
    for proof in ["", "1.x"] {
        let answer = service.client.get(&url).header("x-super-invites-check", proof).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }

    let proxy = Proxy::start(&world).await;
    setup.set("PUBLIC_URL", &service.url).set("HOMESERVER_URL", &proxy.url).set("GENERATE_REGISTRATION_TOKEN", "false");
    setup.set("POLICY", "{account_age_days: 3, create: admins}");
    assert_eq!(run(&setup, &["check"]).await, (true, "Nothing is wrong.\n".into()));
    proxy.fail(reqwest::Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
    let (_, text) = run(&setup, &["check"]).await;
    assert!(text.starts_with("policy.account_age_days cannot be checked") && text.lines().count() == 1, "{text}");
    proxy.heal();
    proxy.fail(reqwest::Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::Unknown);
    let (_, text) = run(&setup, &["check"]).await;
    assert!(text.contains("policy.create cannot be checked") && text.lines().count() == 2, "{text}");
}

#[tokio::test]
async fn a_registration_is_written_once_and_for_this_server() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let (ok, text) = run(&setup, &["registration", "--server-name", "chat.example.org"]).await;
    assert!(ok && text.contains("app_service_config_files:"), "{text}");
    let file = setup.folder.join("super-invites-registration.yaml");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains(r"regex: '^@.*:chat\.example\.org$'"), "{written}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640, "the homeserver reads it too, nobody else does");
    // Again, nothing is done: tools that set up machines repeat themselves.
    let (ok, text) = run(&setup, &["registration", "--server-name", "chat.example.org"]).await;
    assert!(ok && text.starts_with("Unchanged: "), "{text}");
    let (ok, text) = run(&setup, &["registration", "--server-name", "other.example.org"]).await;
    assert!(!ok && text.contains("cannot write"), "a token in use is not overwritten: {text}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);

    // Tools that derive tokens pass them in, and write the file themselves.
    let tokens = ["as", "hs"].map(|name| {
        let file = setup.folder.join(name).display().to_string();
        std::fs::write(&file, format!("{}\n", name.repeat(20))).unwrap();
        file
    });
    let given = ["--as-token-file", &tokens[0], "--hs-token-file", &tokens[1], "--out", "-"];
    let (ok, text) = run(&setup, &[&["registration", "--server-name", "chat.example.org"], &given[..]].concat()).await;
    let printed: Value = serde_saphyr::from_str(&text).unwrap();
    assert!(ok && printed["as_token"] == "as".repeat(20) && printed["hs_token"] == "hs".repeat(20), "{text}");
    // To a file as well, once.
    let given = ["--as-token-file", &tokens[0], "--hs-token-file", &tokens[1], "--out", "given.yaml"];
    for begin in ["Written: ", "Unchanged: "] {
        let command = [&["registration", "--server-name", "chat.example.org"], &given[..]].concat();
        let (ok, text) = run(&setup, &command).await;
        assert!(ok && text.starts_with(begin), "{text}");
    }
    std::fs::write(&tokens[0], "another token".repeat(4).replace(' ', "-")).unwrap();
    let (ok, text) = run(&setup, &[&["registration", "--server-name", "chat.example.org"], &given[..]].concat()).await;
    assert!(!ok && text.contains("cannot write given.yaml"), "{text}");

    // The file itself can serve as the configured token file.
    let mut setup = setup.clone();
    setup.variables.retain(|(name, _)| !name.ends_with("AS_TOKEN"));
    let (ok, text) = run(setup.set("REGISTRATION_FILE", &file.display().to_string()), &["check"]).await;
    assert!(!ok && text.contains(&format!("Add {} to app_service_config_files", file.display())), "{text}");
}

#[tokio::test]
async fn a_wrong_configuration_stops_the_start_with_the_keys_name() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let (ok, text) = run(setup.set("SQLURL", "x"), &["serve"]).await;
    assert!(!ok && text.contains("unknown field `sqlurl`") && text.contains("`sql_url`"), "{text}");
    let (ok, example) = run(&setup, &["config"]).await;
    assert!(ok && example.contains("\nsql_url: sqlite:///super_invites.db\n"));
    assert_eq!(serde_saphyr::from_str::<Value>(&example).unwrap()["max_rooms"], 200);
    let (ok, schema) = run(&setup, &["config", "--schema"]).await;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(ok && schema["properties"]["policy"].is_object());
}

#[tokio::test]
async fn a_binary_says_what_it_is() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let (ok, text) = run(&setup, &["--version-json"]).await;
    let version: Value = serde_json::from_str(&text).unwrap();
    assert!(ok && version["name"] == "super-invites" && version["version"] == env!("CARGO_PKG_VERSION"), "{text}");
    assert!(version["migration"].as_i64() >= Some(10), "{text}");
    let (ok, text) = run(&setup, &["--config", "x.yaml"]).await;
    assert!(!ok && text.contains("a command is missing"), "{text}");
}

#[tokio::test]
async fn a_configuration_can_be_checked_without_network_and_database() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Postgres).await;
    setup.set("HOMESERVER_URL", "http://homeserver.invalid").set("SQL_URL", "postgresql://u@database.invalid/d");
    let (ok, text) = run(&setup, &["check", "--offline"]).await;
    assert!(ok && text == "Nothing is wrong.\n", "{text}");
    let prefix = "{url_prefix: 'https://app.example.org/elsewhere/'}";
    setup.set("AS_TOKEN_FILE", "/not/there").set("ENABLE_WEB", "true").set("SHARE_LINK_GENERATOR", prefix);
    setup.set("SESSION_KEY", "short").set("SQL_PASSWORD_FILE", "/not/there/either");
    setup.variables.retain(|(name, _)| name != "SUPER_INVITES_AS_TOKEN");
    let (ok, text) = run(&setup, &["check", "--offline"]).await;
    for finding in [
        "cannot read /not/there:",
        "cannot read /not/there/either:",
        "session_key: must have at least 32",
        "share_link_generator.url_prefix: must end with /p/",
        "public_url is not set",
    ] {
        assert!(!ok && text.contains(finding), "{finding}: {text}");
    }
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[tokio::test]
async fn several_files_are_one_configuration() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let file = |name: &str, text: &str| {
        let file = setup.folder.join(name).display().to_string();
        std::fs::write(&file, text).unwrap();
        file
    };
    let (base, own) = (
        file("base.yaml", "{enable_web: true, policy: {max_uses: 3}}"),
        file("own.yaml", "public_url: https://x.example"),
    );
    let (ok, text) = run(&setup, &["--config", &base, "check", "--offline"]).await;
    assert!(!ok && text.contains("public_url is not set"), "{text}");
    for arguments in [
        &["--config", &base, "--config", &own, "check", "--offline"][..],
        &["--config", &format!("{base}:{own}"), "check", "--offline"],
        // Wherever they stand.
        &["--config", &base, "check", "--offline", "--config", &own],
        &["check", "--config", &base, "--offline", "--config", &own],
    ] {
        let (ok, text) = run(&setup, arguments).await;
        assert!(ok && text == "Nothing is wrong.\n", "{arguments:?}: {text}");
    }
    // Of the same key, the later one wins.
    let off = file("off.yaml", "enable_web: false");
    let (ok, text) = run(&setup, &["--config", &base, "check", "--offline", "--config", &off]).await;
    assert!(ok, "{text}");
    let (ok, text) = run(&setup, &["--config", &off, "check", "--offline", "--config", &base]).await;
    assert!(!ok && text.contains("public_url is not set"), "{text}");
    assert!(run(setup.set("CONFIG", &format!("{base}:{own}")), &["check", "--offline"]).await.0);
    // A variable only counts where no file is named.
    let (ok, text) = run(&setup, &["check", "--offline", "--config", &base]).await;
    assert!(!ok && text.contains("public_url is not set"), "{text}");
    std::fs::write(&own, "{policy: {max_usse: 1}}").unwrap();
    let (ok, text) = run(&setup, &["check", "--offline"]).await;
    assert!(!ok && text.contains(&format!("policy.max_usse (from {own}): ")), "{text}");
}

#[tokio::test]
async fn a_container_can_ask_whether_the_service_answers() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("PUBLIC_URL", "https://example.org/_synapse/client/super_invites");
    let file = setup.folder.join("config.yaml");
    'all: for listen in ["127.0.0.1", "0.0.0.0", "[::]", "[::1]"] {
        loop {
            // Not every machine has IPv6.
            let bound = std::net::TcpListener::bind(format!("{listen}:0"));
            let Ok(free) = bound.and_then(|bound| bound.local_addr()) else { continue 'all };
            // The address may also be in a configuration file, whose path is in a variable.
            setup.variables.retain(|(name, _)| !name.ends_with("_LISTEN") || name.contains("INTERNAL"));
            std::fs::write(&file, format!("listen: '{free}'")).unwrap();
            setup.set("CONFIG", &file.display().to_string());
            let (ok, text) = run(&setup, &["healthcheck"]).await;
            assert!(!ok && text.contains("not healthy"), "{listen}: {text}");
            let mut child = setup.command("serve").kill_on_drop(true).spawn().unwrap();
            // Somebody else may have taken the port in between; then try another one.
            while child.try_wait().unwrap().is_none() {
                if run(&setup, &["healthcheck"]).await.0 {
                    continue 'all;
                }
                moment().await;
            }
        }
    }
    // Another program at that address is not the service.
    let homeserver = world.homeserver.trim_start_matches("http://");
    std::fs::write(&file, format!("listen: '{homeserver}'")).unwrap();
    let (ok, text) = run(&setup, &["healthcheck"]).await;
    assert!(!ok && text.contains("something else answers (status 404)"), "{text}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_password_of_the_database_may_stand_in_a_file() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Postgres).await;
    let file = setup.folder.join("password");
    std::fs::write(&file, "p&ss w%rd\n").unwrap();
    setup.set("SQL_PASSWORD_FILE", &file.display().to_string());
    let service = setup.start().await;
    service.stop().await;
    let (ok, text) = run(setup.set("SQL_URL", "sqlite:///x.db"), &["serve"]).await;
    assert!(!ok && text.contains("sql_password: only PostgreSQL takes a password"), "{text}");
}
