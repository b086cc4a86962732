//! An operator exports and erases what is kept about a person, beside the running service.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API, BOTH_WAYS, Engine, Service, Setup, World, errcode, moment, run};

/// The audit log as the service answers it.
async fn audit(service: &Service, world: &World) -> String {
    let request = service.client.get(format!("{}{API}/admin/audit", service.url));
    request.bearer_auth(&world.admin.token).send().await.unwrap().text().await.unwrap()
}

async fn export(setup: &Setup, user: &str) -> Value {
    let mut command = setup.command("export");
    let output = command.args(["--user", user]).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("nothing but JSON is on the standard output")
}

#[tokio::test]
async fn a_persons_data_is_exported_beside_a_running_service_and_that_is_logged() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let setup = Setup::new(&world, acting, engine).await;
        let service = setup.start().await;
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let rooms = world.rooms(&anna, 2).await;
        let code = service.invite(&anna, &rooms, false).await;
        assert_eq!(service.redeem(&ben, &code).await.0, 200);

        let of_anna = export(&setup, &anna.id).await;
        assert_eq!((&of_anna["user"], &of_anna["invites"][0]["code"]), (&json!(anna.id), &json!(code)));
        assert_eq!(of_anna["invite_rooms"].as_array().unwrap().len(), 2);
        assert!(!of_anna.to_string().contains(&ben.id), "Ben's data are his: {of_anna}");
        let of_ben = export(&setup, &ben.id).await;
        assert_eq!(of_ben["redemptions"][0]["code"], json!(code));
        assert_eq!(of_ben["redeemed_rooms"].as_array().unwrap().len(), 2);

        let log = audit(&service, &world).await;
        let noted = log.lines().filter(|line| line.contains("\"exported\"") && line.contains("\"command\""));
        assert_eq!(noted.count(), 2, "{log}");
        let (ok, text) = run(&setup, &["export", "--user", "@anna:elsewhere.example"]).await;
        assert!(!ok && text.contains("has no account on test"), "{text}");
    }
}

#[tokio::test]
async fn a_person_is_erased_beside_a_running_service() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let setup = Setup::new(&world, acting, engine).await;
        let service = setup.start().await;
        let (anna, ben, cleo) = (world.person("anna").await, world.person("ben").await, world.person("cleo").await);
        let hers = service.invite(&anna, &world.rooms(&anna, 1).await, false).await;
        assert_eq!(world.registration_token(&hers).await, 200);
        let rooms = world.rooms(&ben, 1).await;
        let his = service.create(&ben, json!({"rooms": rooms, "max_uses": 2})).await["token"]["token"].clone();
        let his = his.as_str().unwrap();
        assert_eq!(service.redeem(&anna, his).await.0, 200);
        // Lists are in memory.
        assert_eq!(
            service.ask(Method::GET, "tokens", &anna, Value::Null).await.1["tokens"].as_array().unwrap().len(),
            1
        );

        let (ok, text) = run(&setup, &["erase", "--user", &anna.id, "--dry-run"]).await;
        assert!(ok && text.contains("Would erase") && text.contains("1 invites end"), "{text}");
        assert_eq!(service.info(&cleo, &hers).await.0, 200, "nothing has changed");
        let (ok, text) = run(&setup, &["erase", "--user", &anna.id]).await;
        assert!(ok && text.contains("1 redemptions go on counting"), "{text}");

        while world.registration_token(&hers).await == 200 {
            moment().await;
        }
        assert_ne!(service.redeem(&cleo, &hers).await.0, 200);
        assert_eq!(service.ask(Method::GET, "tokens", &anna, Value::Null).await.1["tokens"], json!([]));
        let (_, came) = service.ask(Method::GET, &format!("redemptions?token={his}"), &ben, Value::Null).await;
        assert_eq!((&came["accepted_count"], &came["redemptions"].as_array().unwrap().len()), (&json!(1), &1));
        assert!(!came.to_string().contains(&anna.id), "{came}");
        let log = audit(&service, &world).await;
        assert!(log.contains("\"erased\"") && !log.contains(&anna.id), "{log}");

        // Whoever was erased is somebody new: they take a place, once.
        for status in [200, 400] {
            assert_eq!(service.redeem(&anna, his).await.0, status);
        }
        assert_eq!(service.token(&ben, his).await.1["token"]["uses_left"], 0);
        assert_ne!(service.redeem(&cleo, his).await.0, 200, "both places are taken");
        let again = service.post(&anna, json!({"token": hers, "rooms": world.rooms(&anna, 1).await})).await;
        assert_eq!(errcode(&again).0, 403, "the code is taken, and no longer theirs: {again:?}");
    }
}

#[tokio::test]
async fn the_pages_of_an_erased_persons_share_links_are_deleted() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, crate::support::Acting::Appservice, Engine::Sqlite).await;
    let folder = setup.folder.join("pages");
    std::fs::create_dir(&folder).unwrap();
    let settings = format!("{{url_prefix: 'https://x.example/p/', target_path: '{}'}}", folder.display());
    setup.set("SHARE_LINK_GENERATOR", &settings);
    let service = setup.start().await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    for person in [&anna, &ben] {
        let url = format!("{}/_synapse/client/share_link/", service.url);
        let body = r#"{"type": "roomId", "roomId": "room:x"}"#;
        let request = service.client.put(url).bearer_auth(&person.token).body(body);
        assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    }
    let pages = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(pages(), 2);
    let (ok, text) = run(&setup, &["erase", "--user", &anna.id]).await;
    assert!(ok && text.contains("1 share links are deleted"), "{text}");
    assert_eq!(pages(), 1);
}

#[tokio::test]
async fn an_erasure_that_broke_off_before_the_pages_were_gone_is_finished_by_another() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, crate::support::Acting::Appservice, Engine::Sqlite).await;
    let folder = setup.folder.join("pages");
    std::fs::create_dir(&folder).unwrap();
    let settings = format!("{{url_prefix: 'https://x.example/p/', target_path: '{}'}}", folder.display());
    setup.set("SHARE_LINK_GENERATOR", &settings);
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let code = service.invite(&anna, &world.rooms(&anna, 1).await, false).await;
    let url = format!("{}/_synapse/client/share_link/", service.url);
    let body = r#"{"type": "roomId", "roomId": "room:x"}"#;
    let request = service.client.put(url).bearer_auth(&anna.token).body(body);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    service.stop().await;

    // A folder in the place of a page cannot be deleted as one.
    let page = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(&page).unwrap();
    std::fs::create_dir(&page).unwrap();
    let (ok, text) = run(&setup, &["erase", "--user", &anna.id]).await;
    assert!(!ok && text.contains("erase again"), "{text}");
    let left = export(&setup, &anna.id).await;
    assert_eq!((&left["invites"], left["share_links"].as_array().unwrap().len()), (&json!([]), 1), "{code}: {left}");

    std::fs::remove_dir(&page).unwrap();
    std::fs::write(&page, "a page").unwrap();
    let (ok, text) = run(&setup, &["erase", "--user", &anna.id]).await;
    assert!(ok && text.contains("1 share links are deleted"), "{text}");
    assert!(!page.exists());
    assert_eq!(export(&setup, &anna.id).await["share_links"], json!([]));
}
