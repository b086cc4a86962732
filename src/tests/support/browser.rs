//! A browser without scripts, and the service with its pages.

use reqwest::{Client, Response, header::HeaderMap, redirect::Policy};
use serde::de::DeserializeOwned;

use super::{API, Acting, Engine, Person, Service, Setup, World, plain};

/// A browser without scripts: it keeps its cookie, and does not follow redirects by itself.
pub struct Browser {
    pub client: Client,
    pub url: String,
    pub cookie: Option<String>,
    /// The cookie of an account that it is creating.
    pub attempt: Option<String>,
    /// The headers it sends, as a browser would.
    pub headers: HeaderMap,
}

/// A response with its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    pub fn new(service: &Service) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        headers.insert("origin", "null".parse().unwrap());
        // What comes compressed stays so: it is looked at.
        let client = plain().redirect(Policy::none()).no_gzip().no_brotli().build().unwrap();
        Self { client, url: service.url.clone(), cookie: None, attempt: None, headers }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    async fn read(&mut self, answer: Response) -> Answer {
        let headers = answer.headers().clone();
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let pair = cookie.split(';').next().unwrap().to_owned();
            let kept = Some(pair).filter(|_| !cookie.contains("Max-Age=0"));
            if cookie.contains("super_invites=") {
                self.cookie = kept;
            } else if cookie.contains("super_invites_account=") {
                self.attempt = kept;
            }
        }
        Answer { status: answer.status().as_u16(), headers, body: answer.text().await.unwrap() }
    }

    /// What it sends of its cookies.
    fn cookies(&self) -> Option<String> {
        let cookies: Vec<&str> = [&self.cookie, &self.attempt].into_iter().flatten().map(String::as_str).collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let mut request = self.client.get(format!("{}{path}", self.url)).headers(self.headers.clone());
        if let Some(cookies) = self.cookies() {
            request = request.header("cookie", cookies);
        }
        let answer = request.send().await.unwrap();
        self.read(answer).await
    }

    /// The first event that somebody who watches a redemption gets, with the status.
    pub async fn first_event(&mut self, code: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{API}/_live/{code}", self.url)).headers(self.headers.clone());
        let mut answer = request.header("cookie", self.cookie.as_deref().unwrap_or_default()).send().await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"\n\n")
            && let Some(more) = answer.chunk().await.unwrap()
        {
            heard.extend_from_slice(&more);
        }
        (answer.status().as_u16(), String::from_utf8(heard).unwrap())
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self.client.post(format!("{}{path}", self.url)).headers(self.headers.clone());
        if let Some(cookies) = self.cookies() {
            request = request.header("cookie", cookies);
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.unwrap();
        self.read(answer).await
    }

    /// Posts a form of a page.
    pub async fn form(&mut self, page: &str, function: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = [("_function", function)].into_iter().chain(fields.iter().copied()).collect();
        self.post(page, &fields).await
    }

    /// Makes an invite to a room through the pages, and returns its code.
    pub async fn invite(&mut self, owner: &Person, room: &str, shows_rooms: bool) -> String {
        self.sign_in(owner, "").await;
        let mut fields = vec![("form[rooms][]", room), ("form[welcome]", "Hello!")];
        fields.extend(shows_rooms.then_some(("form[show_rooms]", "true")));
        fields.extend([("form[asks_registration]", "true"), ("form[registration]", "true")]);
        let answer = self.form("/new", "save", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.header("location").rsplit('/').next().unwrap().split('?').next().unwrap().to_owned()
    }

    pub async fn sign_in(&mut self, person: &Person, to: &str) -> Answer {
        self.form("/sign-in", "sign_in", &[("user", &person.id), ("password", "password"), ("to", to)]).await
    }

    /// Calls a server function as a script of a page does.
    pub async fn function<T: DeserializeOwned>(&mut self, name: &str, fields: &[(&str, &str)]) -> (u16, Option<T>) {
        self.headers.insert("sec-fetch-mode", "cors".parse().unwrap());
        let answer = self.post(&format!("{API}/_rpc/{name}"), fields).await;
        self.headers.remove("sec-fetch-mode");
        (answer.status, app::from_wire(&answer.body).ok())
    }
}

pub async fn with_pages(world: &World, acting: Acting, engine: Engine) -> Setup {
    let mut setup = Setup::new(world, acting, engine).await;
    setup.set("ENABLE_WEB", "true").set("SITE_DIR", "/nowhere");
    setup
}

pub async fn usual(world: &World) -> Service {
    with_pages(world, Acting::Appservice, Engine::Sqlite).await.start().await
}
