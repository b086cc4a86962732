//! The recommended apps, and those that open links directly.

use serde_json::{Value, json};

use crate::support::{Acting, Browser, Engine, World, usual, with_pages};

const PIXEL: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36";

#[tokio::test]
async fn whoever_has_joined_is_led_to_apps_for_their_device_first() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    let mut browser = Browser::new(&service).with("user-agent", PIXEL);
    browser.sign_in(&guest, "").await;
    let page = browser.get(&format!("/i/{code}")).await.body;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("Android, iPhone") < place("Apps for other devices"));
    assert!(place("Apps for other devices") < place("https://cinny.in"));
    let user = guest.id.replace('@', "%40").replace(':', "%3A").replace('-', "%2D");
    place(&format!("https://mobile.element.io/element/?account_provider=test&amp;login_hint=mxid:{user}"));
}

#[tokio::test]
async fn an_app_that_knows_invites_opens_one_from_its_page() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let apps = r#"[{name: "<b>", link: "https://x.example", platforms: [web], invite_link: "x:{server}/{code}"}]"#;
    let service = setup.set("CLIENTS", apps).start().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let page = Browser::new(&service).get(&format!("/i/{code}")).await.body;
    assert!(page.contains(&format!(r#"href="x:test/{code}" rel="external" data-app>Open it in &lt;b&gt;"#)), "{page}");
}

#[tokio::test]
async fn apps_of_the_operators_own_may_open_links() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let paths = ["/.well-known/assetlinks.json", "/.well-known/apple-app-site-association"];
    let service = setup.start().await;
    for path in paths {
        assert_eq!(Browser::new(&service).get(path).await.status, 404);
    }
    let apps = r#"{android: [{package_name: org.x, sha256_cert_fingerprints: ["14:6D"]}], ios: [ABC.org.x]}"#;
    let service = setup.set("APP_LINKS", apps).start().await;
    let [android, apple] = paths.map(|path| {
        let url = format!("{}{path}", service.url);
        let client = service.client.clone();
        async move {
            let answer = client.get(url).send().await.unwrap();
            assert_eq!(answer.headers()["content-type"], "application/json");
            serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
        }
    });
    let target = json!({"namespace": "android_app", "package_name": "org.x", "sha256_cert_fingerprints": ["14:6D"]});
    assert_eq!(android.await[0]["target"], target);
    assert_eq!(apple.await["applinks"]["details"][0]["appIDs"], json!(["ABC.org.x"]));
}
