//! Whether an invite does what it says and, where it does not, what its owner can do about that.

use leptos::prelude::*;

use crate::{
    Block, InviteDetail, InviteState, Registration, Room, RoomProblem, Works, invite_path, person_address, segment, t,
    ui::{Shape, ago, button, drawing, escaped, href, marked},
    view, wording,
};

/// Why nobody is let in, and what can be done about it.
pub(in crate::pages) fn stopped(state: InviteState) -> Option<&'static str> {
    Some(match state {
        InviteState::Open => return None,
        InviteState::NotYet => t!("Nobody can join with it yet. Until it starts, the link isn’t available."),
        InviteState::Paused => {
            t!("Nobody can join with it for now: the link isn’t available, and the code creates no accounts.")
        }
        InviteState::PausedByAdmin => t!("A server admin has paused this invite. Only they can resume it."),
        InviteState::AllPaused => t!("A server admin has paused all invites of this server for now."),
        InviteState::Expired => t!("It has ended, and the link isn’t available. Edit it to give it more time."),
        InviteState::UsedUp => t!("All places are taken, and the link isn’t available to others. Edit it to add more."),
    })
}

/// Why no accounts can be created with it, where its owner may expect that they can.
#[component]
pub(super) fn Accounts(registration: Registration, state: InviteState) -> impl IntoView {
    let text = match registration {
        Registration::Unavailable if state == InviteState::Open => {
            t!("It can’t create accounts yet: the homeserver did not take the code. It is tried again by itself.")
        }
        Registration::Closed if state == InviteState::Open => {
            t!("It has created as many accounts as there are places. Whoever has one can join.")
        }
        Registration::NotAllowed => {
            t!(
                "Custom codes can create only a few accounts, for a few days; this one has reached its limit. Whoever has an account can join."
            )
        }
        Registration::SaveFirst => {
            t!(
                "This code can’t create accounts: the invite was created before this server allowed that. Save it again to turn that on."
            )
        }
        _ => return None,
    };
    Some(view! { <p class="alert alert-warning">{text.to_owned()}</p> })
}

/// The rooms that people do not join, each with the reason and what to do, as HTML.
pub(super) fn shut(detail: &InviteDetail) -> String {
    let InviteDetail { card, blocks, problems, people, now, .. } = detail;
    let code = &card.invite.code;
    let blocked = blocks.iter().map(|(room, block)| blocked(room, block, code, people, *now));
    let problems =
        problems.iter().map(|(room, problem)| note(room, *problem, &escaped(wording::remedy(*problem)), "", code));
    let all: String = blocked.chain(problems).collect();
    let above = match card.works {
        Works::Not => format!(r#"<p class="alert alert-error">{}</p>"#, escaped(wording::not_working())),
        Works::Unknown => {
            let text = escaped(t!("The homeserver does not say now whether every room can be joined."));
            format!(r#"<p class="hint">{text}</p>"#)
        }
        Works::Fully | Works::Partly(_) => String::new(),
    };
    let below = match card.works {
        Works::Partly(_) => format!(r#"<p class="hint">{}</p>"#, escaped(wording::the_rest())),
        _ => String::new(),
    };
    above + &all + &below
}

fn blocked(room: &Room, block: &Block, code: &str, people: &str, now: i64) -> String {
    let Block { by, at, reason } = block;
    // Admins write their names and reasons themselves.
    let (name, reason) = (format!("<bdi>{}</bdi>", escaped(by.name())), reason.as_deref().map(escaped));
    let after = wording::blocked(&name, &escaped(&ago(*at, now)), reason.as_deref());
    let text = drawing(Shape::Chat) + &escaped(&wording::chat_with(by.first_name()));
    let chat = button("btn-sm btn-plain", &person_address(people, &by.user_id), "external noreferrer", &text);
    note(room, RoomProblem::MayNotInvite, &after, &chat, code)
}

/// A note on a room: what is wrong with it, `after` that, and a button besides that which removes it. Texts are HTML.
fn note(room: &Room, problem: RoomProblem, after: &str, more: &str, code: &str) -> String {
    let name = format!("<bdi>{}</bdi>", escaped(wording::room(room)));
    let trouble = wording::trouble(problem, &name);
    let edit = href(&format!("{}/edit?without={}", invite_path(code), segment(&room.id)));
    let remove = marked(t!("Remove {room} from this invite"), &[("room", &name)]);
    let remove = button("btn-sm btn-plain h-auto min-h-11 py-2", &edit, "", &remove);
    format!(
        r#"<div class="alert alert-warning grid justify-items-start gap-3"><p class="wrap-anywhere"><strong>{trouble}</strong>. {after}</p><p class="flex flex-wrap gap-2">{more}{remove}</p></div>"#
    )
}
