//! Plural forms (GNU gettext manual, "Plural forms"): an expression in C says which form belongs to a number.

use std::iter::Peekable;

/// The numbers for which a form is noted: above, all languages look at the last two digits only.
const NOTED: std::ops::Range<u32> = 0..200;

/// The most forms of a language. No language is known to have more than six.
const MOST_FORMS: u32 = 10;

/// The longest expression, in bytes. It bounds how deep one is nested.
const LONGEST: usize = 1000;

/// What is wrong with a header.
const WRONG: &str = "Plural-Forms has to be such as: nplurals=2; plural=(n != 1);";

/// The form of each number, as in [`Catalogue::forms`](app::words::Catalogue::forms), from the value of the header
/// `Plural-Forms`.
///
/// # Errors
/// If it cannot be read, or names a form that it says does not exist.
pub(super) fn forms(header: &str) -> Result<String, &'static str> {
    let mut parts = header.split(';').map(str::trim);
    let value = |part: Option<&str>, name: &str| -> Option<String> {
        let (found, value) = part?.split_once('=')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    };
    let number: u32 = value(parts.next(), "nplurals").and_then(|number| number.parse().ok()).ok_or(WRONG)?;
    let expression = value(parts.next(), "plural").filter(|text| text.len() <= LONGEST).ok_or(WRONG)?;
    let expression = Expression::parse(&expression).ok_or(WRONG)?;
    let form = |n| expression.value(n).filter(|form| *form < number.min(MOST_FORMS));
    let digit = |n| form(n).and_then(|form| char::from_digit(form, 10));
    NOTED.map(digit).collect::<Option<String>>().ok_or(WRONG)
}

/// An expression over `n`. True is 1 and false is 0.
enum Expression {
    N,
    Number(u32),
    Not(Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    N,
    Number(u32),
    Sign(&'static str),
}

/// The signs, the longer of two with the same beginning first.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "("];

/// The operators with two sides, from those that bind least to those that bind most.
const LEVELS: [&[&str]; 6] = [&["||"], &["&&"], &["==", "!="], &["<", ">", "<=", ">="], &["+", "-"], &["*", "/", "%"]];

fn tokens(mut text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    loop {
        text = text.trim_start();
        let Some(first) = text.chars().next() else { return Some(tokens) };
        let (token, length) = if first == 'n' {
            (Token::N, 1)
        } else if first.is_ascii_digit() {
            let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            (Token::Number(text.get(..length)?.parse().ok()?), length)
        } else {
            let sign = SIGNS.into_iter().chain([")"]).find(|sign| text.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        text = text.get(length..)?;
    }
}

impl Expression {
    fn parse(text: &str) -> Option<Self> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let whole = Self::choice(&mut tokens)?;
        tokens.next().is_none().then_some(whole)
    }

    fn choice(tokens: &mut Peekable<impl Iterator<Item = Token>>) -> Option<Self> {
        let condition = Self::binary(tokens, &LEVELS)?;
        if tokens.next_if_eq(&Token::Sign("?")).is_none() {
            return Some(condition);
        }
        let then = Self::choice(tokens)?;
        tokens.next_if_eq(&Token::Sign(":"))?;
        Some(Self::Choice(condition.into(), then.into(), Self::choice(tokens)?.into()))
    }

    fn binary(tokens: &mut Peekable<impl Iterator<Item = Token>>, levels: &[&[&'static str]]) -> Option<Self> {
        let Some((operators, tighter)) = levels.split_first() else { return Self::unary(tokens) };
        let mut left = Self::binary(tokens, tighter)?;
        let is_operator = |token: &Token| matches!(token, Token::Sign(sign) if operators.contains(sign));
        while let Some(Token::Sign(operator)) = tokens.next_if(is_operator) {
            left = Self::Binary(operator, left.into(), Self::binary(tokens, tighter)?.into());
        }
        Some(left)
    }

    fn unary(tokens: &mut Peekable<impl Iterator<Item = Token>>) -> Option<Self> {
        match tokens.next()? {
            Token::N => Some(Self::N),
            Token::Number(number) => Some(Self::Number(number)),
            Token::Sign("!") => Some(Self::Not(Self::unary(tokens)?.into())),
            Token::Sign("(") => {
                let inside = Self::choice(tokens)?;
                tokens.next_if_eq(&Token::Sign(")"))?;
                Some(inside)
            }
            Token::Sign(_) => None,
        }
    }

    /// Its value; nothing if it divides by zero, or leaves the range of numbers.
    fn value(&self, n: u32) -> Option<u32> {
        match self {
            Self::N => Some(n),
            Self::Number(number) => Some(*number),
            Self::Not(inside) => Some((inside.value(n)? == 0).into()),
            Self::Choice(condition, then, otherwise) => match condition.value(n)? {
                0 => otherwise.value(n),
                _ => then.value(n),
            },
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.value(n)?, right.value(n)?);
                match *operator {
                    "||" => Some((left != 0 || right != 0).into()),
                    "&&" => Some((left != 0 && right != 0).into()),
                    "==" => Some((left == right).into()),
                    "!=" => Some((left != right).into()),
                    "<" => Some((left < right).into()),
                    ">" => Some((left > right).into()),
                    "<=" => Some((left <= right).into()),
                    ">=" => Some((left >= right).into()),
                    "+" => left.checked_add(right),
                    "-" => left.checked_sub(right),
                    "*" => left.checked_mul(right),
                    "/" => left.checked_div(right),
                    _ => left.checked_rem(right),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_form() {
        let arabic =
            "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;";
        let polish = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);";
        for (header, numbers) in [
            ("nplurals=2; plural=(n != 1);", &[(0, '1'), (1, '0'), (2, '1'), (101, '1')][..]),
            ("nplurals=2; plural=(n > 1)", &[(0, '0'), (1, '0'), (2, '1')]),
            ("nplurals=1; plural=0;", &[(0, '0'), (1, '0'), (199, '0')]),
            (
                arabic,
                &[(0, '0'), (1, '1'), (2, '2'), (3, '3'), (10, '3'), (11, '4'), (99, '4'), (100, '5'), (103, '3')],
            ),
            (polish, &[(1, '0'), (2, '1'), (5, '2'), (12, '2'), (22, '1'), (112, '2'), (122, '1'), (100, '2')]),
            ("nplurals=2; plural=!(n == 1)", &[(1, '0'), (2, '1')]),
            ("nplurals=3; plural=n*2/4%3", &[(0, '0'), (2, '1'), (5, '2'), (6, '0')]),
        ] {
            let forms = forms(header).expect("it is right");
            assert_eq!(forms.len(), 200);
            for (number, form) in numbers {
                assert_eq!(forms.chars().nth(*number), Some(*form), "{header}: {number}");
            }
        }
    }

    #[test]
    fn what_is_no_such_expression_is_refused() {
        let deep = format!("nplurals=1; plural={}0{};", "(".repeat(100_000), ")".repeat(100_000));
        for header in [
            "",
            "nplurals=2",
            "plural=0; nplurals=1",
            "nplurals=2; plural=",
            "nplurals=2; plural=m != 1",
            "nplurals=2; plural=(n != 1",
            "nplurals=2; plural=n ? 1",
            "nplurals=2; plural=n n",
            "nplurals=2; plural=2",
            "nplurals=20; plural=n%20",
            "nplurals=2; plural=1/n",
            "nplurals=2; plural=99999999999",
            &deep,
        ] {
            assert_eq!(forms(header), Err(WRONG), "{header}");
        }
    }
}
