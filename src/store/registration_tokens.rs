//! What is known of the homeserver's registration tokens, and which have to be looked after.

use super::{Millis, Pool, Result, in_transaction, on_pool};

/// What is known of the homeserver's registration token that has a code's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationToken {
    /// Nothing: none was asked for.
    None,
    /// There was none, and this service was about to make one.
    Making,
    /// This service made it.
    Ours,
    /// It was there before, and is not this service's to delete.
    Foreign,
    /// The invite is the Python module's, and so is the token, if there is one.
    Inherited,
}

impl RegistrationToken {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Making => "making",
            Self::Ours => "ours",
            Self::Foreign => "foreign",
            Self::Inherited => "inherited",
        }
    }

    pub(super) fn read(text: &str) -> Self {
        match text {
            "making" => Self::Making,
            "ours" => Self::Ours,
            "foreign" => Self::Foreign,
            "inherited" => Self::Inherited,
            _ => Self::None,
        }
    }

    /// Whether the homeserver has one.
    pub fn is_there(self) -> bool {
        matches!(self, Self::Ours | Self::Foreign)
    }

    /// Whether it ends with the invite.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Making | Self::Ours | Self::Inherited)
    }
}

/// What the registration tokens of invites shall be. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RegistrationTokens(pub(super) Pool);

impl RegistrationTokens {
    /// Notes what is known of the registration token of a code.
    pub async fn set(&self, code: &str, token: RegistrationToken) -> Result<()> {
        const SET: &str = "UPDATE invites SET registration_token = $2 WHERE code = $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(SET).bind(code).bind(token.as_str()).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes whether the module has left a registration token of this name: if so it is this service's, and the code goes on opening accounts.
    pub async fn settle_inheritance(&self, code: &str, is_there: bool) -> Result<()> {
        const SETTLE: &str = "UPDATE invites SET registration_token = $2, opens_accounts = opens_accounts OR $3
             WHERE code = $1 AND registration_token = 'inherited'";
        let token = if is_there { RegistrationToken::Ours } else { RegistrationToken::None };
        on_pool!(&self.0, |pool| {
            sqlx::query(SETTLE).bind(code).bind(token.as_str()).bind(is_there).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes how many accounts the registration token of a code has opened, which is about to be removed.
    pub async fn note_leaving(&self, code: &str, opened: u64) -> Result<()> {
        const LEAVING: &str = "UPDATE invites SET accounts_leaving = $2 WHERE code = $1";
        let opened = i64::try_from(opened).unwrap_or(i64::MAX);
        on_pool!(&self.0, |pool| {
            sqlx::query(LEAVING).bind(code).bind(opened).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes that the registration token of a code is gone; the accounts that it has opened go on counting.
    pub async fn forget(&self, code: &str) -> Result<()> {
        const FORGET: &str =
            "UPDATE invites SET registration_token = $2, accounts = accounts + accounts_leaving, accounts_leaving = 0
             WHERE code = $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(FORGET).bind(code).bind(RegistrationToken::None.as_str()).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes that the registration token was looked after, and when it is due again. If something has changed since it was `due`, it is due
    /// again at once: what was done may have been for what the invite wanted before.
    pub async fn settled(&self, code: &str, due: Option<Millis>, next: Option<Millis>, now: Millis) -> Result<()> {
        const SETTLED: &str = "UPDATE invites SET token_due = CASE
                WHEN token_due = $2 OR token_due IS NULL AND CAST($2 AS BIGINT) IS NULL THEN $3 ELSE $4 END
             WHERE code = $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(SETTLED).bind(code).bind(due).bind(next).bind(now).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Codes whose registration token has to be looked after, and at which nobody is at work, at most `most`.
    pub async fn due(&self, now: Millis, most: i64) -> Result<Vec<String>> {
        const DUE: &str = "SELECT code FROM invites WHERE token_due <= $1
                AND NOT EXISTS (SELECT 1 FROM leases WHERE name = 'token:' || code AND until > $1)
             ORDER BY token_due LIMIT $2";
        on_pool!(&self.0, |pool| sqlx::query_scalar(DUE).bind(now).bind(most).fetch_all(pool).await?)
    }

    /// Notes under which rules registration tokens are now; if those are others, all of them have to be looked after.
    pub async fn set_rules(&self, rules: &str, now: Millis) -> Result<()> {
        const NOTE: &str = "INSERT INTO keys (name, value) VALUES ('token rules', $1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE keys.value <> excluded.value";
        const DUE: &str = "UPDATE invites SET token_due = $1
             WHERE registration AND deleted_at IS NULL OR registration_token IN ('inherited', 'making', 'ours')";
        // The homeserver may let us look after them now, whatever it said the last time.
        const INHERITED: &str =
            "UPDATE invites SET token_due = $1 WHERE registration_token = 'inherited' AND token_due IS NULL";
        in_transaction!(&self.0, |tx| {
            let changed = sqlx::query(NOTE).bind(rules).execute(&mut *tx).await?;
            if changed.rows_affected() > 0 {
                sqlx::query(DUE).bind(now).execute(&mut *tx).await?;
            }
            sqlx::query(INHERITED).bind(now).execute(&mut *tx).await?;
        });
        Ok(())
    }
}
