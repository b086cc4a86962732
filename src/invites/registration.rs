//! The registration token that has an invite's code as its name.

use app::Registration;

use super::{Inner, Invites};
use crate::{error::Result, homeserver, store::RegistrationToken};

/// How many left-over tokens are looked after at once.
const SWEEP: i64 = 50;

impl Invites {
    /// Deletes the registration tokens of invites that ended while the homeserver did not answer. Meant to be called now and then.
    pub async fn sweep(&self) -> Result<()> {
        for code in self.0.store.registration_tokens_to_sweep(SWEEP).await? {
            self.0.unregister(&code).await?;
        }
        Ok(())
    }
}

impl Inner {
    /// Brings the registration token of a live invite to where its owner wants it, from what is known of it.
    pub(super) async fn register(&self, code: &str, wanted: bool, known: RegistrationToken) -> Result<Registration> {
        if !wanted {
            if known.is_ours() {
                self.unregister(code).await?;
            }
            return Ok(Registration::NotRequested);
        }
        if !self.rules.registration {
            return Ok(Registration::NotEnabled);
        }
        match self.ensure_registered(code, known).await? {
            Ok(registration) => Ok(registration),
            Err(error) => {
                tracing::warn!(%error, "an invite has no registration token");
                Ok(Registration::Unavailable)
            }
        }
    }

    async fn ensure_registered(
        &self,
        code: &str,
        known: RegistrationToken,
    ) -> Result<homeserver::Result<Registration>> {
        match self.homeserver.registration_token(code).await {
            Ok(Some(token)) => {
                if known == RegistrationToken::None {
                    self.store.set_registration_token(code, RegistrationToken::Foreign).await?;
                }
                Ok(Ok(match token.is_valid((self.clock)()) {
                    true => Registration::Open,
                    false => Registration::Closed,
                }))
            }
            Ok(None) => {
                // Said before it is done: if we die in between, the token is known to be ours and goes with the invite.
                self.store.set_registration_token(code, RegistrationToken::Making).await?;
                if let Err(error) = self.homeserver.create_registration_token(code).await {
                    return Ok(Err(error));
                }
                self.store.set_registration_token(code, RegistrationToken::Ours).await?;
                Ok(Ok(Registration::Open))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Deletes a registration token that this service made. If the homeserver does not do it, [`Invites::sweep`] will.
    pub(super) async fn unregister(&self, code: &str) -> Result<()> {
        match self.homeserver.delete_registration_token(code).await {
            Ok(()) => Ok(self.store.set_registration_token(code, RegistrationToken::None).await?),
            Err(error) => {
                tracing::warn!(%error, "a registration token outlives its invite for a while");
                Ok(())
            }
        }
    }
}
