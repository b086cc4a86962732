//! Finding the access token of a request, and Synapse's errors if there is none.

use app::Error as Refusal;
use http::{HeaderMap, StatusCode, header};

use super::{query::Query, reply::Reply};

/// The token of a request: in its header (Client-Server API, "Using access tokens") or, as Synapse still takes it, its query.
pub(super) fn find(headers: &HeaderMap, query: &Query) -> Result<String, Reply> {
    let missing = |text: &str| Reply::error(StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN", text);
    let in_query = query.first("access_token");
    let mut in_header = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (in_header.next(), in_query) {
        (None, None) => return Err(missing("Missing access token")),
        (Some(_), Some(_)) => {
            return Err(missing("Mixing Authorization headers and access_token query parameters."));
        }
        (Some(_), None) if in_header.next().is_some() => return Err(missing("Too many Authorization headers.")),
        (Some(value), None) => match value.to_str().unwrap_or_default().split_once(' ') {
            Some(("Bearer", token)) if !token.is_empty() && !token.contains(' ') => token.to_owned(),
            _ => return Err(missing("Invalid Authorization header.")),
        },
        (None, Some(bytes)) => String::from_utf8(bytes).unwrap_or_default(),
    };
    // Nothing else is an access token, nor can it be sent on in an `Authorization` header.
    match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(token),
        false => Err(Refusal::SignedOut { soft: false }.into()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(authorization: &[&[u8]], query: &str) -> Result<String, (u16, String)> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value).expect("a legal header"));
        }
        find(&headers, &Query::parse(query)).map_err(|reply| (reply.status().as_u16(), reply.text()))
    }

    #[test]
    fn the_token_is_taken_where_synapse_takes_it() {
        assert_eq!(with(&[b"Bearer abc"], ""), Ok("abc".into()));
        assert_eq!(with(&[], "access_token=abc&token=x"), Ok("abc".into()));
        for (authorization, query, text) in [
            (&[][..], "", "Missing access token"),
            (&[&b"Basic abc"[..]], "", "Invalid Authorization header."),
            (&[&b"bearer abc"[..]], "", "Invalid Authorization header."),
            (&[&b"Bearer"[..]], "", "Invalid Authorization header."),
            (&[&b"Bearer  abc"[..]], "", "Invalid Authorization header."),
            (&[&b"Bearer \xc3\xa4"[..]], "", "Invalid Authorization header."),
            (&[&b"Bearer a"[..], &b"Bearer b"[..]], "", "Too many Authorization headers."),
            (&[&b"Bearer a"[..]], "access_token=b", "Mixing Authorization headers and access_token query parameters."),
            (&[], "access_token=", "Invalid access token passed."),
            (&[], "access_token=a%0Ab", "Invalid access token passed."),
            (&[], "access_token=%ff", "Invalid access token passed."),
        ] {
            assert_eq!(with(authorization, query), Err((401, text.to_owned())));
        }
    }
}
