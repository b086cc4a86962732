//! The [`Backend`](app::Backend) of a request from a page.

mod attempt;
mod pictures;
mod saving;

use std::{sync::Arc, time::Duration};

use app::{
    AccountAdvice, AccountForm, AuditPage, AuditQuery, Backend, Came, Card, Days, Error, Field, Intervention,
    InviteCard, InviteDetail, InviteForm, InvitePage, InviteQuery, LANDING, Landing, LocalPath, LookedAfter, Next,
    Notice, Pasted, Problem, Progress, Rooms, RoomsQuery, ServerInvites, ServerQuery, SignInWays, Visitor,
};
use matrix_sdk::ruma::UserId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Position, Url};

use self::pictures::HasPictures;
use super::{
    apps::apps,
    reply::ResponseParts,
    state::{Settings, Web},
    visit::Visit,
};
use crate::{
    account::Account,
    error::Result,
    invites::{Chosen, Watcher},
    session::{Purpose, Session},
    trace::carried,
};

/// How long a page waits for a redemption to begin, if it will show its progress live.
const BEGINNING: Duration = Duration::from_millis(300);

/// How many characters of another server's name are repeated: more than a host name has (RFC 1035, section 2.3.4).
const LONGEST_SERVER: usize = 255;

/// The backend of one request: its sender, and what it adds to the response.
pub(super) struct Site {
    web: Arc<Web>,
    visit: Visit,
    reply: ResponseParts,
    session: Option<Session>,
    /// Whether a page is being rendered, for which the sign-in page is shown instead if nobody is signed in.
    page: bool,
}

/// The sign-in page, which leads on to `to`.
pub(super) fn sign_in_path(to: &LocalPath) -> LocalPath {
    LocalPath::parse(&format!("/sign-in?to={}", utf8_percent_encode(to.as_str(), NON_ALPHANUMERIC)))
}

/// The sign-in page after signing in has failed.
pub(super) fn sign_in_again_path(to: Option<&LocalPath>, error: &Error) -> LocalPath {
    let problem = match error {
        Error::Unreachable { .. } => "unreachable",
        Error::Locked => "locked",
        Error::Deactivated => "deactivated",
        _ => "failed",
    };
    let to = to.map_or("/invites", LocalPath::as_str);
    LocalPath::parse(&format!("/sign-in?problem={problem}&to={}", utf8_percent_encode(to, NON_ALPHANUMERIC)))
}

impl Site {
    pub(super) fn new(web: Arc<Web>, visit: Visit, page: bool) -> (Arc<Self>, ResponseParts) {
        let session = web.settings.sealer.open(&visit.headers, visit.is_secure());
        let reply = ResponseParts::default();
        (Arc::new(Self { web, visit, reply: reply.clone(), session, page }), reply)
    }

    /// The account that is signed in, as confirmed by the homeserver.
    async fn account(&self) -> Result<Account> {
        let signed_out = || crate::error::Error::from(Error::SignedOut { soft: false });
        let session = self.session.as_ref().ok_or_else(signed_out)?;
        self.web.people.authenticate(&session.token, &self.visit.origin).await
    }

    /// The account that is signed in, as the homeserver knows it now: for whatever changes something.
    async fn account_now(&self) -> Result<Account> {
        if let Some(session) = &self.session {
            self.web.people.forget(&session.token).await;
        }
        self.account().await
    }

    /// The account that is signed in, if any.
    async fn account_if_any(&self) -> Result<Option<Account>> {
        if self.session.is_none() {
            return Ok(None);
        }
        match self.account().await {
            Ok(account) => Ok(Some(account)),
            Err(crate::error::Error::Refused(Error::SignedOut { .. })) => {
                self.forget();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn remember(&self, session: &Session) {
        self.reply.cookie(self.web.settings.sealer.seal(Some(session), self.visit.is_secure()));
    }

    fn forget(&self) {
        self.reply.cookie(self.web.settings.sealer.seal::<Session>(None, self.visit.is_secure()));
    }

    /// Converts an error to one for the person, and sets the status that belongs to it.
    fn tell<T>(&self, result: Result<T>) -> app::Result<T> {
        result.map_err(|error| {
            let error = match error.into_told() {
                // Somebody else's invite is not even confirmed to exist.
                Error::NotYours => Error::UnknownInvite,
                error => error,
            };
            self.reply.refuse(&error);
            if matches!(error, Error::SignedOut { .. }) {
                if self.session.is_some() {
                    self.forget();
                }
                if self.page {
                    self.reply.redirect(sign_in_path(&self.visit.path));
                }
            }
            error
        })
    }

    /// Checks that the invite belongs to the person who is signed in.
    pub(super) async fn check_owner(&self, code: &str) -> app::Result<()> {
        self.tell(async { self.web.invites.owner.one(&self.account().await?, code).await.map(drop) }.await)
    }

    /// Who joined with the asking person's own invite, a page.
    pub(super) async fn came(&self, code: &str, before: &str) -> app::Result<Came> {
        self.tell(
            async { self.web.invites.owner.came(&self.account().await?, code, before, u32::MAX, true).await }.await,
        )
    }

    /// Some of all invites of the server, for a server admin.
    pub(super) async fn found_invites(
        &self,
        query: &ServerQuery,
        most: Option<u32>,
        names: bool,
    ) -> app::Result<ServerInvites> {
        let admin = &self.web.invites.server_admin;
        self.tell(async { admin.find_invites(&self.account().await?, query, most, names).await }.await)
    }

    /// What a card of the asking person's own invite tells: as much as a stranger sees of its page.
    pub(super) async fn card(&self, code: &str) -> app::Result<Landing> {
        let seen = async {
            let account = self.account().await?;
            self.web.invites.owner.one(&account, code).await?;
            self.web.invites.guest.landing(Some(&account), &self.visit.origin, code).await
        };
        Ok(self.with_pictures(self.tell(seen.await)?))
    }

    /// Whether a link to that host, or of that server, is one to an invite of ours.
    fn is_here(&self, server: &str) -> bool {
        let Settings { server_name, public_url, homeserver, .. } = &self.web.settings;
        let host = |url: &Url| url[Position::BeforeHost..Position::AfterPort].to_owned();
        let visited = self.visit.site.split("://").nth(1).unwrap_or_default().to_owned();
        let ours = [server_name.clone(), visited, host(homeserver)].into_iter().chain(public_url.as_ref().map(host));
        // The homeserver's own address is often below its name.
        let below = server.to_ascii_lowercase().ends_with(&format!(".{}", server_name.to_ascii_lowercase()));
        below || ours.into_iter().any(|ours| ours.eq_ignore_ascii_case(server))
    }

    /// The address of an invite, to be shared.
    pub(super) fn link(&self, code: &str) -> String {
        let here = || self.visit.address(&LocalPath::parse(&app::landing_path(code)));
        self.web.public_address(code).unwrap_or_else(here)
    }

    /// How far the asking person is with redeeming a code.
    pub(super) async fn progress(&self, code: &str) -> app::Result<Progress> {
        let progress = async { self.web.invites.guest.progress(&self.account().await?, code).await };
        self.tell(progress.await).map(|progress| self.with_pictures(progress))
    }

    /// Watches the person's own redemption.
    pub(super) async fn watch(&self, code: &str) -> app::Result<Watcher> {
        self.tell(async { Ok(self.web.invites.guest.watch(&self.account().await?, code)?) }.await)
    }

    /// Checks that a form comes from a page that was made for this session a short while ago.
    fn check_proof(&self, proof: &str) -> app::Result<()> {
        let session = self.session.as_ref().map(|session| session.token.as_str()).unwrap_or_default();
        let sealer = &self.web.settings.sealer;
        match session.is_empty() || sealer.proves(Purpose::ServerAdmin, session, proof, (self.web.settings.clock)()) {
            // A visitor who is not signed in gets the error for that later.
            true => Ok(()),
            false => self.tell(Err(Error::Outdated.into())),
        }
    }

    /// Replaces addresses of pictures with those at which this service serves them.
    fn with_pictures<T: HasPictures>(&self, mut shown: T) -> T {
        shown.each_picture(&mut |mxc| {
            *mxc = mxc.take().and_then(|mxc| self.web.pictures.address(self.visit.base, &mxc));
        });
        shown
    }

    /// What a stranger who has the link sees of an invite.
    pub(super) async fn strangers_landing(&self, code: &str) -> app::Result<Landing> {
        self.tell(self.web.invites.guest.front(&self.visit.origin, code).await)
    }

    async fn see_landing(&self, code: &str) -> Result<Landing> {
        let (guest, origin) = (&self.web.invites.guest, &self.visit.origin);
        let seen = async {
            let account = self.account_if_any().await?;
            guest.landing(account.as_ref(), origin, code).await
        };
        match seen.await {
            Err(crate::error::Error::Refused(away @ Error::Unreachable { .. })) => {
                let landing = guest.landing_while_away(origin, code).await?;
                // A script reads the body, whatever the status of the page.
                if self.page {
                    self.reply.refuse(&away);
                }
                Ok(landing)
            }
            seen => seen,
        }
    }
}

#[async_trait::async_trait]
impl Backend for Site {
    async fn visitor(&self) -> app::Result<Visitor> {
        let account = self.account_if_any().await;
        let (server_admin, all_paused) = match &account {
            // A header without these is better than none.
            Ok(Some(account)) => (
                self.web.is_server_admin(account).await,
                self.web.invites.server_admin.all_paused().await.unwrap_or_default(),
            ),
            _ => (false, None),
        };
        let (all_paused, paused_because) = (all_paused.is_some(), all_paused.and_then(|paused| paused.reason));
        let person = match account {
            Ok(account) => account.map(|account| account.user_id().to_owned()),
            // The homeserver does not answer; the page itself explains that.
            Err(_) => self.session.as_ref().and_then(|session| UserId::parse(&session.user_id).ok()),
        };
        let person = match person {
            Some(user) => Some(self.with_pictures(self.web.people.person(&user).await)),
            None => None,
        };
        Ok(Visitor { person, server_admin, all_paused, paused_because })
    }

    async fn sign_in_ways(&self) -> app::Result<SignInWays> {
        self.tell(self.web.people.sign_in_ways(&self.visit.origin).await).map(|ways| self.with_pictures(ways))
    }

    async fn sign_in(&self, user: String, password: String, to: String) -> app::Result<Next> {
        let session = self.web.people.sign_in_by_password(&user, &password, &self.visit.origin).await;
        self.remember(&self.tell(session)?.into());
        self.web.people.leave(self.session.as_ref().map(|before| before.token.clone()));
        let to = if to.is_empty() { "/invites" } else { &to };
        Ok(Next::to(LocalPath::parse(to).to_string()))
    }

    async fn sign_out(&self) -> app::Result<Next> {
        if let Some(session) = &self.session {
            self.tell(self.web.people.sign_out(&session.token).await)?;
        }
        self.forget();
        // Somebody who signs out on the page of an invite stays there, and can join with another account.
        let here = self.visit.path.as_str();
        Ok(Next::to(if here.starts_with(LANDING) { here } else { "/" }.to_owned()))
    }

    async fn rooms(&self, like: String, space: String) -> app::Result<Rooms> {
        self.tell(self.form_to_fill_in(&like, &space).await)
    }

    async fn invites(&self, query: InviteQuery) -> app::Result<InvitePage> {
        let page = async { self.web.invites.owner.page(&self.account().await?, query).await };
        let mut page = self.with_pictures(self.tell(page.await)?);
        page.public = self.web.public_base();
        Ok(page)
    }

    async fn chosen_invites(&self, codes: Vec<String>) -> app::Result<Vec<InviteCard>> {
        let cards = async {
            let account = self.account().await?;
            Ok(Chosen::of(&self.web.invites.owner, &account, codes).await?.cards().await)
        };
        self.tell(cards.await).map(|cards| self.with_pictures(cards))
    }

    async fn pause_many(&self, codes: Vec<String>, paused: bool) -> app::Result<Next> {
        let done = async {
            let account = self.account_now().await?;
            Chosen::of(&self.web.invites.owner, &account, codes).await?.pause(paused).await
        };
        Ok(Next::here().saying(Notice::Several(self.tell(done.await)?)))
    }

    async fn delete_many(&self, codes: Vec<String>) -> app::Result<Next> {
        let done = async {
            let account = self.account_now().await?;
            Chosen::of(&self.web.invites.owner, &account, codes).await?.delete().await
        };
        Ok(Next::to("/invites".to_owned()).saying(Notice::Several(self.tell(done.await)?)))
    }

    async fn invite(&self, code: String, before: String, missing: bool) -> app::Result<InviteDetail> {
        let link = self.web.public_address(&code);
        let owner = &self.web.invites.owner;
        let detail = async { owner.detail(&self.account().await?, &code, link, missing, &before).await };
        self.tell(detail.await).map(|detail| self.with_pictures(detail))
    }

    async fn save(&self, form: InviteForm) -> app::Result<Next> {
        self.tell(self.save_form(form).await)
    }

    async fn delete(&self, code: String) -> app::Result<Next> {
        let deleted = async { self.web.invites.owner.delete(&self.account_now().await?, &code).await };
        self.tell(deleted.await)?;
        Ok(Next::to("/invites".to_owned()).saying(Notice::Deleted))
    }

    async fn pause(&self, code: String, paused: bool) -> app::Result<Next> {
        let done = async { self.web.invites.owner.pause(&self.account_now().await?, &code, paused).await };
        self.tell(done.await)?;
        Ok(Next::here())
    }

    async fn looked_after(&self, query: RoomsQuery) -> app::Result<LookedAfter> {
        let looked = async { self.web.invites.room_admin.looked_after(&self.account().await?, &query).await };
        self.tell(looked.await).map(|looked| self.with_pictures(looked))
    }

    async fn block(&self, room: String, invite: i64, blocked: bool, reason: String) -> app::Result<Next> {
        let done = async {
            self.web.invites.room_admin.block(&self.account_now().await?, &room, invite, blocked, Some(reason)).await
        };
        self.tell(done.await)?;
        Ok(Next::here())
    }

    async fn server_invites(&self, query: ServerQuery) -> app::Result<ServerInvites> {
        let mut found = self.with_pictures(self.found_invites(&query, None, true).await?);
        if let Some(session) = &self.session {
            found.proof = self.web.settings.sealer.proof(Purpose::ServerAdmin, &session.token, found.now);
        }
        Ok(found)
    }

    async fn intervene(&self, invite: i64, what: Intervention, proof: String, reason: String) -> app::Result<Next> {
        self.check_proof(&proof)?;
        let admin = &self.web.invites.server_admin;
        let done = async { admin.intervene(&self.account_now().await?, invite, what, Some(reason)).await };
        self.tell(done.await)?;
        Ok(Next::here())
    }

    async fn pause_all(&self, paused: bool, proof: String, reason: String) -> app::Result<Next> {
        self.check_proof(&proof)?;
        let admin = &self.web.invites.server_admin;
        let done = async { admin.pause_all(&self.account_now().await?, paused, Some(reason)).await };
        self.tell(done.await)?;
        Ok(Next::here())
    }

    async fn days(&self) -> app::Result<Days> {
        self.tell(async { self.web.invites.server_admin.days(&self.account().await?).await }.await)
    }

    async fn audit(&self, query: AuditQuery) -> app::Result<AuditPage> {
        let page = async { self.web.invites.server_admin.find_entries(&self.account().await?, &query).await };
        self.tell(page.await)
    }

    async fn landing(&self, code: String) -> app::Result<Landing> {
        let landing = async { self.see_landing(&code).await };
        let mut landing = self.with_pictures(self.tell(landing.await)?);
        let Settings { clients, server_name, .. } = &self.web.settings;
        if self.page {
            self.reply.head(Card::of(&landing).tags(landing.welcome.as_deref(), &self.link(&code)));
        }
        landing.apps = apps(clients, &self.visit.headers, server_name, &landing, &code);
        Ok(landing)
    }

    async fn advise(&self, form: AccountForm) -> app::Result<AccountAdvice> {
        self.tell(self.web.invites.guest.advise(&form, &self.visit.origin).await)
    }

    async fn create_account(&self, code: String, form: AccountForm) -> app::Result<Next> {
        let invites = &self.web.invites;
        let account = self.tell(self.open_account(&code, form).await)?;
        self.remember(&account);
        self.web.people.leave(self.session.as_ref().map(|before| before.token.clone()));
        let me = self.tell(self.web.people.authenticate(&account.token, &self.visit.origin).await)?;
        let guest = Arc::clone(&invites.guest);
        let joining = tokio::spawn(carried(async move { guest.redeem(&me, &code).await }));
        // With scripts the page shows the progress live; without, the next page shows the result.
        let patience = if self.visit.is_by_script() { BEGINNING } else { Duration::from_secs(60) };
        match tokio::time::timeout(patience, joining).await {
            Ok(Ok(Err(crate::error::Error::Refused(Error::UnknownInvite | Error::Ended | Error::OwnerGone)))) => {
                self.tell(Err(Error::EndedMeanwhile { user_id: account.user_id }.into()))
            }
            // For any other error, the page shows the progress and offers to try again.
            _ => Ok(Next::here()),
        }
    }

    async fn redeem(&self, code: String) -> app::Result<Progress> {
        let redeemed = async {
            let account = self.account_now().await?;
            match self.web.invites.guest.redeem(&account, &code).await {
                // The person is where they wanted to be.
                Err(crate::error::Error::Refused(Error::AlreadyRedeemed)) | Ok(_) => {}
                Err(error) => return Err(error),
            }
            self.web.invites.guest.progress(&account, &code).await
        };
        self.tell(redeemed.await).map(|progress| self.with_pictures(progress))
    }

    async fn open(&self, text: String) -> app::Result<Next> {
        let Pasted { codes, of } = Pasted::of(&text);
        let opened = async {
            if let Some(server) = of.filter(|server| !self.is_here(server)) {
                let problem = Problem::OtherServer(server.chars().take(LONGEST_SERVER).collect());
                return Err(Error::Invalid { field: Field::Link, problem }.into());
            }
            let account = match self.account_if_any().await {
                // The page that it leads to knows what to do then.
                Err(crate::error::Error::Refused(Error::Unreachable { .. })) => None,
                account => account?,
            };
            let code = self.web.invites.guest.meant(account.as_ref(), &self.visit.origin, &codes).await?;
            Ok(Next::to(app::landing_path(&code)))
        };
        self.tell(opened.await)
    }
}
