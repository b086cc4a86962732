//! Error messages.

use super::{count, field};
use crate::{Error, PasswordRule, Problem, RoomProblem, RoomRefusal, Rule, t};

/// The service is about to stop.
pub const STOPPING: &str = "The service is being restarted. Please try again in a moment.";

/// A request did not arrive in time.
pub const TOO_SLOW: &str = "The request took too long to arrive.";

/// A response was not ready in time.
pub const TOO_LONG: &str = "This took too long. Please try again in a moment.";

/// The homeserver, or this service, cannot be reached.
pub fn unreachable() -> &'static str {
    t!("The homeserver does not answer right now. Nothing is lost: please try again in a moment.")
}

/// The page is of another version.
pub fn outdated() -> &'static str {
    t!("This page is too old. Please reload it.")
}

/// An internal failure.
pub fn broken() -> &'static str {
    t!("Something went wrong here. It has been noted; please try again later.")
}

/// Signing in failed, for an unspecified reason.
pub fn sign_in_failed() -> &'static str {
    t!("Signing in did not work, or took too long. Please try again.")
}

/// An account is locked.
pub fn locked() -> &'static str {
    t!("This account has been locked.")
}

/// An account is deactivated.
pub fn deactivated() -> &'static str {
    t!("This account has been deactivated.")
}

/// The message for an error: a sentence or two.
pub fn error(error: &Error) -> String {
    let words = match error {
        Error::SignedOut { .. } => t!("You’ve been signed out."),
        Error::Locked => locked(),
        Error::Guest => "Guests cannot use invites.",
        Error::Suspended => "This account is suspended, so it can neither create invites nor join with them.",
        Error::Deactivated => deactivated(),
        Error::WrongPassword => t!("Wrong user name or password."),
        Error::WrongServer { server, here } => {
            return format!("Accounts of {server} cannot sign in here, only those of {here}.");
        }
        Error::SignInFailed => sign_in_failed(),
        Error::TooFast { retry_after } => {
            return format!("Too many attempts. Please try again in {}.", duration(*retry_after));
        }
        Error::TooManyGuesses { retry_after } => {
            return format!(
                "Too many wrong codes have been tried. Sign in to open this one, or try again in {}.",
                duration(*retry_after)
            );
        }
        Error::UnknownInvite => t!("There is no such invite."),
        Error::Ended => t!("This invite has ended. Please ask for a new one."),
        Error::OwnerGone => "The person who created this invite can no longer invite people. Please ask for a new one.",
        Error::NotYours => "This invite belongs to somebody else.",
        Error::OwnInvite => "You cannot join with your own invite.",
        Error::AlreadyRedeemed => t!("You have joined with this invite already."),
        Error::CodeSpent { code } => {
            return format!("The code “{code}” was deleted and cannot be used again. Please choose another one.");
        }
        Error::Invalid { field: name, problem } => return invalid(field(*name), problem),
        Error::RoomsRefused(rooms) => return format!("You cannot invite people to {}.", refused(rooms)),
        Error::RoomAdminsOnly => "Only the admins of this room may see which invites lead into it.",
        Error::ServerAdminsOnly => "Only server admins may do this.",
        Error::Forbidden(rule) => {
            return format!("{} (This server’s rule: {}.)", self::rule(*rule), rule.key());
        }
        Error::NoAccountWithIt => {
            "No more accounts can be created with this invite. If you have an account, sign in to join; or ask for a new invite."
        }
        Error::NoNewAccounts => {
            "This server does not let people create accounts here at the moment. If you have an account, sign in to join."
        }
        Error::OneMoreStep { .. } => "Almost there: this server asks for one more step, on a page of its own.",
        Error::EndedMeanwhile { user_id } => {
            return format!(
                "Your account {user_id} was created, and you are signed in. But the invite has ended in the meantime: please ask for a new one."
            );
        }
        Error::StillSignedIn => {
            "The homeserver does not answer, so you are still signed in. Please try again in a moment."
        }
        Error::Unreachable { .. } => unreachable(),
        Error::Outdated => outdated(),
        Error::Internal => broken(),
    };
    words.to_owned()
}

/// The message for a wrong value of the field with this name.
pub fn invalid(name: &str, problem: &Problem) -> String {
    format!("“{name}” {}.", self::problem(problem))
}

/// What is wrong with a value, and what is allowed: the rest of a sentence that begins with the field's name.
pub fn problem(problem: &Problem) -> String {
    let words = match problem {
        Problem::IllegalCode(longest) => {
            return format!(
                "must be 1 to {longest} characters long and may only contain the letters A to Z and a to z, digits, and the characters . _ ~ -"
            );
        }
        Problem::TakenCode => "cannot be used: it is taken, or was once. Please choose another one",
        Problem::OwnCode => "is one of your own invites already: choose another one, or edit that one",
        Problem::TooManyRooms(most) => return format!("may name at most {}", count(*most, "room")),
        Problem::NoRoom(text) => {
            return format!("names “{text}”, which is neither a room id (!…) nor an alias (#…:…)");
        }
        Problem::Nowhere => "are missing: choose at least one, or the chat with you",
        Problem::NoTime => "must be a date and a time",
        Problem::NoCount => "must be a whole number, 1 at least",
        Problem::Past => "lies in the past",
        Problem::BeforeBegin => "must be later than the beginning",
        Problem::NotOneLine(longest) => return format!("must be one line of at most {longest} characters"),
        Problem::TooLong(longest) => return format!("must be a text of at most {longest} characters"),
        Problem::TooMuch(most) => {
            return format!("is too long: its path and query may have {most} characters together");
        }
        Problem::OtherServer(server) => return format!("leads to an invite of {server}: please open it there"),
        Problem::Missing => "is missing",
        Problem::TakenName => "is taken: please choose another one",
        Problem::IllegalName => "may only contain the letters a to z, digits, and the characters . _ = - / +",
        Problem::RefusedName => "is not accepted by this server: please choose another one",
        Problem::NoEmail => "is not an email address",
        Problem::TakenEmail => "belongs to an account already: sign in with that, or use another address",
        Problem::RefusedEmail => "is not accepted by this server: please use another address",
        Problem::Unconfirmed => {
            "has to be confirmed: open the link in the message that was just sent to it, then send this form again"
        }
        Problem::EasyPassword => "is easy to guess: use several words, or a longer one",
        Problem::AgainstRule(rule) => match rule {
            PasswordRule::Longer => "is too short for this server",
            PasswordRule::Digit => "needs a digit on this server",
            PasswordRule::Uppercase => "needs a capital letter on this server",
            PasswordRule::Lowercase => "needs a small letter on this server",
            PasswordRule::Symbol => "needs a character that is neither a letter nor a digit on this server",
            PasswordRule::NoWord => "is a common word, which this server does not accept",
            PasswordRule::Stronger => "is too weak for this server",
        },
    };
    words.to_owned()
}

/// The message for a rule of the server.
pub fn rule(rule: Rule) -> String {
    match rule {
        Rule::Creators => "You can’t create invites here.".to_owned(),
        Rule::ChosenCodes => "Codes are chosen by the server: leave it empty.".to_owned(),
        Rule::ShortestChosenCode(fewest) => {
            format!("A custom code needs at least {}.", count(fewest, "character"))
        }
        Rule::AccountAge(days) => {
            format!("Your account must be {} old before you can create invites.", count(days, "day"))
        }
        Rule::MaxUses(most) => format!("An invite may let in at most {most} people."),
        Rule::MaxDays(days) => format!("An invite may be open for at most {}.", count(days, "day")),
        Rule::OpenInvites(most) => {
            format!("You may have {} at a time. End one that is not needed any more.", count(most, "open invite"))
        }
        Rule::CreationsPerDay(most) => {
            format!("You may create {} a day. Please try again tomorrow.", count(most, "invite"))
        }
    }
}

/// Says why an invite may not lead into a room.
pub fn room_problem(problem: RoomProblem) -> &'static str {
    match problem {
        RoomProblem::Unknown => "There is no such room.",
        RoomProblem::NotIn => "You are not in this room.",
        RoomProblem::MayNotInvite => "You can’t invite people here.",
        RoomProblem::Replaced => "This room was replaced by another one.",
        RoomProblem::Closed => "Nobody can join here through you any more.",
    }
}

fn refused(rooms: &[RoomRefusal]) -> String {
    let words = |refusal: &RoomRefusal| {
        let problem = room_problem(refusal.problem);
        format!("{} ({})", refusal.room, problem.trim_end_matches('.'))
    };
    rooms.iter().map(words).collect::<Vec<_>>().join(", ")
}

fn duration(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    #[test]
    fn an_error_at_a_field_calls_it_what_the_form_does() {
        let error = Error::Invalid { field: Field::ExpiresAt, problem: Problem::Past };
        assert_eq!(error.to_string(), "“Ends” lies in the past.");
    }

    #[test]
    fn a_rule_is_said_with_its_bound_and_its_name() {
        let error = Error::Forbidden(Rule::OpenInvites(1));
        assert_eq!(
            error.to_string(),
            "You may have 1 open invite at a time. End one that is not needed any more. \
             (This server’s rule: policy.open_invites.)"
        );
    }

    #[test]
    fn each_room_that_is_refused_is_named_with_its_problem() {
        let refusal = |room: &str, problem| RoomRefusal { room: room.to_owned(), problem };
        let error =
            Error::RoomsRefused(vec![refusal("!a:x", RoomProblem::NotIn), refusal("#b:x", RoomProblem::Unknown)]);
        assert_eq!(
            error.to_string(),
            "You cannot invite people to !a:x (You are not in this room), #b:x (There is no such room)."
        );
    }

    #[test]
    fn a_wait_is_told_in_whole_minutes_once_it_is_long() {
        let wait = |retry_after| Error::TooFast { retry_after }.to_string();
        assert_eq!(wait(1), "Too many attempts. Please try again in a second.");
        assert_eq!(wait(90), "Too many attempts. Please try again in 90 seconds.");
        assert_eq!(wait(91), "Too many attempts. Please try again in 2 minutes.");
    }
}
