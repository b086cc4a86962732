//! The source of the current time.

use std::sync::Arc;

use crate::store::Millis;

/// Returns the current time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// A day, in milliseconds.
pub(crate) const DAY: Millis = 86_400_000;
