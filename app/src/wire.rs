//! How questions and answers travel between the pages and the server.
//!
//! A question is a server function's input, an answer is text until somebody reads it. Whatever stands between the two knows nothing
//! of what is asked, so that the browser's program has it once and not once for every question.

use std::{convert::Infallible, fmt, future::Future, pin::Pin, str::FromStr};

use leptos::{
    prelude::is_browser,
    server_fn::{ServerFn, client::Client, request::ClientReq, response::ClientRes},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// What a form's body is called (URL Standard, "application/x-www-form-urlencoded").
const FORM: &str = "application/x-www-form-urlencoded";

/// The input of a server function.
pub(crate) trait Question:
    ServerFn<Error = Error, Output: Serialize + DeserializeOwned, Client: Client<Error>> + Serialize + 'static
{
}

impl<Q> Question for Q where
    Q: ServerFn<Error = Error, Output: Serialize + DeserializeOwned, Client: Client<Error>> + Serialize + 'static
{
}

/// An answer on its way.
pub(crate) type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What the server said, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What was asked for, in JSON.
    Given(String),
    /// An [`Error`], in JSON.
    Refused(String),
    /// The server could not be reached.
    Lost,
}

impl Answer {
    fn of<T: Serialize>(answer: &Result<T>) -> Self {
        match answer {
            Ok(given) => serde_json::to_string(given).map_or(Self::Lost, Self::Given),
            Err(error) => serde_json::to_string(error).map_or(Self::Lost, Self::Refused),
        }
    }

    /// Why there is nothing to read, if so.
    pub(crate) fn error(&self) -> Option<Error> {
        match self {
            Self::Given(_) => None,
            Self::Refused(error) => Some(serde_json::from_str(error).unwrap_or(Error::Internal)),
            Self::Lost => Some(Error::Unreachable { retry_after: 5 }),
        }
    }

    /// What was asked for.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        match (self, self.error()) {
            (_, Some(error)) => Err(error),
            (Self::Given(given), None) => serde_json::from_str(given).map_err(|_| Error::Internal),
            (_, None) => Err(Error::Internal),
        }
    }
}

/// As it stands in the page for the browser: one letter for what it is, then the JSON.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(json) => write!(f, "+{json}"),
            Self::Refused(json) => write!(f, "-{json}"),
            Self::Lost => Ok(()),
        }
    }
}

impl FromStr for Answer {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_at_checked(1) {
            Some(("+", json)) => Self::Given(json.to_owned()),
            Some(("-", json)) => Self::Refused(json.to_owned()),
            _ => Self::Lost,
        })
    }
}

/// The body of a question, as a form would send it.
pub(crate) fn body(question: &impl Question) -> String {
    serde_qs::to_string(question).unwrap_or_default()
}

/// Asks: from the browser by sending `body`, on the server by simply doing it.
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

async fn fetch<C: Client<Error>>(path: &'static str, body: String) -> Answer {
    let asked = async {
        let request = C::Request::try_new_post(path, FORM, "application/json", body)?;
        let response = C::send(request).await?;
        let status = response.status();
        Ok::<_, Error>((status, response.try_into_string().await?))
    };
    match asked.await {
        Ok((..400, json)) => Answer::Given(json),
        Ok((_, json)) => Answer::Refused(json),
        Err(_) => Answer::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_same_after_its_journey() {
        let error = Error::CodeSpent { code: "a\"b".to_owned() };
        for (answer, read) in [
            (Answer::of(&Ok(vec![1, 2])), Ok(vec![1, 2])),
            (Answer::of(&Err::<Vec<u32>, _>(error.clone())), Err(error)),
            (Answer::Given("[1".to_owned()), Err(Error::Internal)),
            (Answer::Refused("<html>".to_owned()), Err(Error::Internal)),
            (Answer::Lost, Err(Error::Unreachable { retry_after: 5 })),
        ] {
            let arrived: Answer = answer.to_string().parse().expect("it reads anything");
            assert_eq!(arrived, answer);
            assert_eq!(arrived.read::<Vec<u32>>(), read);
        }
    }
}
