//! The source of random numbers: a parameter like the clock, so that tests can decide them.

use std::sync::Arc;

use app::Code;

/// Fills a slice with random bytes.
type Source = dyn Fn(&mut [u8]) -> Result<(), NoChance> + Send + Sync;

/// The system has no random numbers to give.
pub use getrandom::Error as NoChance;

/// A source of random numbers that nobody can guess. Cheap to clone.
#[derive(Clone)]
pub struct Chance(Arc<Source>);

impl Chance {
    /// The operating system's source.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the chance that everybody else is given")]
        Self::new(getrandom::fill)
    }

    /// Any other source; the function fills the slice that it is given.
    pub fn new(source: impl Fn(&mut [u8]) -> Result<(), NoChance> + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// An array of random bytes.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], NoChance> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }

    /// An identifier of 64 random bits, in 16 hexadecimal digits.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn id(&self) -> Result<String, NoChance> {
        Ok(format!("{:016x}", u64::from_le_bytes(self.bytes()?)))
    }

    /// A new code: 128 random bits, which nobody can guess.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn code(&self) -> Result<Code, NoChance> {
        Code::generate(|bytes| (self.0)(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chance_decides_is_decided_by_its_source() {
        let chance = Chance::new(|bytes| {
            bytes.fill(7);
            Ok(())
        });
        assert_eq!(chance.id().as_deref(), Ok("0707070707070707"));
        assert_eq!(chance.code().map(String::from), Ok("h".repeat(26)));
    }

    #[test]
    fn two_draws_of_the_system_differ() {
        let chance = Chance::system();
        assert_ne!(chance.id(), chance.id());
    }
}
