//! Several of one's own invites, paused, resumed and deleted together.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Acting, Answer, BOTH_WAYS, Browser, Engine, Person, Service, World, moment, unique, usual, with_pages,
};

impl Service {
    /// The states of a member's invites by code, as their apps see them.
    async fn states(&self, owner: &Person) -> Vec<(String, String)> {
        let (code, answer) = self.ask(Method::GET, "tokens", owner, Value::Null).await;
        assert_eq!(code, 200, "{answer}");
        let text = |token: &Value, name: &str| token[name].as_str().unwrap().to_owned();
        let mut states: Vec<_> = answer["tokens"]
            .as_array()
            .unwrap()
            .iter()
            .map(|token| (text(token, "token"), text(token, "state")))
            .collect();
        states.sort();
        states
    }

    async fn named(&self, owner: &Person, room: &str, code: &str) -> String {
        let code = unique(code);
        let body = json!({"rooms": [room], "create_dm": false, "token": code, "label": format!("Label of {code}")});
        self.create(owner, body).await;
        code
    }
}

/// The form with these codes.
fn chosen<'a>(codes: &[&'a str], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    codes.iter().map(|code| ("codes[]", *code)).chain(more.iter().copied()).collect()
}

/// The cookie in which a page is told what was done.
fn news(answer: &Answer) -> &str {
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies
        .filter_map(|cookie| cookie.split(';').next())
        .find(|pair| pair.starts_with("super_invites_notice="))
        .unwrap()
}

#[tokio::test]
async fn several_invites_are_paused_and_resumed_together() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let room = world.room(&owner, json!({"name": "Kitchen"})).await;
        let codes = [service.named(&owner, &room, "a").await, service.named(&owner, &room, "b").await];
        let other = service.named(&owner, &room, "c").await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;
        let both = [codes[0].as_str(), codes[1].as_str()];
        for (paused, state) in [("true", "paused"), ("false", "open")] {
            let answer = browser.form("/invites", "pause_many", &chosen(&both, &[("paused", paused)])).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/invites"), "{}", answer.body);
            let states = service.states(&owner).await;
            let expected = [(&codes[0], state), (&codes[1], state), (&other, "open")];
            assert_eq!(states, expected.map(|(code, state)| (code.clone(), state.to_owned())));
        }
    }
}

#[tokio::test]
async fn codes_that_are_paused_together_open_no_accounts() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"name": "Kitchen"})).await;
    let code = service.named(&owner, &room, "a").await;
    assert_eq!(world.registration_token(&code).await, 200);
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    browser.form("/invites", "pause_many", &chosen(&[code.as_str()], &[("paused", "true")])).await;
    while world.registration_token(&code).await == 200 {
        moment().await;
    }
}

#[tokio::test]
async fn what_is_deleted_together_is_ones_own_and_the_list_says_once_how_many() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, stranger) = (world.person("owner").await, world.person("stranger").await);
        let room = world.room(&owner, json!({"name": "Kitchen"})).await;
        let theirs = service.named(&stranger, &world.rooms(&stranger, 1).await[0], "theirs").await;
        let (first, second) = (service.named(&owner, &room, "a").await, service.named(&owner, &room, "b").await);
        let kept = service.named(&owner, &room, "c").await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;

        // The page that asks says what goes, and nothing of what is somebody else's.
        let asks = browser
            .get(&format!("/delete-invites?codes%5B%5D={first}&codes%5B%5D={second}&codes%5B%5D={theirs}"))
            .await;
        assert!(asks.status == 200 && asks.body.contains("Delete 2 invites?"), "{}", asks.body);
        assert!(asks.body.contains(&format!("Label of {first}")) && !asks.body.contains(&format!("Label of {theirs}")));

        let codes = [first.as_str(), &second, &theirs, &first];
        let answer = browser.form("/delete-invites", "delete_many", &chosen(&codes, &[])).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/invites"), "{}", answer.body);
        assert_eq!(service.states(&owner).await, [(kept.clone(), "open".to_owned())]);
        assert_eq!(service.states(&stranger).await, [(theirs.clone(), "open".to_owned())]);

        let session = browser.cookie.clone().unwrap();
        browser.cookie = Some(format!("{session}; {}", news(&answer)));
        let list = browser.get("/invites").await;
        assert!(list.body.contains("2 invites deleted, 1 could not be."), "{}", list.body);
        assert_eq!(news(&list), "super_invites_notice=", "it is told once");
        browser.cookie = Some(session);
        assert!(!browser.get("/invites").await.body.contains("could not be"));
    }
}

#[tokio::test]
async fn of_one_who_deletes_what_another_has_just_deleted_nothing_is_taken_for_a_guess() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"name": "Kitchen"})).await;
    let kept = service.named(&owner, &room, "kept").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    let gone: Vec<String> = (0..40).map(|number| format!("gone-{number}")).collect();
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    for _ in 0..3 {
        assert_eq!(browser.form("/delete-invites", "delete_many", &chosen(&gone, &[])).await.status, 303);
    }
    assert_eq!(browser.get(&format!("/invites/{kept}")).await.status, 200);
}

#[tokio::test]
async fn more_invites_than_a_page_shows_are_not_deleted_at_once() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"name": "Kitchen"})).await;
    let kept = service.named(&owner, &room, "kept").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    let answer = browser.form("/delete-invites", "delete_many", &chosen(&[kept.as_str(); 101], &[])).await;
    assert_eq!(answer.status, 409);
    assert_eq!(service.states(&owner).await, [(kept, "open".to_owned())]);
}

#[tokio::test]
async fn what_was_chosen_stays_chosen_where_it_is_refused() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"name": "Kitchen"})).await;
    let (first, other) = (service.named(&owner, &room, "a").await, service.named(&owner, &room, "b").await);
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    let many = chosen(&[first.as_str(); 101], &[]);
    let is_ticked = |page: &str, code: &str| {
        let at = page.find(&format!(r#"name="codes[]" value="{code}""#)).unwrap();
        page[at..].split('>').next().unwrap().ends_with(" checked")
    };
    let pause: Vec<_> = many.iter().copied().chain([("paused", "true")]).collect();
    let refused = browser.form("/invites", "pause_many", &pause).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains(r#"role="alert""#), "{}", refused.body);
    assert!(is_ticked(&refused.body, &first) && !is_ticked(&refused.body, &other), "{}", refused.body);
    assert!(!is_ticked(&browser.get("/invites").await.body, &first));

    // The address of the page that asks holds what was chosen.
    let asks = format!("/delete-invites?codes%5B%5D={first}");
    let refused = browser.form(&asks, "delete_many", &many).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("Delete 1 invite?"), "{}", refused.body);
    assert!(refused.body.contains(&format!(r#"name="codes[]" value="{first}""#)), "{}", refused.body);
}

#[tokio::test]
async fn codes_with_percent_signs_are_deleted_together() {
    let world = World::new().await;
    let setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"name": "Kitchen"})).await;
    let codes = [service.named(&owner, &room, "a").await, service.named(&owner, &room, "b").await];
    service.stop().await;
    // As only the Python module has made them; decoded twice they would be others.
    let odd = codes.each_ref().map(|code| format!("100%41 {code}"));
    for (code, odd) in codes.iter().zip(&odd) {
        let rename = |table: &str| format!("UPDATE {table} SET code = '{odd}' WHERE code = '{code}';");
        setup.execute(&["PRAGMA foreign_keys = OFF;", &rename("invites"), &rename("invite_rooms")].concat()).await;
    }
    let service = setup.start().await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    let list = browser.get("/invites").await.body;
    let pairs = odd.iter().map(|code| ("codes[]", code));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let asks = format!("/delete-invites?{query}");
    let page = browser.get(&asks).await.body;
    assert!(page.contains("Delete 2 invites?"), "{page}");
    for code in &odd {
        let chosen = format!(r#"name="codes[]" value="{code}""#);
        assert!(list.contains(&chosen) && page.contains(&chosen), "{list}{page}");
    }
    let both = [odd[0].as_str(), odd[1].as_str()];
    let deleted = browser.form(&asks, "delete_many", &chosen(&both, &[])).await;
    assert_eq!((deleted.status, deleted.header("location")), (303, "/invites"), "{}", deleted.body);
    assert!(service.states(&owner).await.is_empty());
}
