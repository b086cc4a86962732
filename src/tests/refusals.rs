//! What is said of an invitation that the homeserver refuses, and what the person can do about it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Acting, Engine, Fault, Person, Proxy, Service, Setup, World, escaped};

struct Scene {
    world: World,
    proxy: Proxy,
    service: Service,
    guest: Person,
    room: String,
    code: String,
}

/// An invite to one room, which nobody may join without an invitation.
async fn scene() -> Scene {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, false).await;
    let [room] = <[String; 1]>::try_from(rooms).unwrap();
    Scene { world, proxy, service, guest, room, code }
}

impl Scene {
    /// Whose invitations the guest's account accepts (Client-Server API, "Invite permission").
    async fn accept(&self, action: &str) {
        let path = format!("/user/{}/account_data/m.invite_permission_config", escaped(&self.guest.id));
        self.world.as_user(Method::PUT, &path, &self.guest, json!({"default_action": action})).await;
    }

    async fn redeem(&self) -> Value {
        let (status, answer) = self.service.redeem(&self.guest, &self.code).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Why the guest is not in the room.
    async fn reason(&self) -> String {
        let answer = self.redeem().await;
        assert_eq!(answer["rooms"], json!([]));
        answer["failed"][0]["reason"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn whoever_blocks_invitations_is_told_and_comes_in_once_they_allow_them() {
    let scene = scene().await;
    scene.accept("block").await;
    assert_eq!(
        scene.reason().await,
        "Your account does not accept invitations from the person who created this invite. Allow them in your app’s settings, \
         then try again."
    );
    scene.accept("allow").await;
    assert_eq!(scene.redeem().await["rooms"], json!([scene.room]));
}

#[tokio::test]
async fn whoever_accepts_invitations_only_from_people_they_share_a_private_room_with_is_told() {
    let scene = scene().await;
    scene.accept("org.example.unstable.deny_public").await;
    scene.proxy.fail(Method::POST, "/invite", 0, 1, Fault::Forbidden("M_INVITE_BLOCKED"));
    assert_eq!(
        scene.reason().await,
        "Your account accepts invitations only from people you share a private room with. Allow everyone’s in your app’s \
         settings, then try again."
    );
}

#[tokio::test]
async fn a_spam_checkers_refusal_does_not_blame_the_owner() {
    let scene = scene().await;
    scene.proxy.fail(Method::POST, "/invite", 0, 1, Fault::Forbidden("M_FORBIDDEN"));
    assert_eq!(
        scene.reason().await,
        "This server’s rules do not allow this invitation. Ask the person who created the invite to invite you from their app, \
         or ask a server admin."
    );
}

#[tokio::test]
async fn a_spam_checker_that_forbids_joining_is_named_as_a_rule_of_the_server() {
    let scene = scene().await;
    scene.proxy.fail(Method::POST, "/join", 0, 1, Fault::Forbidden("M_FORBIDDEN"));
    assert!(scene.reason().await.starts_with("This server’s rules do not allow this"));
}
