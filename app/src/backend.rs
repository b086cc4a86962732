//! The seam between the pages and the server that answers them.

use std::sync::Arc;

use leptos::prelude::{provide_context, use_context};

use crate::{
    AccountAdvice, AccountForm, AuditPage, Error, Intervention, InviteDetail, InviteForm, InvitePage, InviteQuery,
    Landing, LookedAfter, Next, Posted, Progress, Result, Rooms, ServerInvites, SignInWays, Visitor,
};

/// What the pages ask of a server, already knowing who asks.
#[async_trait::async_trait]
pub trait Backend: Send + Sync {
    /// Who looks at the page.
    async fn visitor(&self) -> Result<Visitor>;
    /// How people can sign in.
    async fn sign_in_ways(&self) -> Result<SignInWays>;
    /// Signs in by password, and leads to `to`.
    async fn sign_in(&self, user: String, password: String, to: String) -> Result<Next>;
    /// Ends the session.
    async fn sign_out(&self) -> Result<Next>;
    /// What the person can choose from for an invite.
    async fn rooms(&self) -> Result<Rooms>;
    /// Some of the person's invites.
    async fn invites(&self, query: InviteQuery) -> Result<InvitePage>;
    /// One of them; `before` is where the page before this one of those who came has ended.
    async fn invite(&self, code: String, before: String) -> Result<InviteDetail>;
    /// Makes or changes one, and leads to it.
    async fn save(&self, form: InviteForm) -> Result<Next>;
    /// Deletes one.
    async fn delete(&self, code: String) -> Result<Next>;
    /// Stops one for a while, or lets it go on.
    async fn pause(&self, code: String, paused: bool) -> Result<Next>;
    /// The rooms that the person administers, or the one with that id, with the invites that lead into them; `before` is where the page before
    /// this one of its invites has ended.
    async fn looked_after(&self, room: String, before: String) -> Result<LookedAfter>;
    /// Keeps an invite out of a room, or lets it lead there again.
    async fn block(&self, room: String, invite: i64, blocked: bool, reason: String) -> Result<Next>;
    /// Some of the server's invites, for its admins; `before` is where the page before this one has ended.
    async fn server_invites(&self, search: String, before: String) -> Result<ServerInvites>;
    /// Stops one of the server's invites, lets it go on, or ends it. `proof` is that of the page on which it was asked for.
    async fn intervene(&self, invite: i64, what: Intervention, proof: String) -> Result<Next>;
    /// Stops all of the server's invites, or lets them go on; `proof` as above.
    async fn pause_all(&self, paused: bool, proof: String) -> Result<Next>;
    /// Some of what was done, for the server's admins; `before` is where the page before this one has ended.
    async fn audit(&self, search: String, before: String) -> Result<AuditPage>;
    /// What is behind an invite's link.
    async fn landing(&self, code: String) -> Result<Landing>;
    /// What is said of a form for a new account while it is filled in.
    async fn advise(&self, form: AccountForm) -> Result<AccountAdvice>;
    /// Opens an account for somebody who holds a code, signs them in, and begins to bring them into everything that it leads to.
    async fn create_account(&self, code: String, form: AccountForm) -> Result<Next>;
    /// Brings the person into everything that a code leads to.
    async fn redeem(&self, code: String) -> Result<Progress>;
    /// Leads to the invite whose code or link somebody has typed, pasted or photographed.
    async fn open(&self, text: String) -> Result<Next>;
}

/// Where the pages are.
#[derive(Clone)]
pub(crate) struct Mount {
    /// Scheme and host, as the browser sees them.
    pub(crate) site: String,
    /// What stands before the path of each page: nothing, or [`PREFIX`](crate::PREFIX).
    pub(crate) base: &'static str,
}

/// Gives the request being answered its server.
pub fn provide_backend(backend: Arc<dyn Backend>) {
    provide_context(backend);
}

/// Tells the request being answered where the pages are: scheme and host as the browser sees them, and what stands before each
/// page's path, which is nothing or [`PREFIX`](crate::PREFIX).
pub fn provide_mount(site: String, base: &'static str) {
    provide_context(Mount { site, base });
}

/// Tells the request being answered what came of the form that was sent with it.
pub fn provide_posted(posted: Option<Posted>) {
    provide_context(posted);
}

/// The server of the request being answered.
///
/// # Errors
/// [`Error::Internal`] where there is no request: in the browser, and while the routes are listed at start-up.
pub fn backend() -> Result<Arc<dyn Backend>> {
    use_context().ok_or(Error::Internal)
}
