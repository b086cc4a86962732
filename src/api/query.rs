//! Query parameters as bytes: invalid UTF-8 has to be told apart, and a parameter without a value counts as missing.

use std::str::FromStr;

use percent_encoding::percent_decode;

use super::reply::Reply;

pub(super) struct Query(Vec<(Vec<u8>, Vec<u8>)>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    /// The first value of a parameter, if there is one.
    pub(super) fn first(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.0.iter().find(|(found, _)| found == name.as_bytes());
        found.map(|(_, value)| value.clone())
    }

    /// The code in the parameter `token`, which may also be a whole link, as a camera reads it.
    pub(super) fn code(&self) -> Result<Option<String>, Reply> {
        let Some(bytes) = self.first("token") else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(app::code_in(&text).into_owned())),
            Err(_) => Err(not_ascii()),
        }
    }

    /// Whether there is a code that is not ASCII.
    pub(super) fn has_odd_code(&self) -> bool {
        self.first("token").is_some_and(|bytes| !bytes.is_ascii())
    }

    /// The first value of a parameter as text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Reply> {
        let Some(bytes) = self.first(name) else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(Some(text)),
            _ => Err(Reply::invalid_param(format!("The query parameter '{name}' must be a text."))),
        }
    }

    /// The first value of a parameter as a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Reply> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Reply::invalid_param(format!("The query parameter '{name}' must be a number."))),
        }
    }
}

fn decode(text: &str) -> Vec<u8> {
    percent_decode(text.replace('+', " ").as_bytes()).collect()
}

/// The response for a code that is not ASCII, once a look-up has found no such invite: the Python module has made some.
pub(super) fn not_ascii() -> Reply {
    Reply::invalid_param("The query parameter 'token' must be plain ASCII.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Result<Option<String>, u16> {
        Query::parse(query).code().map_err(|reply| reply.status().as_u16())
    }

    #[test]
    fn a_code_is_read_like_synapse_reads_it() {
        let found = |code: &str| Ok(Some(code.to_owned()));
        assert_eq!(code(""), Ok(None));
        assert_eq!(code("token"), Ok(None));
        assert_eq!(code("token="), found(""));
        assert_eq!(code("token=a&token=b"), found("a"));
        assert_eq!(code("x=1&%74oken=a%2Eb"), found("a.b"));
        assert_eq!(code("token=acter%3Ai%2Fexample.org%2Fabc%3FuserId%3Dx"), found("abc"));
        assert_eq!(code("token=%c3%a4"), found("ä"), "the Python module has made such codes");
        assert!(Query::parse("token=%c3%a4").has_odd_code() && !Query::parse("token=a").has_odd_code());
        assert_eq!(code("token=%ff"), Err(400));
    }
}
