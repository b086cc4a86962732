//! The interface between the pages and the server that answers them.

use std::sync::{Arc, OnceLock};

use leptos::prelude::{provide_context, use_context};

use crate::{
    AccountAdvice, AccountForm, AuditPage, AuditQuery, Days, Error, Intervention, InviteCard, InviteDetail, InviteForm,
    InvitePage, InviteQuery, Landing, LookedAfter, Next, Posted, Progress, Result, Rooms, RoomsQuery, ServerInvites,
    ServerQuery, SignInWays, Visitor,
};

/// What the pages ask of the server. An implementation answers one request and already knows who sent it.
#[async_trait::async_trait]
pub trait Backend: Send + Sync {
    /// The current visitor: who they are, if they are signed in, and whether they are a server admin.
    async fn visitor(&self) -> Result<Visitor>;
    /// The ways in which people can sign in.
    async fn sign_in_ways(&self) -> Result<SignInWays>;
    /// Signs in with a password, then leads to the page `to`.
    async fn sign_in(&self, user: String, password: String, to: String) -> Result<Next>;
    /// Ends the session, also on the homeserver.
    async fn sign_out(&self) -> Result<Next>;
    /// The rooms that the person can choose for an invite, and the bounds that the server sets. The form for a new invite begins with the choices of
    /// the person's invite `like`, or with the rooms of `space`; either may be empty.
    async fn rooms(&self, like: String, space: String) -> Result<Rooms>;
    /// One page of the person's own invites.
    async fn invites(&self, query: InviteQuery) -> Result<InvitePage>;
    /// One of the person's own invites with the people who joined, or only those who are `missing` something; `before` is where the previous page of
    /// those people ended.
    async fn invite(&self, code: String, before: String, missing: bool) -> Result<InviteDetail>;
    /// Makes or changes an invite, then leads to its page.
    async fn save(&self, form: InviteForm) -> Result<Next>;
    /// Deletes one of the person's own invites.
    async fn delete(&self, code: String) -> Result<Next>;
    /// Those of the person's own invites that have these codes.
    async fn chosen_invites(&self, codes: Vec<String>) -> Result<Vec<InviteCard>>;
    /// Deletes several of the person's own invites, then leads to the list, and says how many.
    async fn delete_many(&self, codes: Vec<String>) -> Result<Next>;
    /// Pauses or resumes several of the person's own invites, and says how many.
    async fn pause_many(&self, codes: Vec<String>, paused: bool) -> Result<Next>;
    /// Pauses or resumes one of the person's own invites.
    async fn pause(&self, code: String, paused: bool) -> Result<Next>;
    /// The rooms that the person administers, a page, with the invites that lead into them.
    async fn looked_after(&self, query: RoomsQuery) -> Result<LookedAfter>;
    /// Blocks an invite in a room, or unblocks it.
    async fn block(&self, room: String, invite: i64, blocked: bool, reason: String) -> Result<Next>;
    /// One page of all invites of the server, for its admins.
    async fn server_invites(&self, query: ServerQuery) -> Result<ServerInvites>;
    /// Pauses, resumes or revokes any invite of the server; its owner sees the reason for a pause. `proof` comes from
    /// the page on which this was asked for.
    async fn intervene(&self, invite: i64, what: Intervention, proof: String, reason: String) -> Result<Next>;
    /// Pauses or resumes all invites of the server at once; members see the reason for a pause. `proof` as for
    /// [`Self::intervene`].
    async fn pause_all(&self, paused: bool, proof: String, reason: String) -> Result<Next>;
    /// What happened on the server lately, for its admins.
    async fn days(&self) -> Result<Days>;
    /// One page of the audit log, for the server's admins.
    async fn audit(&self, query: AuditQuery) -> Result<AuditPage>;
    /// What the page behind an invite's link shows.
    async fn landing(&self, code: String) -> Result<Landing>;
    /// Feedback on the form for a new account while it is being filled in.
    async fn advise(&self, form: AccountForm) -> Result<AccountAdvice>;
    /// Opens an account for somebody who holds a code, signs them in, and starts to redeem the code for them.
    async fn create_account(&self, code: String, form: AccountForm) -> Result<Next>;
    /// Redeems a code: brings the person into everything that it leads to.
    async fn redeem(&self, code: String) -> Result<Progress>;
    /// Leads to the invite whose code or link somebody typed, pasted or scanned.
    async fn open(&self, text: String) -> Result<Next>;
}

/// Where the program in the browser is mounted: its requests are made where nobody can ask for the context.
pub(crate) static MOUNTED: OnceLock<&'static str> = OnceLock::new();

/// The path below which the files, pictures and functions are of pages that are mounted at `base`: the same, and
/// [`PREFIX`](crate::PREFIX) where the pages have a host of their own.
pub fn resources(base: &str) -> &str {
    if base.is_empty() { crate::PREFIX } else { base }
}

/// The same for the page in this browser.
pub(crate) fn here() -> &'static str {
    resources(MOUNTED.get().copied().unwrap_or_default())
}

/// Where the pages are mounted.
#[derive(Clone)]
pub(crate) struct Mount {
    /// Scheme and host, as the browser sees them.
    pub(crate) site: String,
    /// The prefix of each page's path: nothing, [`PREFIX`](crate::PREFIX), or the path of the operator's choice.
    pub(crate) base: &'static str,
}

/// Provides the [`Backend`] for the request being answered.
pub fn provide_backend(backend: Arc<dyn Backend>) {
    provide_context(backend);
}

/// Provides where the pages are mounted for the request being answered: scheme and host as the browser sees them, and
/// the prefix of each page's path, which is nothing, [`PREFIX`](crate::PREFIX), or the path of the operator's choice.
pub fn provide_mount(site: String, base: &'static str) {
    provide_context(Mount { site, base });
}

/// Provides the result of the form that was posted with the request being answered.
pub fn provide_posted(posted: Option<Posted>) {
    provide_context(posted);
}

/// What the page says once of what was done on the page before.
#[derive(Clone)]
pub(crate) struct News(pub(crate) Option<String>);

/// Provides what the page says once of what was done on the page before.
pub fn provide_notice(notice: Option<String>) {
    provide_context(News(notice));
}

/// The failure of the form that was posted with the request being answered, if one was.
pub fn posted() -> Option<Posted> {
    use_context::<Option<Posted>>().flatten()
}

/// The [`Backend`] of the request being answered.
///
/// # Errors
/// [`Error::Internal`] where there is no request: in the browser, and while the routes are listed at start-up.
pub fn backend() -> Result<Arc<dyn Backend>> {
    use_context().ok_or(Error::Internal)
}
