//! The server functions. Each passes its arguments to the [`Backend`](crate::Backend), in one line. What only the server
//! draws is drawn here, so that the browser gets it as it is shown.

use leptos::prelude::*;

use crate::{
    AccountAdvice, AccountForm, AuditQuery, Fragment, Intervention, InviteCard, InviteDetail, InviteForm, InvitePage,
    InviteQuery, Landing, Next, Progress, Rooms, RoomsQuery, ServerQuery, SignInWays, Told, Visitor, wire::Text,
};

#[server(output = Text, name = GetVisitor, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "visitor")]
pub async fn visitor() -> Result<Visitor, Told> {
    Ok(crate::backend()?.visitor().await?)
}

#[server(output = Text, name = GetSignInWays, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "sign_in_ways")]
pub async fn sign_in_ways() -> Result<SignInWays, Told> {
    Ok(crate::backend()?.sign_in_ways().await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "sign_in")]
pub async fn sign_in(
    #[server(default)] user: String,
    #[server(default)] password: String,
    #[server(default)] to: String,
) -> Result<Next, Told> {
    Ok(crate::backend()?.sign_in(user, password, to).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "sign_out")]
pub async fn sign_out() -> Result<Next, Told> {
    Ok(crate::backend()?.sign_out().await?)
}

#[server(output = Text, name = GetRooms, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "rooms")]
pub async fn rooms(#[server(default)] like: String, #[server(default)] space: String) -> Result<Rooms, Told> {
    Ok(crate::backend()?.rooms(like, space).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "invites")]
pub async fn invites(query: InviteQuery) -> Result<InvitePage, Told> {
    Ok(crate::backend()?.invites(query).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "invite")]
pub async fn invite(
    code: String,
    #[server(default)] before: String,
    #[server(default)] missing: bool,
) -> Result<InviteDetail, Told> {
    Ok(crate::backend()?.invite(code, before, missing).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "save")]
pub async fn save(form: InviteForm) -> Result<Next, Told> {
    Ok(crate::backend()?.save(form).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "delete")]
pub async fn delete(code: String) -> Result<Next, Told> {
    Ok(crate::backend()?.delete(code).await?)
}

#[server(output = Text, name = GetChosenInvites, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "chosen_invites")]
pub async fn chosen_invites(#[server(default)] codes: Vec<String>) -> Result<Vec<InviteCard>, Told> {
    Ok(crate::backend()?.chosen_invites(codes).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "delete_many")]
pub async fn delete_many(#[server(default)] codes: Vec<String>) -> Result<Next, Told> {
    Ok(crate::backend()?.delete_many(codes).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "pause_many")]
pub async fn pause_many(#[server(default)] codes: Vec<String>, #[server(default)] paused: bool) -> Result<Next, Told> {
    Ok(crate::backend()?.pause_many(codes, paused).await?)
}

#[server(output = Text, name = GetLanding, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "landing")]
pub async fn landing(code: String) -> Result<Landing, Told> {
    Ok(crate::backend()?.landing(code).await?)
}

#[server(output = Text, name = GetAccountAdvice, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "advise")]
pub async fn advise(form: AccountForm) -> Result<AccountAdvice, Told> {
    Ok(crate::backend()?.advise(form).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "create_account")]
pub async fn create_account(code: String, form: AccountForm) -> Result<Next, Told> {
    Ok(crate::backend()?.create_account(code, form).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "redeem")]
pub async fn redeem(code: String) -> Result<Progress, Told> {
    Ok(crate::backend()?.redeem(code).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "open")]
pub async fn open(#[server(default)] text: String) -> Result<Next, Told> {
    Ok(crate::backend()?.open(text).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "pause")]
pub async fn pause(code: String, #[server(default)] paused: bool) -> Result<Next, Told> {
    Ok(crate::backend()?.pause(code, paused).await?)
}

#[server(output = Text, name = GetLookedAfter, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "looked_after")]
pub async fn looked_after(#[server(default)] query: RoomsQuery) -> Result<Fragment, Told> {
    let posted = crate::posted();
    Ok(crate::draw_my_rooms(&query, &crate::backend()?.looked_after(query.clone()).await?, posted.as_ref()))
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "block")]
pub async fn block(
    room: String,
    invite: i64,
    #[server(default)] blocked: bool,
    #[server(default)] reason: String,
) -> Result<Next, Told> {
    Ok(crate::backend()?.block(room, invite, blocked, reason).await?)
}

#[server(output = Text, name = GetServerInvites, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "server_invites")]
pub async fn server_invites(#[server(default)] query: ServerQuery) -> Result<Fragment, Told> {
    let posted = crate::posted();
    Ok(crate::draw_server_invites(&query, &crate::backend()?.server_invites(query.clone()).await?, posted.as_ref()))
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "intervene")]
pub async fn intervene(
    invite: i64,
    what: Intervention,
    #[server(default)] proof: String,
    #[server(default)] reason: String,
) -> Result<Next, Told> {
    Ok(crate::backend()?.intervene(invite, what, proof, reason).await?)
}

#[server(output = Text, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "pause_all")]
pub async fn pause_all(
    #[server(default)] paused: bool,
    #[server(default)] proof: String,
    #[server(default)] reason: String,
) -> Result<Next, Told> {
    Ok(crate::backend()?.pause_all(paused, proof, reason).await?)
}

#[server(output = Text, name = GetDays, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "days")]
pub async fn days() -> Result<Fragment, Told> {
    Ok(crate::draw_days(&crate::backend()?.days().await?))
}

#[server(output = Text, name = GetAudit, prefix = "/_synapse/client/super_invites/_rpc", endpoint = "audit")]
pub async fn audit(#[server(default)] query: AuditQuery) -> Result<Fragment, Told> {
    Ok(crate::draw_audit(&query, &crate::backend()?.audit(query.clone()).await?))
}
