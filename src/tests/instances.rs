//! Three instances on one database, behind a balancer that leads each request to another one. One at a time is stopped or killed, while people
//! sign in, join, and watch themselves join: whoever is cut off asks again, and is answered by another one as if nothing had been.

use std::time::Duration;

use app::Progress;
use futures_util::future::join_all;
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    faults::Scene,
    support::{
        ANSWERS, API, Acting, Answer, Engine, Fault, Person, Proxy, Service, Setup, Wire, World, errcode, moment,
        plain, with_pages,
    },
};

const INSTANCES: usize = 3;

/// How many people redeem in the rush, and for how many of them there is a place.
const GUESTS: usize = 12;
const PLACES: usize = 8;

/// How an instance goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Going {
    /// It was asked to, and ends what it has begun.
    Stopped,
    /// At once.
    Killed,
}

/// Somebody's way to the instances: what they send is led to another one each time. Cheap to clone.
#[derive(Clone)]
struct Way {
    client: Client,
    url: String,
}

impl Way {
    fn page(&self, path: &str, cookie: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).header("cookie", cookie)
    }

    fn sign_in(&self, person: &Person) -> RequestBuilder {
        let fields = [("_function", "sign_in"), ("user", person.id.as_str()), ("password", "password"), ("to", "")];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(format!("{}/sign-in", self.url)).body(body);
        let request = request.header("sec-fetch-site", "same-origin").header("origin", "null");
        request.header("content-type", "application/x-www-form-urlencoded")
    }

    fn redeem(&self, person: &Person, code: &str) -> RequestBuilder {
        self.client.post(format!("{}{API}/redeem?token={code}", self.url)).bearer_auth(&person.token)
    }

    /// Opens the stream of somebody's progress, and opens it again, as a browser does, until somebody answers.
    async fn watch(&self, cookie: &str, code: &str) -> Watching {
        loop {
            if let Ok(stream) = self.page(&format!("{API}/_live/{code}"), cookie).send().await
                && stream.status() == 200
            {
                return Watching { stream, heard: String::new() };
            }
            moment().await;
        }
    }
}

/// Sends it until it is answered, and not by one that is about to stop.
async fn insist(request: impl Fn() -> RequestBuilder) -> Answer {
    loop {
        if let Ok(answer) = request().send().await
            && answer.status() != 503
            && let Some(answer) = read(answer).await
        {
            return answer;
        }
        moment().await;
    }
}

/// A whole answer; `None` if it was cut off.
async fn read(answer: Response) -> Option<Answer> {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Some(Answer { status, headers, body: answer.text().await.ok()? })
}

/// What somebody hears who watches themselves join.
struct Watching {
    stream: Response,
    /// What has come, and is no whole event yet.
    heard: String,
}

impl Watching {
    /// How far they are, and whether that is the end; `None` if the stream has ended or was cut off before.
    async fn next(&mut self) -> Option<(Progress, bool)> {
        loop {
            if let Some((event, rest)) = self.heard.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.heard = rest;
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                // What has no data keeps the connection alive.
                if let Some(progress) = data.and_then(|data| app::from_wire(data).ok()) {
                    return Some((progress, event.contains("event: end")));
                }
                continue;
            }
            let more = timeout(ANSWERS, self.stream.chunk()).await.expect("it goes on").ok()??;
            self.heard.push_str(str::from_utf8(&more).unwrap());
        }
    }

    /// Whether they are told that their redemption is running, before anything else.
    async fn runs(&mut self) -> bool {
        self.next().await.is_some_and(|(progress, ended)| progress.running && !ended)
    }

    /// Reads on until the stream is over, however that comes.
    async fn rest(mut self) -> Option<Progress> {
        let mut last = None;
        while let Some((progress, ended)) = self.next().await {
            last = Some(progress);
            if ended {
                break;
            }
        }
        last
    }
}

/// The instances, each a process of its own, and the balancer.
struct Instances {
    setup: Setup,
    balancer: Wire,
    all: Vec<(Service, Child)>,
    /// All of them together, as their clients know them.
    service: Service,
    way: Way,
}

impl Instances {
    /// Starts them at once on an empty database: they race for its migrations, and for the key of all sessions.
    async fn start(setup: Setup) -> Self {
        let all = join_all((0..INSTANCES).map(|_| setup.spawn())).await;
        let balancer = Wire::before_all(addresses(&all));
        let mut service = Service::at(format!("http://{}", balancer.address()));
        // A connection of its own for each request.
        let client = plain().redirect(Policy::none()).pool_max_idle_per_host(0).build().unwrap();
        service.client = client.clone();
        let way = Way { client, url: service.url.clone() };
        Self { setup, balancer, all, service, way }
    }

    /// They stand before this proxy, which stands before the homeserver.
    async fn before(world: &World, proxy: &Proxy) -> Self {
        let mut setup = with_pages(world, Acting::Appservice, Engine::Postgres).await;
        setup.set("HOMESERVER_URL", &proxy.url);
        Self::start(setup).await
    }

    /// Signs somebody in; returns their cookie.
    async fn sign_in(&self, person: &Person) -> String {
        cookie(&insist(|| self.way.sign_in(person)).await)
    }

    /// Whoever is signed in is so at each instance that is there; that one is missing they do not notice.
    async fn serve(&self, cookie: &str) {
        for _ in 0..2 * INSTANCES {
            let answer = self.way.page("/invites", cookie).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
    }

    /// Lets one go, and waits until nobody is led to it any more.
    async fn leave(&mut self, number: usize, going: Going) {
        let (service, process) = &mut self.all[number];
        match going {
            Going::Stopped => {
                let id = process.id().unwrap().to_string();
                let told = Command::new("bash").args(["-c", "kill -TERM \"$0\"", &id]).status().await.unwrap();
                assert!(told.success(), "it has ended by itself");
            }
            Going::Killed => process.kill().await.unwrap(),
        }
        let address = service.url.trim_start_matches("http://");
        while TcpStream::connect(address).await.is_ok() {
            moment().await;
        }
    }

    /// Waits until one that has left has ended, and starts another one in its place.
    async fn replace(&mut self, number: usize, going: Going) {
        let ended = timeout(ANSWERS, self.all[number].1.wait()).await.expect("it ends").unwrap();
        assert_eq!(ended.success(), going == Going::Stopped, "{ended}");
        self.all[number] = self.setup.spawn().await;
        self.balancer.lead_to(addresses(&self.all));
    }

    /// Sends a request, and lets the instance go that has it, while it waits for the homeserver at `path`; returns how the request is answered, which
    /// is sent again if the instance was killed. `cookie` is that of somebody who does something else meanwhile.
    async fn go_during(
        &mut self,
        proxy: &Proxy,
        path: &'static str,
        going: Going,
        cookie: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Answer {
        let fault = match going {
            Going::Stopped => Fault::Held,
            Going::Killed => Fault::LostRequest,
        };
        proxy.fail(Method::POST, path, 0, 1, fault);
        let first = tokio::spawn(request().send());
        timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
        let number = self.balancer.latest();
        self.leave(number, going).await;
        self.serve(cookie).await;
        let answer = match going {
            Going::Stopped => {
                proxy.release();
                read(first.await.unwrap().expect("it is waited for")).await.expect("it is answered")
            }
            Going::Killed => {
                assert!(first.await.unwrap().is_err(), "nobody has answered");
                insist(request).await
            }
        };
        self.replace(number, going).await;
        answer
    }
}

fn addresses(all: &[(Service, Child)]) -> Vec<String> {
    all.iter().map(|(service, _)| service.url.trim_start_matches("http://").to_owned()).collect()
}

/// The cookie of somebody who has signed in.
fn cookie(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whoever_signs_in_or_joins_while_an_instance_goes_is_served_by_another() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut instances = Instances::before(&world, &proxy).await;
    let way = instances.way.clone();
    let bystander = instances.sign_in(&world.person("bystander").await).await;
    for going in [Going::Stopped, Going::Killed] {
        let anna = world.person("anna").await;
        let signed_in = instances.go_during(&proxy, "/login", going, &bystander, || way.sign_in(&anna)).await;
        instances.serve(&cookie(&signed_in)).await;

        let scene = Scene::new(&world, &instances.service).await;
        let redeem = || way.redeem(&scene.guest, &scene.code);
        let answer = instances.go_during(&proxy, "/join", going, &bystander, redeem).await;
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &told["failed"]), (200, &json!([])), "{going:?}: {told}");
        scene.is_in_once(&world, &format!("{going:?}")).await;
        scene.end(&world, &instances.service, &format!("{going:?}")).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn live_progress_goes_on_at_another_instance() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut instances = Instances::before(&world, &proxy).await;
    let way = instances.way.clone();
    for going in [Going::Stopped, Going::Killed] {
        let scene = Scene::new(&world, &instances.service).await;
        let ben = instances.sign_in(&scene.guest).await;
        proxy.fail(Method::POST, "/join", 0, 1, Fault::Held);
        let joined = tokio::spawn(way.redeem(&scene.guest, &scene.code).send());
        timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
        let at_work = instances.balancer.latest();

        let mut watching = way.watch(&ben, &scene.code).await;
        let watched = instances.balancer.latest();
        assert_ne!(watched, at_work);
        assert!(watching.runs().await, "{going:?}: another instance is at work");
        instances.leave(watched, going).await;
        let last = watching.rest().await;
        assert!(last.is_none_or(|last| last.running), "{going:?}: their stream ends, their redemption does not");
        let mut watching = way.watch(&ben, &scene.code).await;
        assert!(watching.runs().await, "{going:?}: it still is");
        proxy.release();
        let last = watching.rest().await.expect("it is told");
        assert!(last.complete && !last.running, "{going:?}: {last:?}");
        assert_eq!(joined.await.unwrap().unwrap().status(), 200);
        scene.is_in_once(&world, &format!("{going:?}")).await;
        instances.replace(watched, going).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whoever_watches_is_told_that_the_instance_that_was_at_work_has_died() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut instances = Instances::before(&world, &proxy).await;
    let way = instances.way.clone();
    let scene = Scene::new(&world, &instances.service).await;
    let ben = instances.sign_in(&scene.guest).await;
    proxy.fail(Method::POST, "/join", 0, 1, Fault::LostRequest);
    let joined = tokio::spawn(way.redeem(&scene.guest, &scene.code).send());
    timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
    let at_work = instances.balancer.latest();
    let mut watching = way.watch(&ben, &scene.code).await;
    assert!(watching.runs().await);
    instances.leave(at_work, Going::Killed).await;
    assert!(joined.await.unwrap().is_err());
    // Once its lease has ended.
    let last = watching.rest().await.expect("it is told");
    assert!(!last.complete && !last.running, "{last:?}");
    instances.replace(at_work, Going::Killed).await;
    scene.end(&world, &instances.service, "they try again").await;
}

/// Somebody who redeems, whoever goes meanwhile: whether they are in.
async fn visit(way: Way, guest: Person, code: String) -> bool {
    let answer = insist(|| way.redeem(&guest, &code)).await;
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    match errcode(&(answer.status, told.clone())) {
        (404, "NOT_FOUND") => false,
        (400, "ALREADY_REDEEMED") => true,
        (200, _) => {
            assert_eq!(told["failed"], json!([]), "{told}");
            true
        }
        _ => panic!("{answer:?}"),
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn nobody_is_lost_or_doubled_while_each_instance_goes_in_its_turn() {
    const TOKENS: &str = "/registration_tokens/";
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut instances = Instances::before(&world, &proxy).await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 2).await;
    let body = json!({"rooms": rooms, "create_dm": true, "max_uses": PLACES});
    let code = instances.service.create(&owner, body).await["token"]["token"].as_str().unwrap().to_owned();
    let guests = join_all((0..GUESTS).map(|_| world.person("guest"))).await;
    // When all places are taken, the code is to open no more accounts, which the homeserver does not hear at first: then each instance would tell it.
    proxy.fail(Method::DELETE, TOKENS, 0, 1, Fault::BadGateway);

    let mut visits: Vec<JoinHandle<bool>> = Vec::new();
    for (turn, pair) in guests.chunks(GUESTS / (2 * INSTANCES)).enumerate() {
        let before = proxy.count(&Method::POST, "/join");
        visits.extend(pair.iter().map(|guest| tokio::spawn(visit(instances.way.clone(), guest.clone(), code.clone()))));
        while proxy.count(&Method::POST, "/join") == before && !visits.iter().all(JoinHandle::is_finished) {
            moment().await;
        }
        let going = if turn % 2 == 0 { Going::Killed } else { Going::Stopped };
        instances.leave(turn % INSTANCES, going).await;
        instances.replace(turn % INSTANCES, going).await;
    }
    let told: Vec<bool> = join_all(visits).await.into_iter().map(Result::unwrap).collect();

    assert_eq!(told.iter().filter(|is_in| **is_in).count(), PLACES, "{told:?}");
    for (guest, is_in) in guests.iter().zip(&told) {
        let joined = world.joined_rooms(guest).await;
        let chats = joined.iter().filter(|room| !rooms.contains(room)).count();
        let expected = if *is_in { (rooms.len(), 1) } else { (0, 0) };
        assert_eq!((joined.len() - chats, chats), expected, "{}", guest.id);
    }
    let token = instances.service.token(&owner, &code).await.1["token"].clone();
    assert_eq!((&token["accepted_count"], &token["uses_left"]), (&json!(PLACES), &json!(0)));
    while world.registration_token(&code).await != 404 {
        moment().await;
    }
    // Until all have ended what they have begun.
    for number in 0..INSTANCES {
        instances.leave(number, Going::Stopped).await;
        timeout(Duration::from_secs(30), instances.all[number].1.wait()).await.expect("it ends").unwrap();
    }
    assert_eq!(proxy.count(&Method::DELETE, TOKENS), 1, "one instance has told it, once");
}
