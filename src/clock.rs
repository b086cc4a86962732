//! Where the time comes from.

use std::sync::Arc;

use crate::store::Millis;

/// Tells the time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// A day, in milliseconds.
pub(crate) const DAY: Millis = 86_400_000;
