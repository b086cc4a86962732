//! The encoding of requests and responses between the pages and the server.
//!
//! A request is the input of a server function, a response stays text until somebody reads it. Everything in between is
//! independent of their types, so that the browser's program contains it once and not once for every function.

use std::{convert::Infallible, fmt, future::Future, pin::Pin, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use bytes::Bytes;
use leptos::{
    prelude::is_browser,
    server_fn::{
        ContentType, Decodes, Encodes, Format, FormatType, ServerFn, client::Client, codec::Post, request::ClientReq,
        response::ClientRes,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{PREFIX, Result, Told, backend::here};

/// The media type of a form's body (URL Standard, "application/x-www-form-urlencoded").
const FORM: &str = "application/x-www-form-urlencoded";

/// The prefix of every encoded text: another version of the program encodes values differently.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " ");

/// Encodes a value as text: its fields in order (postcard), in Base64.
pub fn to_wire<T: Serialize>(value: &T) -> String {
    // The values are plain data, which always encodes.
    let bytes = postcard::to_allocvec(value).unwrap_or_default();
    VERSION.to_owned() + &BASE64_STANDARD_NO_PAD.encode(bytes)
}

/// Decodes what [`to_wire`] has encoded.
///
/// # Errors
/// If another version of the program, or a value of another type, was encoded.
pub fn from_wire<T: DeserializeOwned>(text: &str) -> Result<T, Told> {
    let bytes = text.strip_prefix(VERSION).and_then(|text| BASE64_STANDARD_NO_PAD.decode(text).ok());
    match postcard::take_from_bytes(&bytes.ok_or_else(Told::outdated)?) {
        // Left-over bytes mean that a larger value was encoded.
        Ok((value, [])) => Ok(value),
        _ => Err(Told::outdated()),
    }
}

/// The encoding of the server functions' responses, by [`to_wire`].
pub struct Wire;

impl ContentType for Wire {
    const CONTENT_TYPE: &'static str = "text/plain";
}

impl FormatType for Wire {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Wire {
    type Error = Infallible;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        Ok(to_wire(value).into())
    }
}

impl<T: DeserializeOwned> Decodes<T> for Wire {
    type Error = Told;

    fn decode(bytes: Bytes) -> Result<T, Told> {
        from_wire(str::from_utf8(&bytes).unwrap_or_default())
    }
}

/// The protocol of the server functions' responses.
pub(crate) type Text = Post<Wire>;

/// A server function's input, which knows the types of its output and error.
pub(crate) trait Question:
    ServerFn<Error = Told, Output: Serialize + DeserializeOwned, Client: Client<Told>> + Serialize + 'static
{
}

impl<Q> Question for Q where
    Q: ServerFn<Error = Told, Output: Serialize + DeserializeOwned, Client: Client<Told>> + Serialize + 'static
{
}

/// A pending response.
pub(crate) type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The server's response, not decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The encoded result.
    Given(String),
    /// An encoded [`Told`].
    Refused(String),
    /// The server could not be reached.
    Lost,
}

impl Answer {
    fn of<T: Serialize>(answer: &Result<T, Told>) -> Self {
        match answer {
            Ok(given) => Self::Given(to_wire(given)),
            Err(error) => Self::Refused(to_wire(error)),
        }
    }

    /// The error, if there is one.
    pub(crate) fn error(&self) -> Option<Told> {
        match self {
            Self::Given(_) => None,
            Self::Refused(error) => Some(from_wire(error).unwrap_or_else(|outdated| outdated)),
            Self::Lost => Some(Told::unreachable()),
        }
    }

    /// Decodes the result.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Told> {
        match (self, self.error()) {
            (_, Some(error)) => Err(error),
            (Self::Given(given), None) => from_wire(given),
            (_, None) => Err(Told::broken()),
        }
    }
}

/// The form in which it is embedded in the page for the browser: a character for its kind, then the text.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(text) => write!(f, "+{text}"),
            Self::Refused(text) => write!(f, "-{text}"),
            Self::Lost => Ok(()),
        }
    }
}

impl FromStr for Answer {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_at_checked(1) {
            Some(("+", text)) => Self::Given(text.to_owned()),
            Some(("-", text)) => Self::Refused(text.to_owned()),
            _ => Self::Lost,
        })
    }
}

/// The body of a request, as a form would send it.
pub(crate) fn body(question: &impl Question) -> String {
    serde_qs::to_string(question).unwrap_or_default()
}

/// Calls the server function: in the browser by sending `body`, on the server directly.
pub(crate) fn ask<Q: Question>(question: impl FnOnce() -> Q, body: String) -> Asked {
    if is_browser() {
        return send::<Q>(body);
    }
    let question = question();
    Box::pin(async move { Answer::of(&question.run_body().await) })
}

/// Sends a form's body to a server function, from the browser.
pub(crate) fn send<Q: Question>(body: String) -> Asked {
    Box::pin(fetch::<Q::Client>(Q::PATH, body))
}

async fn fetch<C: Client<Told>>(path: &'static str, body: String) -> Answer {
    // The answer stands on this page, whatever language another one has chosen meanwhile.
    let (path, language) = (path.strip_prefix(PREFIX).unwrap_or(path), crate::words::language().tag());
    let path = format!("{}{path}?{}={language}", here(), crate::words::PARAMETER);
    let asked = async {
        let request = C::Request::try_new_post(&path, FORM, Wire::CONTENT_TYPE, body)?;
        let response = C::send(request).await?;
        let status = response.status();
        Ok::<_, Told>((status, response.try_into_string().await?))
    };
    match asked.await {
        Ok((..400, text)) => Answer::Given(text),
        Ok((_, text)) => Answer::Refused(text),
        Err(_) => Answer::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Next, Progress, Step, StepState};

    #[test]
    fn an_answer_is_the_same_after_its_journey() {
        let error = Told::from(Error::CodeSpent { code: "a\"b".to_owned() });
        for (answer, read) in [
            (Answer::of(&Ok(vec![1_u32, 2])), Ok(vec![1, 2])),
            (Answer::of(&Err::<Vec<u32>, _>(error.clone())), Err(error)),
            (Answer::Given("0.0.0 AA".to_owned()), Err(Told::outdated())),
            (Answer::Given(VERSION.to_owned() + "!"), Err(Told::outdated())),
            (Answer::Refused("<html>".to_owned()), Err(Told::outdated())),
            (Answer::Lost, Err(Told::unreachable())),
        ] {
            let arrived: Answer = answer.to_string().parse().expect("it reads anything");
            assert_eq!(arrived, answer);
            assert_eq!(arrived.read::<Vec<u32>>(), read);
        }
        let step = Step { room: None, chat: true, state: StepState::Waiting };
        let progress = Progress { steps: vec![step], running: true, complete: false };
        assert_eq!(from_wire::<Next>(&to_wire(&progress)), Err(Told::outdated()), "one value is not taken for another");
    }

    /// Whatever can be read as such a value is the same after another journey.
    fn read_as<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(text: &str) {
        if let Ok(value) = from_wire::<T>(text) {
            assert_eq!(from_wire::<T>(&to_wire(&value)).ok().as_ref(), Some(&value), "{text}");
        }
    }

    #[test]
    fn fuzz_whatever_arrives_is_read_or_refused() {
        bolero::check!()
            .with_max_len(256)
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|bytes: &[u8]| {
                let text = VERSION.to_owned() + &BASE64_STANDARD_NO_PAD.encode(bytes);
                read_as::<Next>(&text);
                read_as::<Progress>(&text);
                read_as::<Told>(&text);
                read_as::<Vec<u32>>(&text);
                read_as::<crate::AuditPage>(&text);
                read_as::<crate::InviteDetail>(&text);
                read_as::<crate::InvitePage>(&text);
                read_as::<crate::Landing>(&text);
                let raw = String::from_utf8_lossy(bytes);
                read_as::<Next>(&raw);
                let arrived: Answer = raw.parse().expect("it reads anything");
                assert_eq!(arrived.to_string().parse(), Ok(arrived));
            });
    }
}
