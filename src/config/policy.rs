//! What invites may do on this server.

use matrix_sdk::ruma::OwnedUserId;
use serde::Deserialize;

/// What an operator allows. Everything that is unset has no bound.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Who may make invites. Server admins always may.
    pub create: Creators,
    /// The most people that one invite may let in.
    pub max_uses: Option<u32>,
    /// For how many days after it was made an invite may be open.
    pub max_days: Option<u32>,
    /// How many people an invite lets in whose owner does not say.
    pub default_uses: Option<u32>,
    /// For how many days an invite is open whose owner does not say.
    pub default_days: Option<u32>,
    /// How many open invites one person may have.
    pub open_invites: Option<u32>,
    /// How many invites one person may make in 24 hours.
    pub creations_per_day: Option<u32>,
    /// How many days old an account must be to make invites, where the homeserver tells it.
    pub account_age_days: Option<u32>,
    /// Whether people may choose codes.
    pub chosen_codes: bool,
    /// The fewest characters of a chosen code.
    pub shortest_chosen_code: usize,
    /// How many accounts a chosen code may open.
    pub chosen_code_accounts: Option<u32>,
    /// For how many days after it was made a chosen code may open accounts.
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
            open_invites: None,
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected `everyone`, `admins` or a list of user ids")]
pub enum Creators {
    /// All, or server admins only.
    Word(CreatorsWord),
    /// These, and server admins.
    Users(Vec<OwnedUserId>),
}

/// Who may make invites, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreatorsWord {
    /// Whoever has an account.
    Everyone,
    /// Server admins.
    Admins,
}

/// How many look-ups of codes may fail in a minute. Whoever only uses codes that work never meets these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailedLookups {
    /// Of one person.
    pub per_user: Option<u32>,
    /// From one address; for IPv6 from one /64 network.
    pub per_address: Option<u32>,
    /// Of all together.
    pub in_all: Option<u32>,
}

impl Default for FailedLookups {
    fn default() -> Self {
        Self { per_user: Some(10), per_address: Some(30), in_all: Some(300) }
    }
}
