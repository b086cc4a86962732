//! Aliases of rooms, which the Python module kept in the place of ids.

use matrix_sdk::ruma::OwnedRoomAliasId;

use crate::{error::Result, homeserver::Rooms, store::Invites};

/// Puts ids in the place of aliases. Cheap to clone.
#[derive(Clone)]
pub(super) struct Aliases {
    pub(super) invites: Invites,
    pub(super) rooms: Rooms,
}

impl Aliases {
    /// Asks the homeserver once about every alias that the module kept; whether it has told.
    pub(super) async fn resolve_all_aliases(&self) -> Result<bool> {
        let mut told = true;
        for (code, alias) in self.invites.aliases().await? {
            told &= self.resolve_alias(&code, &alias).await?.is_some();
        }
        Ok(told)
    }

    /// Puts the ids of rooms in the place of aliases which the module kept, as far as the homeserver knows them now; whether there were any.
    pub(super) async fn resolve_aliases(&self, code: &str, rooms: &[String]) -> Result<bool> {
        let mut resolved = false;
        for alias in rooms {
            // One that cannot be asked about now is asked about by the next who redeems.
            resolved |= self.resolve_alias(code, alias).await? == Some(true);
        }
        Ok(resolved)
    }

    /// Whether it was an alias that the homeserver knows; nothing if it does not say now.
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
