//! Room aliases, which the Python module stored in place of room ids.

use matrix_sdk::ruma::OwnedRoomAliasId;

use crate::{error::Result, homeserver::Rooms, store::Invites};

/// Replaces aliases with room ids. Cheap to clone.
#[derive(Clone)]
pub(super) struct Aliases {
    pub(super) invites: Invites,
    pub(super) rooms: Rooms,
}

impl Aliases {
    /// Tries once to resolve every alias that the module stored; returns whether the homeserver gave an answer for all.
    pub(super) async fn resolve_all_aliases(&self) -> Result<bool> {
        let mut told = true;
        for (code, alias) in self.invites.aliases().await? {
            told &= self.resolve_alias(&code, &alias).await?.is_some();
        }
        Ok(told)
    }

    /// Replaces those of an invite's aliases that the homeserver can resolve now; returns whether there were any.
    pub(super) async fn resolve_aliases(&self, code: &str, rooms: &[String]) -> Result<bool> {
        let mut resolved = false;
        for alias in rooms {
            // An alias that the homeserver cannot be asked about now is left for the next redemption.
            resolved |= self.resolve_alias(code, alias).await? == Some(true);
        }
        Ok(resolved)
    }

    /// Whether it was an alias that could be resolved; `None` if the homeserver does not answer now.
    async fn resolve_alias(&self, code: &str, alias: &str) -> Result<Option<bool>> {
        let Ok(named) = OwnedRoomAliasId::try_from(alias) else { return Ok(Some(false)) };
        match self.rooms.resolve(named).await {
            Ok(Some(room)) => {
                self.invites.resolve_alias(code, alias, room.as_str()).await?;
                Ok(Some(true))
            }
            Ok(None) => Ok(Some(false)),
            Err(error) => {
                tracing::debug!(%error, "an alias has to wait");
                Ok(None)
            }
        }
    }
}
