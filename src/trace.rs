//! The trace of a request: an identifier that the log, the response and the homeserver are told (W3C, "Trace Context",
//! level 1).
//!
//! It belongs to the task that handles the request; [`carried`] passes it on to other tasks, so that what is logged and
//! asked there carries it as well.

use std::future::Future;

use http::{HeaderMap, HeaderValue};
use tracing::{Instrument, Span};

use crate::chance::{Chance, NoChance};

/// The header in which a trace is passed on.
pub const TRACEPARENT: &str = "traceparent";

/// The header of a response with its [`Trace::id`].
pub const REQUEST_ID: &str = "x-request-id";

tokio::task_local! {
    static CURRENT: Option<Trace>;
}

/// The trace of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: u128,
    /// The identifier of what this service does in the trace.
    part: u64,
    sampled: bool,
}

impl Trace {
    /// The trace that a request belongs to, according to its headers, or a new one.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn of(headers: &HeaderMap, chance: &Chance) -> Result<Self, NoChance> {
        let mut sent = headers.get_all(TRACEPARENT).iter();
        let sent = match (sent.next(), sent.next()) {
            (Some(only), None) => only.to_str().ok().and_then(parse),
            _ => None,
        };
        let (id, sampled) = match sent {
            Some(sent) => sent,
            None => (u128::from_be_bytes(chance.bytes()?), false),
        };
        Ok(Self { id, part: u64::from_be_bytes(chance.bytes()?), sampled })
    }

    /// The trace of the current task, if it has one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|trace| *trace).ok().flatten()
    }

    /// The trace's identifier, in 32 hexadecimal digits: the identifier of the request.
    pub fn id(self) -> String {
        format!("{:032x}", self.id)
    }

    /// The value of [`TRACEPARENT`] for requests that are part of this trace.
    pub fn header(self) -> Option<HeaderValue> {
        let Self { id, part, sampled } = self;
        HeaderValue::from_str(&format!("00-{id:032x}-{part:016x}-{:02x}", u8::from(sampled))).ok()
    }
}

/// Does work that belongs to a trace.
pub fn within<F: Future>(trace: Option<Trace>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(trace, work)
}

/// Work for another task that belongs to the trace, and to the span of the log, of this one.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(Trace::current(), work).instrument(Span::current())
}

/// The identifier of a trace, and whether somebody records it; `None` unless the text is exactly as the specification
/// has it. A later version may append fields.
fn parse(text: &str) -> Option<(u128, bool)> {
    let mut fields = text.split('-');
    let mut field = |digits| hexadecimal(fields.next()?, digits);
    let (version, id, parent, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let (is_allowed, is_longer) = (version != 0xff && id != 0 && parent != 0, fields.next().is_some());
    (is_allowed && !(version == 0 && is_longer)).then_some((id, flags & 1 == 1))
}

fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_right = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_right { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(sent: &[&str]) -> Trace {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(TRACEPARENT, value.parse().expect("a legal header"));
        }
        let chance = Chance::new(|bytes| {
            bytes.fill(7);
            Ok(())
        });
        Trace::of(&headers, &chance).expect("there are random numbers")
    }

    #[test]
    fn a_trace_goes_on_with_a_part_of_our_own() {
        let trace = of(&[&format!("00-{ID}-00f067aa0ba902b7-01")]);
        assert_eq!(trace.id(), ID);
        assert_eq!(trace.header().expect("a header"), format!("00-{ID}-0707070707070707-01").as_str());
        // Of the flags only the known one is passed on, and of a later version only what is known of it.
        for sent in [format!("00-{ID}-00f067aa0ba902b7-ff"), format!("cc-{ID}-00f067aa0ba902b7-01-more")] {
            assert_eq!(of(&[&sent]), trace, "{sent}");
        }
    }

    #[test]
    fn what_is_no_trace_is_replaced() {
        let new = "07".repeat(16);
        assert_eq!(of(&[]).id(), new);
        assert_eq!(of(&[]).header().expect("a header"), format!("00-{new}-0707070707070707-00").as_str());
        let valid = format!("00-{ID}-00f067aa0ba902b7-01");
        for sent in [
            "",
            "abc",
            &valid.to_uppercase(),
            &format!("{valid}-more"),
            &format!("{valid}-"),
            &format!(" {valid}x"),
            &format!("ff-{ID}-00f067aa0ba902b7-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{ID}-0000000000000000-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "+".repeat(32)),
            &format!("00-{ID}x-00f067aa0ba902b7-01"),
            &"0".repeat(10_000),
        ] {
            assert_eq!(of(&[sent]).id(), new, "{sent}");
        }
        assert_eq!(of(&[&valid, &valid]).id(), new, "two of them");
    }

    #[tokio::test]
    async fn another_task_belongs_to_the_same_trace() {
        let trace = of(&[]);
        let found = within(Some(trace), async {
            let bare = tokio::spawn(async { Trace::current() }).await.expect("it ends");
            (bare, tokio::spawn(carried(async { Trace::current() })).await.expect("it ends"))
        });
        assert_eq!(found.await, (None, Some(trace)));
        assert_eq!(Trace::current(), None);
    }
}
