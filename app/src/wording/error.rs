//! Error messages.

use super::field;
use crate::{Error, PasswordRule, Problem, RoomProblem, RoomRefusal, Rule, t, tn};

/// The service is about to stop.
pub fn stopping() -> &'static str {
    t!("The service is being restarted. Please try again in a moment.")
}

/// A request did not arrive in time.
pub fn too_slow() -> &'static str {
    t!("The request took too long to arrive.")
}

/// A response was not ready in time.
pub fn too_long() -> &'static str {
    t!("This took too long. Please try again in a moment.")
}

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
        Error::Guest => t!("Guests cannot use invites."),
        Error::Suspended => t!("This account is suspended, so it can neither create invites nor join with them."),
        Error::Deactivated => deactivated(),
        Error::WrongPassword => t!("Wrong user name or password."),
        Error::WrongServer { server, here } => {
            return t!("Accounts of {server} cannot sign in here, only those of {here}.", server, here);
        }
        Error::SignInFailed => sign_in_failed(),
        Error::TooFast { retry_after } => {
            return t!("Too many attempts. Please try again {time}.", time = after(*retry_after));
        }
        Error::TooManyGuesses { retry_after } => {
            return t!(
                "Too many wrong codes have been tried. Sign in to open this one, or try again {time}.",
                time = after(*retry_after)
            );
        }
        Error::UnknownInvite => t!("There is no such invite."),
        Error::Ended => t!("This invite has ended. Please ask for a new one."),
        Error::OwnerGone => {
            t!("The person who created this invite can no longer invite people. Please ask for a new one.")
        }
        Error::NotYours => t!("This invite belongs to somebody else."),
        Error::OwnInvite => t!("You cannot join with your own invite."),
        Error::AlreadyRedeemed => t!("You have joined with this invite already."),
        Error::CodeSpent { code } => {
            return t!("The code “{code}” was deleted and cannot be used again. Please choose another one.", code);
        }
        Error::Invalid { field: name, problem } => return invalid(field(*name), problem),
        Error::RoomsRefused(rooms) => return t!("You cannot invite people to {rooms}.", rooms = refused(rooms)),
        Error::RoomAdminsOnly => t!("Only the admins of this room may see which invites lead into it."),
        Error::ServerAdminsOnly => t!("Only server admins may do this."),
        Error::Forbidden(rule) => {
            return t!("{problem} (This server’s rule: {rule}.)", problem = self::rule(*rule), rule = rule.key());
        }
        Error::NoAccountWithIt => no_account_with_it(),
        Error::NoNewAccounts => no_new_accounts(),
        Error::OneMoreStep { .. } => t!("Almost there: this server asks for one more step, on a page of its own."),
        Error::EndedMeanwhile { user_id } => {
            return t!(
                "Your account {user_id} was created, and you are signed in. But the invite has ended in the meantime: please ask for a new one.",
                user_id
            );
        }
        Error::StillSignedIn => {
            t!("The homeserver does not answer, so you are still signed in. Please try again in a moment.")
        }
        Error::Unreachable { .. } => unreachable(),
        Error::Outdated => outdated(),
        Error::Internal => broken(),
    };
    words.to_owned()
}

fn no_account_with_it() -> &'static str {
    t!(
        "No more accounts can be created with this invite. If you have an account, sign in to join; or ask for a new invite."
    )
}

fn no_new_accounts() -> &'static str {
    t!("This server does not let people create accounts here at the moment. If you have an account, sign in to join.")
}

/// The message for a wrong value of the field with this name: what is wrong with it, and what is allowed.
pub fn invalid(field: &str, problem: &Problem) -> String {
    match problem {
        Problem::IllegalCode(longest) => t!(
            "“{field}” must be 1 to {longest} characters long and may only contain the letters A to Z and a to z, digits, and the characters . _ ~ -.",
            field,
            longest
        ),
        Problem::TakenCode => {
            t!("“{field}” cannot be used: it is taken, or was once. Please choose another one.", field)
        }
        Problem::OwnCode => {
            t!("“{field}” is one of your own invites already: choose another one, or edit that one.", field)
        }
        Problem::TooManyRooms(most) => {
            tn!(*most, "“{field}” may name at most {n} room.", "“{field}” may name at most {n} rooms.", field)
        }
        Problem::NoRoom(text) => {
            t!("“{field}” names “{text}”, which is neither a room id (!…) nor an alias (#…:…).", field, text)
        }
        Problem::Nowhere => t!("“{field}” are missing: choose at least one, or the chat with you.", field),
        Problem::NoTime => t!("“{field}” must be a date and a time.", field),
        Problem::NoCount => t!("“{field}” must be a whole number, 1 at least.", field),
        Problem::Past => t!("“{field}” lies in the past.", field),
        Problem::BeforeBegin => t!("“{field}” must be later than the beginning.", field),
        Problem::NotOneLine(longest) => {
            t!("“{field}” must be one line of at most {longest} characters.", field, longest)
        }
        Problem::TooLong(longest) => t!("“{field}” must be a text of at most {longest} characters.", field, longest),
        Problem::TooMuch(most) => {
            t!("“{field}” is too long: its path and query may have {most} characters together.", field, most)
        }
        Problem::OtherServer(server) => {
            t!("“{field}” leads to an invite of {server}: please open it there.", field, server)
        }
        Problem::NotAmongRooms => t!("“{field}” has to be that of a room which you selected.", field),
        Problem::Missing => t!("“{field}” is missing.", field),
        Problem::TakenName => t!("“{field}” is taken: please choose another one.", field),
        Problem::IllegalName => {
            t!("“{field}” may only contain the letters a to z, digits, and the characters . _ = - / +.", field)
        }
        Problem::RefusedName => t!("“{field}” is not accepted by this server: please choose another one.", field),
        Problem::NoEmail => t!("“{field}” is not an email address.", field),
        Problem::TakenEmail => {
            t!("“{field}” belongs to an account already: sign in with that, or use another address.", field)
        }
        Problem::RefusedEmail => t!("“{field}” is not accepted by this server: please use another address.", field),
        Problem::Unconfirmed => t!(
            "“{field}” has to be confirmed: open the link in the message that was just sent to it, then send this form again.",
            field
        ),
        Problem::EasyPassword => t!("“{field}” is easy to guess: use several words, or a longer one.", field),
        Problem::AgainstRule(rule) => weak(field, *rule),
    }
}

/// The message for a password that violates a rule of the homeserver.
fn weak(field: &str, rule: PasswordRule) -> String {
    match rule {
        PasswordRule::Longer => t!("“{field}” is too short for this server.", field),
        PasswordRule::Digit => t!("“{field}” needs a digit on this server.", field),
        PasswordRule::Uppercase => t!("“{field}” needs a capital letter on this server.", field),
        PasswordRule::Lowercase => t!("“{field}” needs a small letter on this server.", field),
        PasswordRule::Symbol => {
            t!("“{field}” needs a character that is neither a letter nor a digit on this server.", field)
        }
        PasswordRule::NoWord => t!("“{field}” is a common word, which this server does not accept.", field),
        PasswordRule::Stronger => t!("“{field}” is too weak for this server.", field),
    }
}

/// The message for a rule of the server.
pub fn rule(rule: Rule) -> String {
    match rule {
        Rule::Creators => t!("You can’t create invites here.").to_owned(),
        Rule::ChosenCodes => t!("Codes are chosen by the server: leave it empty.").to_owned(),
        Rule::ShortestChosenCode(fewest) => {
            tn!(fewest, "A custom code needs at least {n} character.", "A custom code needs at least {n} characters.")
        }
        Rule::AccountAge(days) => {
            tn!(
                days,
                "Your account must be {n} day old before you can create invites.",
                "Your account must be {n} days old before you can create invites."
            )
        }
        Rule::MaxUses(most) => {
            tn!(most, "An invite may let in at most {n} people.", "An invite may let in at most {n} people.")
        }
        Rule::MaxDays(days) => {
            tn!(days, "An invite may be open for at most {n} day.", "An invite may be open for at most {n} days.")
        }
        Rule::OpenInvites(most) => {
            tn!(
                most,
                "You may have {n} open invite at a time. End one that is not needed any more.",
                "You may have {n} open invites at a time. End one that is not needed any more."
            )
        }
        Rule::CreationsPerDay(most) => {
            tn!(
                most,
                "You may create {n} invite a day. Please try again tomorrow.",
                "You may create {n} invites a day. Please try again tomorrow."
            )
        }
    }
}

/// Says why an invite may not lead into a room.
pub fn room_problem(problem: RoomProblem) -> &'static str {
    match problem {
        RoomProblem::Unknown => t!("There is no such room."),
        RoomProblem::NotIn => t!("You are not in this room."),
        RoomProblem::MayNotInvite => t!("You can’t invite people here."),
        RoomProblem::Replaced => t!("This room was replaced by another one."),
        RoomProblem::Closed => t!("Nobody can join here through you any more."),
    }
}

fn refused(rooms: &[RoomRefusal]) -> String {
    let words = |refusal: &RoomRefusal| {
        let problem = room_problem(refusal.problem).trim_end_matches('.');
        t!("{room} ({problem})", room = refusal.room, problem)
    };
    rooms.iter().map(words).reduce(|list, next| t!("{list}, {next}", list, next)).unwrap_or_default()
}

/// When to try again, as it stands in a sentence.
fn after(seconds: u32) -> String {
    match seconds {
        0..=1 => t!("when to try again" => "in a second").to_owned(),
        2..=90 => tn!(seconds, "when to try again" => "in {n} second", "in {n} seconds"),
        _ => tn!(seconds.div_ceil(60), "when to try again" => "in {n} minute", "in {n} minutes"),
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
