//! What an attacker cannot do, nor the browser of somebody who reads what an attacker has written.

use std::os::unix::fs::PermissionsExt;

use app::Fragment;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Acting, BOTH_WAYS, Browser, Engine, Fault, Person, Proxy, Service, World, errcode, moment, unique, usual,
    with_pages,
};

impl World {
    /// The devices of somebody's account, as its owner sees them.
    async fn devices(&self, person: &Person) -> usize {
        let (_, answer) = self.ask(Method::GET, "/_matrix/client/v3/devices", &person.token, Value::Null).await;
        answer["devices"].as_array().unwrap().len()
    }
}

async fn all_paused(world: &World, service: &Service) -> bool {
    service.ask(Method::GET, "admin/pause", &world.admin, Value::Null).await.1["paused"] == true
}

/// A message to guests that looks like markup.
const TEXT: &str = "\n&lt; </textarea><script id=evil>alert(1)</script>";

/// Somebody whose name is markup, and their invite, whose label and message are.
async fn hostile_invite(world: &World, service: &Service) -> (Person, String) {
    let mallory = world.person("mallory").await;
    let name = "</title><meta http-equiv=refresh content='0;url=https://evil.example'><b id=evil>";
    let path = format!("/profile/{}/displayname", mallory.id);
    world.as_user(Method::PUT, &path, &mallory, json!({"displayname": name})).await;
    let invite = json!({"create_dm": true, "label": "</title><b id=evil>", "welcome": TEXT});
    let code = service.create(&mallory, invite).await["token"]["token"].as_str().unwrap().to_owned();
    (mallory, code)
}

// On several threads, as the service runs: the context in which a page is rendered is not available where its head is
// written.
#[tokio::test(flavor = "multi_thread")]
async fn names_and_texts_of_others_are_no_markup() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (mallory, code) = hostile_invite(&world, &service).await;
    let ben = world.person("ben").await;
    let [mut visitor, mut owner, mut guest] = [(); 3].map(|()| Browser::new(&service));
    owner.sign_in(&mallory, "").await;
    guest.sign_in(&ben, "").await;
    let own = format!("/invites/{code}");
    for (who, path) in [
        ("visitor", format!("/i/{code}")),
        ("guest", format!("/i/{code}")),
        ("owner", own.clone()),
        ("owner", format!("{own}/edit")),
        ("owner", format!("{own}/delete")),
        ("owner", "/invites?q=%3C%2Ftitle%3E%3Cb%20id%3Devil%3E".to_owned()),
    ] {
        let browser = match who {
            "visitor" => &mut visitor,
            "guest" => &mut guest,
            _ => &mut owner,
        };
        for _ in 0..10 {
            let page = browser.get(&path).await.body;
            assert_eq!(page.matches("<title>").count(), 1, "{path}");
            assert!(!page.contains("<meta http-equiv") && !page.contains("id=evil>"), "{path}: {page}");
        }
    }
    let page = visitor.get(&format!("/i/{code}")).await.body;
    assert!(page.contains("<title>&lt;/title&gt;&lt;meta http-equiv=refresh"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_text_comes_back_unchanged_also_after_an_error() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (mallory, code) = hostile_invite(&world, &service).await;
    let mut owner = Browser::new(&service);
    owner.sign_in(&mallory, "").await;
    let path = format!("/invites/{code}/edit");
    let edit = owner.get(&path).await.body;
    assert!(edit.contains(">\n&amp;lt; &lt;/textarea&gt;&lt;script"), "{edit}");
    let fields =
        [("form[editing]", code.as_str()), ("form[chat]", "true"), ("form[welcome]", TEXT), ("form[max_uses]", "x")];
    let refused = owner.form(&path, "save", &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(">\n\n&amp;lt; &lt;/textarea&gt;&lt;script"), "{}", refused.body);
}

#[tokio::test]
async fn a_page_answers_only_the_forms_that_it_shows() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let [code, other] = [service.invite(&owner, &rooms, false).await, service.invite(&owner, &rooms, false).await];
    let mut admin = Browser::new(&service);
    admin.sign_in(&world.admin, "").await;
    for page in [format!("/i/{code}"), format!("{API}/i/{code}"), "/".to_owned(), "/server/log".to_owned()] {
        let answer = admin.form(&page, "pause_all", &[("paused", "true")]).await;
        assert_eq!(answer.status, 400, "{page}");
        assert!(answer.body.contains("This page has no such form."), "{page}");
    }
    assert!(!all_paused(&world, &service).await);
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    for (page, function, about) in [
        (format!("/i/{code}"), "delete", &code),
        (format!("/invites/{code}"), "delete", &code),
        (format!("/invites/{code}/delete"), "delete", &other),
        (format!("/invites/{code}"), "pause", &other),
    ] {
        assert_eq!(browser.form(&page, function, &[("code", about)]).await.status, 400, "{page} {function}");
    }
    for code in [&code, &other] {
        assert_eq!(service.token(&owner, code).await.1["token"]["state"], "open");
    }
}

#[tokio::test]
async fn a_form_cannot_go_to_a_server_function_itself() {
    let world = World::new().await;
    let service = usual(&world).await;
    let ben = world.person("ben").await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&ben, "").await;
    let path = format!("{API}/_rpc/redeem");
    for mut form in [
        Browser::new(&service).with("sec-fetch-mode", "navigate").with("accept", "text/plain"),
        Browser::new(&service).with("accept", "text/html,*/*;q=0.8"),
    ] {
        form.cookie.clone_from(&browser.cookie);
        assert_eq!(form.post(&path, &[("code", &code)]).await.status, 403, "{:?}", form.headers);
    }
    assert_eq!(world.joined_rooms(&ben).await, Vec::<String>::new());
    assert_eq!(browser.function::<app::Progress>("redeem", &[("code", &code)]).await.0, 200);
}

#[tokio::test]
async fn what_server_admins_do_takes_a_page_made_for_their_session_a_while_ago_at_most() {
    let world = World::new().await;
    let service = usual(&world).await;
    let [mut admin, mut same, mut nobody] = [(); 3].map(|()| Browser::new(&service));
    admin.sign_in(&world.admin, "").await;
    same.sign_in(&world.admin, "").await;
    nobody.sign_in(&world.person("nobody").await, "").await;
    let proof =
        |page: &str| page.split("name=\"proof\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let theirs = proof(&same.get("/server").await.body);
    for forged in ["", "1", &theirs] {
        let answer = admin.form("/server", "pause_all", &[("paused", "true"), ("proof", forged)]).await;
        assert_eq!(answer.status, 409, "{forged}");
        assert!(answer.body.contains("This page is too old. Please reload it."), "{}", answer.body);
        let fields = [("invite", "1"), ("what", "revoke"), ("proof", forged)];
        assert_eq!(admin.form("/server", "intervene", &fields).await.status, 409, "{forged}");
    }
    let mine = proof(&admin.get("/server").await.body);
    service.pass(61 * 60_000);
    assert_eq!(admin.form("/server", "pause_all", &[("paused", "true"), ("proof", &mine)]).await.status, 409);
    assert!(!all_paused(&world, &service).await);
    // The page comes back with a fresh proof, and scripts get one as well.
    let (_, found) = admin.function::<Fragment>("server_invites", &[]).await;
    let fresh = proof(&found.unwrap().html);
    assert_eq!(nobody.form("/server", "pause_all", &[("paused", "true"), ("proof", &fresh)]).await.status, 409);
    assert_eq!(admin.form("/server", "pause_all", &[("paused", "true"), ("proof", &fresh)]).await.status, 303);
    assert!(all_paused(&world, &service).await);
}

#[tokio::test]
async fn showing_an_invite_logs_its_owner_in_nowhere() {
    let world = World::new().await;
    for acting in [Acting::Appservice, Acting::Admin] {
        let proxy = Proxy::start(&world).await;
        if acting == Acting::Appservice {
            proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
        }
        let mut setup = with_pages(&world, acting, Engine::Sqlite).await;
        let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let room = world.room(&owner, json!({"name": "Kitchen"})).await;
        let code =
            service.create(&owner, json!({"rooms": [room]})).await["token"]["token"].as_str().unwrap().to_owned();
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;
        let fields = [("form[editing]", code.as_str()), ("form[rooms][]", &room), ("form[show_rooms]", "true")];
        assert_eq!(browser.form(&format!("/invites/{code}/edit"), "save", &fields).await.status, 303);
        let logins = proxy.count(&Method::POST, "/login");
        let before = world.devices(&owner).await;
        // Disconnecting at any moment.
        for number in 0..100 {
            let url = format!("{}{API}/info?token={code}", service.url);
            let asking = tokio::spawn(service.client.get(url).bearer_auth(&guest.token).send());
            tokio::time::sleep(std::time::Duration::from_micros(number * 100)).await;
            asking.abort();
        }
        assert_eq!(service.info(&guest, &code).await.0, 200);
        let page = Browser::new(&service).get(&format!("/i/{code}")).await;
        assert!(page.status == 200 && page.body.contains("Kitchen"), "{acting:?}: the owner shows their rooms");
        assert_eq!(proxy.count(&Method::POST, "/login"), logins, "{acting:?}");
        assert_eq!(world.devices(&owner).await, before, "{acting:?}");
    }
}

#[tokio::test]
async fn the_check_before_an_invitation_leaves_no_device_behind_whoever_hangs_up() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    for _ in 0..5 {
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
        let before = world.devices(&owner).await;
        let logins = proxy.count(&Method::POST, "/login");
        let url = format!("{}{API}/redeem?token={code}", service.url);
        let asking = tokio::spawn(service.client.post(url).bearer_auth(&guest.token).send());
        while proxy.count(&Method::POST, "/login") == logins {
            moment().await;
        }
        asking.abort();
        while world.joined_rooms(&guest).await.is_empty() {
            moment().await;
        }
        while world.devices(&owner).await != before {
            moment().await;
        }
    }
}

#[tokio::test]
async fn a_log_out_that_fails_is_tried_again() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
    proxy.fail(Method::POST, "/logout", 0, 1, Fault::Broken);
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let before = world.devices(&owner).await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    while world.devices(&owner).await != before {
        moment().await;
    }
}

#[tokio::test]
async fn the_database_file_is_for_nobody_else_to_read() {
    let world = World::new().await;
    let setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let mode = |name: &str| std::fs::metadata(setup.folder.join(name)).unwrap().permissions().mode() & 0o777;
    let service = setup.start().await;
    let owner = world.person("owner").await;
    service.invite(&owner, &[], true).await;
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    service.stop().await;
    // A database that was made with the default umask is restricted; a group that was given access on purpose, for
    // backups, keeps it.
    for (before, after) in [(0o644, 0o600), (0o664, 0o600), (0o640, 0o640)] {
        std::fs::set_permissions(setup.folder.join("test.db"), PermissionsExt::from_mode(before)).unwrap();
        let service = setup.start().await;
        service.invite(&owner, &[], true).await;
        for name in ["test.db", "test.db-wal"] {
            assert_eq!(mode(name), after, "{name}");
        }
        service.stop().await;
    }
}

#[tokio::test]
async fn turning_accounts_on_opens_none_for_invites_that_were_made_before() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = with_pages(&world, acting, engine).await;
        let service = setup.set("GENERATE_REGISTRATION_TOKEN", "false").start().await;
        let owner = world.person("owner").await;
        let [old, never] = ["old", "never"].map(unique);
        service.create(&owner, json!({"token": old, "create_dm": true})).await;
        service.create(&owner, json!({"token": never, "create_dm": true})).await;
        service.stop().await;

        let service = setup.set("GENERATE_REGISTRATION_TOKEN", "true").start().await;
        let new = service.invite(&owner, &[], true).await;
        assert_eq!(world.registration_token(&new).await, 200);
        // Its registration token is updated like everything that is due, and its owner can see that.
        service
            .create(&owner, json!({"token": never, "paused": true, "create_dm": true, "as_registration_token": false}))
            .await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;
        let page = browser.get(&format!("/invites/{old}")).await.body;
        assert!(page.contains("the invite was created before this server allowed that"), "{page}");
        assert_eq!(world.registration_token(&old).await, 404);
        let saved = service.create(&owner, json!({"token": old, "create_dm": true})).await;
        assert_eq!(saved["registration_token"], json!({"valid": true}));
        assert_eq!(world.registration_token(&old).await, 200);
        assert_eq!(world.registration_token(&never).await, 404);
    }
}

#[tokio::test]
async fn live_progress_is_not_to_be_held_back() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&guest, "").await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    let answer = browser.get(&format!("{API}/_live/{code}")).await;
    assert_eq!((answer.status, answer.header("x-accel-buffering")), (200, "no"));
    assert!(answer.header("content-type").starts_with("text/event-stream"));
}

#[tokio::test]
async fn a_session_ends_where_it_is_or_is_said_not_to() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let anna = world.person("anna").await;
    let before = world.devices(&anna).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    // Signing in again replaces the previous session.
    browser.sign_in(&anna, "").await;
    while world.devices(&anna).await != before + 1 {
        moment().await;
    }
    for fault in [Fault::BadGateway, Fault::Broken, Fault::Limited] {
        proxy.fail(Method::POST, "/logout", 0, 1, fault);
        let answer = browser.form("/invites", "sign_out", &[]).await;
        assert_eq!(answer.status, 503, "{fault:?}");
        assert!(answer.body.contains("so you are still signed in. Please try again"), "{}", answer.body);
        assert!(browser.cookie.is_some(), "{fault:?}");
    }
    assert_eq!(browser.form("/invites", "sign_out", &[]).await.status, 303);
    assert!(browser.cookie.is_none());
    assert_eq!(world.devices(&anna).await, before);
}

#[tokio::test]
async fn an_edit_that_lets_in_more_takes_what_making_an_invite_takes() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = with_pages(&world, acting, engine).await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 2).await;
        let service = setup.start().await;
        let end = service.now() + 3_600_000;
        let made = json!({"rooms": [rooms[0]], "max_uses": 5, "expires_at": end, "as_registration_token": false});
        let code = service.create(&owner, made).await["token"]["token"].clone();
        service.stop().await;
        for (policy, rule) in
            [("{create: admins}", "policy.create"), ("{account_age_days: 9}", "policy.account_age_days")]
        {
            let service = setup.set("POLICY", policy).start().await;
            for wider in [
                json!({"token": code, "rooms": rooms}),
                json!({"token": code, "rooms": [rooms[0]], "create_dm": true}),
                json!({"token": code, "rooms": [rooms[0]], "max_uses": 6}),
                json!({"token": code, "rooms": [rooms[0]], "max_uses": null}),
                json!({"token": code, "rooms": [rooms[0]], "expires_at": end + 1}),
                json!({"token": code, "rooms": [rooms[0]], "as_registration_token": true}),
            ] {
                let refused = service.post(&owner, wider.clone()).await;
                assert_eq!((errcode(&refused), &refused.1["rule"]), ((403, "M_FORBIDDEN"), &json!(rule)), "{wider}");
            }
            let narrower =
                json!({"token": code, "rooms": [rooms[0]], "max_uses": 4, "expires_at": end - 1, "label": "x"});
            assert_eq!(service.post(&owner, narrower).await.0, 200, "{policy}");
            let before = json!({"token": code, "rooms": [rooms[0]], "max_uses": 5, "expires_at": end});
            assert_eq!(service.post(&owner, before.clone()).await.0, 403, "also where it was so before");
            service.stop().await;
            let free = setup.set("POLICY", "{}").start().await;
            free.create(&owner, before).await;
            free.stop().await;
        }
    }
}
