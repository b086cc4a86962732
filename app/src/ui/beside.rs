//! What others will see of an invite, drawn beside the form that describes it.

use leptos::{html, prelude::*, wasm_bindgen::JsCast, web_sys};

use super::{House, browser::keep, form::body, front::invitation};
use crate::{InviteForm, InviteState, Landing, Person, Relation, Room, RoomChoice, view, wording};

/// What the form holds, and what follows from that.
#[derive(Clone, Copy)]
pub(super) struct Held {
    form: RwSignal<InviteForm>,
    /// What others will see of the invite.
    seen: Memo<Landing>,
    /// What it will do, in a sentence.
    pub(super) summary: Memo<String>,
    /// The element beside the fields, by which the form is found.
    beside: NodeRef<html::Div>,
}

impl Held {
    /// `known` are the rooms that the invite may lead into.
    pub(super) fn new(form: InviteForm, known: Vec<Room>, me: Person) -> Self {
        let form = RwSignal::new(form);
        let seen = Memo::new(move |_| form.with(|form| landing(form, &known, &me)));
        let summary = Memo::new(move |_| {
            let (rooms, spaces, chat) = seen.with(|seen| (seen.rooms, seen.spaces, seen.chat));
            form.with(|form| wording::summary(rooms, spaces, chat, &form.ends, &form.places))
        });
        let held = Self { form, seen, summary, beside: NodeRef::new() };
        // Somebody may have begun to choose before the script was there.
        Effect::new(move |_| {
            if held.beside.get().is_some() {
                held.read(false);
            }
        });
        held
    }

    /// The house front of the invite, beside the fields. The sentence says the same to those who do not see it.
    pub(super) fn view(self) -> AnyView {
        view! {
            <div node_ref=self.beside class="beside hidden lg:sticky lg:top-6 lg:block" aria-hidden="true">
                {move || self.seen.with(front)}
            </div>
        }
    }

    /// Reads the fields again, and keeps what they are filled in with, if it `keeps` that in case somebody leaves the page.
    pub(super) fn read(self, keeps: bool) {
        let Some(filled_in) = self.beside.get_untracked().and_then(|beside| filled_in(&beside)) else { return };
        self.form.set(InviteForm::sent(&filled_in));
        if keeps {
            keep(&filled_in);
        }
    }
}

/// What the form around an element is filled in with.
fn filled_in(within: &web_sys::Element) -> Option<String> {
    let form = within.closest("form").ok()??;
    body(&form.dyn_into::<web_sys::HtmlFormElement>().ok()?)
}

/// The rooms that an invite may lead into: those of its owner, and those that it has led into `before`.
pub(super) fn known(choices: &[RoomChoice], before: &[Room]) -> Vec<Room> {
    let gone = before.iter().filter(|room| choices.iter().all(|choice| choice.room.id != room.id));
    choices.iter().map(|choice| &choice.room).chain(gone).cloned().collect()
}

/// What others will see of the invite that a form describes; `known` as for [`Held::new`].
fn landing(form: &InviteForm, known: &[Room], me: &Person) -> Landing {
    let chosen: Vec<Room> = known.iter().filter(|room| form.rooms.contains(&room.id)).cloned().collect();
    let number = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let spaces = chosen.iter().filter(|room| room.space).count();
    let written = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Landing {
        inviter: me.clone(),
        welcome: written(&form.welcome),
        public_title: written(&form.public_title),
        picture: chosen.iter().find(|room| room.id == form.picture).cloned(),
        rooms: number(chosen.len() - spaces),
        spaces: number(spaces),
        chat: form.chat,
        shown: if form.show_rooms { chosen } else { Vec::new() },
        expires_at: None,
        state: InviteState::Open,
        relation: Relation::Owner,
        apps: Vec::new(),
        now: 0,
    }
}

/// Its house front; nothing as long as it leads nowhere.
fn front(landing: &Landing) -> Option<AnyView> {
    let somewhere = landing.rooms + landing.spaces > 0 || landing.chat;
    somewhere.then(|| invitation(&House::of(String::new(), landing), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_the_names_of_rooms_only_where_their_owner_shows_them() {
        let room = |id: &str, space: bool| Room {
            id: id.to_owned(),
            name: Some("Garden".to_owned()),
            space,
            ..Room::default()
        };
        let known = [room("!a:x", false), room("!b:x", false), room("!s:x", true)];
        let me = Person { user_id: "@anna:x".to_owned(), display_name: None, avatar_url: None };
        let rooms = ["!a:x", "!s:x", "!gone:x"].map(str::to_owned).to_vec();
        let form = InviteForm { rooms, welcome: " \n".to_owned(), ..InviteForm::default() };
        let seen = landing(&form, &known, &me);
        assert_eq!((seen.rooms, seen.spaces, seen.shown.len(), seen.welcome), (1, 1, 0, None));
        let titled = InviteForm { public_title: " Camp ".to_owned(), picture: "!b:x".to_owned(), ..form.clone() };
        let seen = landing(&titled, &known, &me);
        assert_eq!((seen.public_title.as_deref(), seen.picture), (Some("Camp"), None), "a room of another invite");
        let seen = landing(&InviteForm { show_rooms: true, ..form }, &known, &me);
        assert_eq!(seen.shown, [known[0].clone(), known[2].clone()]);
        assert!(front(&landing(&InviteForm::default(), &known, &me)).is_none(), "it leads nowhere");
    }
}
