//! Signing in and out with a browser: the cookie, which requests are accepted, and where they may lead.

use reqwest::Method;
use serde_json::Value;

use crate::support::{API, Acting, Browser, Engine, World, unique, usual, with_pages};

#[tokio::test]
async fn a_session_is_a_matrix_session_in_a_sealed_cookie() {
    let world = World::new().await;
    let anna = world.person("anna").await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("PUBLIC_URL", "https://invite.example.org");
    let service = setup.start().await;
    let mut browser = Browser::new(&service).with("host", "invite.example.org");

    let answer = browser.sign_in(&anna, "/new").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/new"), "{}", answer.body);
    let cookie = answer.header("set-cookie");
    for part in ["__Host-super_invites=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie} has no {part}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("syt_"), "{cookie}");
    assert_eq!(browser.get("/invites").await.status, 200);

    // It is an ordinary session of the account, and ends when the person signs out.
    let devices = async || {
        let (_, answer) = world.ask(Method::GET, "/_matrix/client/v3/devices", &anna.token, Value::Null).await;
        answer["devices"].as_array().unwrap().iter().filter(|device| device["display_name"] == "Super Invites").count()
    };
    assert_eq!(devices().await, 1);
    let stolen = browser.cookie.clone();
    let answer = browser.form("/invites", "sign_out", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
    assert_eq!(devices().await, 0);
    browser.cookie = stolen;
    let answer = browser.get("/invites").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?to=%2Finvites"));

    // A cookie that was not sealed here is ignored.
    browser.cookie = Some("__Host-super_invites=AAAA".into());
    assert_eq!(browser.get("/invites").await.status, 303);
}

#[tokio::test]
async fn a_session_outlives_a_restart_but_not_another_key() {
    let world = World::new().await;
    let anna = world.person("anna").await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Postgres).await;
    let service = setup.start().await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    service.stop().await;

    let service = setup.start().await;
    browser.url.clone_from(&service.url);
    assert_eq!(browser.get("/invites").await.status, 200, "the key is kept in the database");
    service.stop().await;

    setup.set("SESSION_KEY", "another key, long enough to be one");
    let service = setup.start().await;
    browser.url.clone_from(&service.url);
    assert_eq!(browser.get("/invites").await.status, 303);
}

#[tokio::test]
async fn who_cannot_sign_in_is_told_why() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (anna, locked, gone) = (world.person("anna").await, world.person("locked").await, world.person("gone").await);
    world.discipline(&locked, "lock").await;
    world.discipline(&gone, "deactivate").await;
    let nobody = unique("nobody");
    for (user, password, status, text) in [
        (anna.id.as_str(), "wrong", 403, "Wrong user name or password"),
        (&nobody, "password", 403, "Wrong user name or password"),
        (
            "@anna:elsewhere.example",
            "password",
            403,
            "Accounts of elsewhere.example cannot sign in here, only those of test",
        ),
        ("", "", 403, "Wrong user name"),
        (&locked.id, "password", 403, "This account has been locked"),
        (&gone.id, "password", 403, "Wrong user name"),
    ] {
        let mut browser = Browser::new(&service);
        let answer = browser.form("/sign-in", "sign_in", &[("user", user), ("password", password)]).await;
        assert_eq!(answer.status, status, "{user}");
        assert!(answer.body.contains(text), "{user}: {text} is not in {}", answer.body);
        assert!(browser.cookie.is_none(), "{user}");
        // What was typed is still there, except the password.
        assert!(user.is_empty() || answer.body.contains(&format!("value=\"{user}\"")), "{}", answer.body);
        assert!(!answer.body.contains("value=\"password\"") && !answer.body.contains("value=\"wrong\""));
    }
}

#[tokio::test]
async fn who_tries_passwords_has_to_wait_by_whatever_name_they_call_the_account() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let mut browser = Browser::new(&service);
    let attempt = async |browser: &mut Browser, user: &str, password: &str| {
        browser.form("/sign-in", "sign_in", &[("user", user), ("password", password)]).await
    };
    // The homeserver counts failed attempts.
    let mut wrong = 0;
    loop {
        let answer = attempt(&mut browser, &anna.id, "wrong").await;
        if answer.status == 429 {
            assert!(answer.body.contains("Too many attempts"), "{}", answer.body);
            break;
        }
        assert_eq!(answer.status, 403);
        wrong += 1;
        assert!(wrong < 20, "nobody counts");
    }
    let short = anna.id.trim_start_matches('@').trim_end_matches(":test");
    assert_eq!(attempt(&mut browser, short, "wrong").await.status, 429);
    assert_eq!(attempt(&mut browser, short, "password").await.status, 429, "nor does the right one tell that it is");
}

#[tokio::test]
async fn an_account_may_be_called_by_its_short_name() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let short = anna.id.trim_end_matches(":test");
    let mut browser = Browser::new(&service);
    for user in [anna.id.as_str(), short, short.trim_start_matches('@')] {
        let answer = browser.form("/sign-in", "sign_in", &[("user", user), ("password", "password")]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/invites"), "{user}");
    }
}

#[tokio::test]
async fn only_this_sites_own_pages_change_anything() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let mut honest = Browser::new(&service);
    honest.sign_in(&anna, "").await;
    let attacks = [
        Browser::new(&service).without("sec-fetch-site"),
        Browser::new(&service).without("sec-fetch-site").without("origin"),
        Browser::new(&service).with("sec-fetch-site", "cross-site"),
        Browser::new(&service).with("sec-fetch-site", "same-site").with("origin", "https://sub.example.org"),
        Browser::new(&service).with("origin", "https://evil.example"),
    ];
    for mut attack in attacks {
        attack.cookie.clone_from(&honest.cookie);
        let page = format!("/invites/{code}/delete");
        assert_eq!(attack.form(&page, "delete", &[("code", &code)]).await.status, 403, "{:?}", attack.headers);
        assert_eq!(attack.function::<()>("delete", &[("code", &code)]).await.0, 403, "{:?}", attack.headers);
        assert_eq!(
            attack.form("/sign-in", "sign_in", &[("user", &anna.id), ("password", "password")]).await.status,
            403
        );
    }
    assert_eq!(service.token(&anna, &code).await.0, 200, "the invite is still there");
    assert_eq!(honest.form(&format!("/invites/{code}/delete"), "delete", &[("code", &code)]).await.status, 303);
    assert_eq!(service.token(&anna, &code).await.0, 404);

    // No GET request changes anything.
    let code = service.invite(&anna, &rooms, false).await;
    let ben = world.person("ben").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&ben, "").await;
    browser.get(&format!("/i/{code}?_function=redeem&code={code}")).await;
    assert_eq!(world.joined_rooms(&ben).await, Vec::<String>::new());
    assert_ne!(browser.get(&format!("{API}/_rpc/redeem?code={code}")).await.status, 200);
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    for (to, goes) in [
        ("", "/invites"),
        ("/i/abc", "/i/abc"),
        ("/invites?q=a%20b&page=2", "/invites?q=a%20b&page=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let mut browser = Browser::new(&service);
        assert_eq!(browser.sign_in(&anna, to).await.header("location"), goes, "{to:?}");
        // The same below the homeserver's own address.
        let below = format!("{API}/sign-in");
        let fields = [("user", anna.id.as_str()), ("password", "password"), ("to", to)];
        let answer = browser.form(&below, "sign_in", &fields).await;
        assert_eq!(answer.header("location"), format!("{API}{goes}"), "{to:?}");
        let escaped: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let answer = browser.get(&format!("/sign-in/elsewhere?by=x&to={escaped}")).await;
        let expected = format!("{}/_matrix/client/v3/login/sso/redirect/x?redirectUrl=http", world.homeserver);
        assert!(answer.header("location").starts_with(&expected), "{}", answer.header("location"));
        assert!(!answer.header("location").contains("evil"), "{}", answer.header("location"));
    }
}

#[tokio::test]
async fn only_the_browser_that_left_comes_back_signed_in() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut browser = Browser::new(&service);
    // Somebody else's login token, in a link: no single sign-on has begun in this browser, or a different one.
    for path in ["/sign-in/back?loginToken=x", "/sign-in/back?state=x&loginToken=x", "/sign-in/back"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?problem=failed&to=%2Finvites"));
        assert!(browser.cookie.is_none());
    }
    let answer = browser.get("/sign-in/elsewhere?by=&to=/i/abc").await;
    let (journey, _) = answer.header("set-cookie").split_once(';').unwrap();
    assert!(!answer.header("set-cookie").contains("abc"), "where they want to go is sealed");
    browser.cookie = Some(journey.to_owned());
    let answer = browser.get("/sign-in/back?state=x&loginToken=x").await;
    assert_eq!(answer.header("location"), "/sign-in?problem=failed&to=%2Fi%2Fabc");
    let page = browser.get(answer.header("location")).await;
    assert!(page.body.contains("Signing in did not work"), "{}", page.body);
}
