//! The ready-made choices of the form for how long an invite lasts and for how many people it is.

use super::{Allowed, Edit, Field, Limits, Problem, utc_millis};
use crate::{Error, Result};

const DAY: i64 = 86_400_000;

/// For how many days it may last, by one press.
const DAYS: [u32; 3] = [1, 7, 30];

/// How many people it may be for, by one press.
const PLACES: [u32; 3] = [1, 10, 25];

/// What lasts as long as it is not changed, and what is for as many as come.
pub const WITHOUT_END: &str = "never";

/// What has a value of its own, which stands in a field.
pub const OWN: &str = "own";

/// The field that says for how many days, or one of the words.
pub const ENDS: &str = "form[ends]";

/// The field that says for how many people, or one of the words.
pub const FOR_HOW_MANY: &str = "form[places]";

impl Allowed {
    /// The choices for how long, as far as the server's rules allow them of an invite that is so old, in milliseconds, or new.
    pub fn lasts(&self, age: Option<i64>) -> Vec<String> {
        let days = u32::try_from(age.unwrap_or_default().max(0).div_euclid(DAY)).unwrap_or(u32::MAX);
        let begun = age.map_or(0, |_| days.saturating_add(1));
        choices(DAYS, self.max_days.map(|most| most.saturating_sub(begun)))
    }

    /// The choices for how many people, as far as the server's rules allow them.
    pub fn places(&self) -> Vec<String> {
        choices(PLACES, self.max_uses)
    }
}

fn choices(ready: [u32; 3], most: Option<u32>) -> Vec<String> {
    let fits = ready.into_iter().filter(|number| most.is_none_or(|most| *number <= most));
    let mut choices: Vec<String> = fits.map(|number| number.to_string()).collect();
    choices.extend(most.is_none().then(|| WITHOUT_END.to_owned()));
    choices.push(OWN.to_owned());
    choices
}

/// The choice that shows an end.
pub(super) fn end_of(limits: Limits) -> String {
    if limits.expires_at.is_some() { OWN } else { WITHOUT_END }.to_owned()
}

/// The ready-made choice that lasts as long as this, in milliseconds, if there is one. A form is read a moment before its invite is made.
pub(super) fn as_long(lasted: i64) -> Option<String> {
    let ready = DAYS.into_iter().find(|days| (lasted - DAY * i64::from(*days)).abs() < 60_000);
    ready.map(|days| days.to_string())
}

/// The choice that shows how many people it is for.
pub(super) fn places_of(limits: Limits) -> String {
    match limits.max_uses {
        None => WITHOUT_END.to_owned(),
        Some(most) if PLACES.contains(&most) => most.to_string(),
        Some(_) => OWN.to_owned(),
    }
}

/// The end that a choice means; `own` is the field for one of its own, and counts where nothing was chosen.
pub(super) fn end(choice: &str, own: &str, now: i64) -> Result<Edit<i64>> {
    let invalid = Error::Invalid { field: Field::ExpiresAt, problem: Problem::NoTime };
    Ok(Edit::Set(match (choice, own.trim()) {
        (WITHOUT_END, _) | ("" | OWN, "") => None,
        ("" | OWN, own) => Some(utc_millis(own).ok_or(invalid)?),
        (days, _) => Some(now + DAY * days.parse::<u32>().map(i64::from).map_err(|_| invalid)?),
    }))
}

/// The number of people that a choice means; `own` as above.
pub(super) fn places(choice: &str, own: &str) -> Result<Edit<u32>> {
    let number = match (choice, own.trim()) {
        (WITHOUT_END, _) | ("" | OWN, "") => return Ok(Edit::Set(None)),
        ("" | OWN, own) => own,
        (number, _) => number,
    };
    let invalid = Error::Invalid { field: Field::MaxUses, problem: Problem::NoCount };
    Ok(Edit::Set(Some(number.parse().ok().filter(|most| *most > 0).ok_or(invalid)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_forbids_is_no_choice() {
        let allowed = Allowed { max_days: Some(7), max_uses: None, ..Allowed::default() };
        assert_eq!(allowed.lasts(None), ["1", "7", "own"]);
        assert_eq!(allowed.lasts(Some(DAY / 2)), ["1", "own"], "it has begun");
        assert_eq!(allowed.places(), ["1", "10", "25", "never", "own"]);
    }

    #[test]
    fn a_choice_counts_before_what_stands_in_the_field() {
        assert_eq!(end("7", "2001-01-01T00:00", 1), Ok(Edit::Set(Some(7 * DAY + 1))));
        assert_eq!(end("never", "2001-01-01T00:00", 1), Ok(Edit::Set(None)));
        for choice in ["own", ""] {
            assert_eq!(end(choice, "1970-01-01T00:01", 1), Ok(Edit::Set(Some(60_000))));
            assert_eq!(places(choice, "3"), Ok(Edit::Set(Some(3))));
        }
        assert!(end("soon", "", 1).is_err() && end("own", "soon", 1).is_err());
        assert_eq!(places("25", "3"), Ok(Edit::Set(Some(25))));
        assert!(places("own", "0").is_err() && places("-1", "").is_err());
    }
}
