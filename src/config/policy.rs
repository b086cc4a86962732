//! The policy for invites on this server.

use matrix_sdk::ruma::OwnedUserId;
use schemars::JsonSchema;
use serde::Deserialize;

/// What an operator allows. A number that is unset is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Who may make invites. Server admins always may.
    pub create: Creators,
    /// The most people that one invite may let in.
    pub max_uses: Option<u32>,
    /// For how many days after its creation an invite may be open.
    pub max_days: Option<u32>,
    /// How many people an invite lets in if its owner does not say.
    pub default_uses: Option<u32>,
    /// For how many days an invite is open if its owner does not say.
    pub default_days: Option<u32>,
    /// How many open invites a member may have.
    pub open_invites: Option<u32>,
    /// How many invites a member may make within 24 hours.
    pub creations_per_day: Option<u32>,
    /// How many days old an account must be to make invites, if the homeserver reveals that.
    pub account_age_days: Option<u32>,
    /// Whether members may choose codes.
    pub chosen_codes: bool,
    /// The shortest chosen code, in characters.
    pub shortest_chosen_code: usize,
    /// How many accounts a chosen code may open.
    pub chosen_code_accounts: Option<u32>,
    /// For how many days after its creation a chosen code may open accounts.
    pub chosen_code_account_days: Option<u32>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            create: Creators::Word(CreatorsWord::Everyone),
            max_uses: None,
            max_days: None,
            default_uses: None,
            default_days: None,
            open_invites: Some(1000),
            creations_per_day: None,
            account_age_days: None,
            chosen_codes: true,
            shortest_chosen_code: 1,
            chosen_code_accounts: Some(10),
            chosen_code_account_days: Some(7),
        }
    }
}

/// Who may make invites.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected `everyone`, `admins` or a list of user ids")]
pub enum Creators {
    /// Everyone, or server admins only.
    Word(CreatorsWord),
    /// These users, and server admins.
    Users(#[schemars(with = "Vec<String>")] Vec<OwnedUserId>),
}

/// A keyword that says who may make invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CreatorsWord {
    /// Everybody who has an account.
    Everyone,
    /// Server admins only.
    Admins,
}

/// How much work for the homeserver may be caused within an hour by one person, and by all together (`…_in_all`). A
/// number that is unset is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkLimits {
    /// Rooms that redemptions join, or try to join.
    pub rooms_entered: Option<u32>,
    /// Rooms that redemptions join or try to join, in all.
    pub rooms_entered_in_all: Option<u32>,
    /// Direct chats that redemptions create.
    pub chats_made: Option<u32>,
    /// Direct chats that redemptions create, in all.
    pub chats_made_in_all: Option<u32>,
    /// Invites made or changed.
    pub invites_saved: Option<u32>,
    /// Invites made or changed, in all.
    pub invites_saved_in_all: Option<u32>,
    /// Codes that members choose for new invites.
    pub codes_chosen: Option<u32>,
    /// Codes that members choose for new invites, in all.
    pub codes_chosen_in_all: Option<u32>,
    /// Rooms for which the homeserver is asked what somebody may do there.
    pub room_lookups: Option<u32>,
    /// Rooms for which the homeserver is asked what somebody may do there, in all.
    pub room_lookups_in_all: Option<u32>,
    /// Redemptions that achieve nothing new.
    pub redemptions_in_vain: Option<u32>,
    /// Share links made.
    pub links_shared: Option<u32>,
    /// Share links made, in all.
    pub links_shared_in_all: Option<u32>,
}

impl Default for WorkLimits {
    fn default() -> Self {
        Self {
            rooms_entered: Some(1_000),
            rooms_entered_in_all: Some(100_000),
            chats_made: Some(60),
            chats_made_in_all: Some(10_000),
            invites_saved: Some(1_000),
            invites_saved_in_all: Some(50_000),
            codes_chosen: Some(100),
            codes_chosen_in_all: Some(5_000),
            room_lookups: Some(10_000),
            room_lookups_in_all: Some(500_000),
            redemptions_in_vain: Some(20),
            links_shared: Some(300),
            links_shared_in_all: Some(20_000),
        }
    }
}

/// How many attempts to create accounts on the pages of invites are allowed within an hour. The homeserver has limits
/// of its own (Synapse, `rc_registration`). A number that is unset is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountLimits {
    /// Per client address; for IPv6, per /64 network.
    pub per_address: Option<u32>,
    /// Per code.
    pub per_code: Option<u32>,
    /// Look-ups of user names per client address.
    pub lookups_per_address: Option<u32>,
}

impl Default for AccountLimits {
    fn default() -> Self {
        // Everybody at a meeting may share one address.
        Self { per_address: Some(300), per_code: Some(1_000), lookups_per_address: Some(3_000) }
    }
}

/// How many look-ups of chosen codes may fail within a minute. People who are signed in and only use codes that work
/// never meet these limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailedLookups {
    /// Per person.
    pub per_user: Option<u32>,
    /// Per client address; for IPv6, per /64 network.
    pub per_address: Option<u32>,
    /// In all.
    pub in_all: Option<u32>,
}

impl Default for FailedLookups {
    fn default() -> Self {
        Self { per_user: Some(10), per_address: Some(30), in_all: Some(300) }
    }
}
