//! The house front of an invite, with its doors.

use leptos::prelude::*;

use super::{
    House, escaped,
    house::{Place, door},
};
use crate::{t, view, wording};

/// How many doors fit on a phone, and on wider screens.
const FIT: [usize; 2] = [5, 7];

/// A house front. Fields that hold HTML have to be escaped by whoever fills them.
#[derive(Default)]
pub(crate) struct Front {
    /// The classes for its colour and size.
    pub(crate) class: String,
    /// The picture, and what else stands above the title, as HTML.
    pub(crate) above: String,
    /// The title, as HTML.
    pub(crate) title: String,
    /// The line below the title, as HTML.
    pub(crate) below: String,
    /// Whether that line changes while the page is open, so that screen readers announce it.
    pub(crate) live: bool,
    /// More content below, as HTML.
    pub(crate) more: String,
    /// The doors: the classes and the content of each, the latter as HTML.
    pub(crate) doors: Vec<(String, String)>,
    /// The doors' label for screen readers; `None` if they only illustrate what other text says.
    pub(crate) label: Option<&'static str>,
}

impl Front {
    pub(crate) fn view(self) -> AnyView {
        let Self { class, above, title, below, live, more, doors, label } = self;
        let size = if title.chars().count() > 26 { "long" } else { "" };
        let head = format!(r#"{above}<h1 class="{size}" dir="auto">{title}</h1>"#);
        let doors = doors.into_iter().map(|(class, html)| view! { <li class=class inner_html=html></li> });
        view! {
            <section class=format!("portal {class}")>
                <div class="contents" inner_html=head></div>
                <div class="meta" role=live.then_some("status") inner_html=below></div>
                <div class="contents" inner_html=more></div>
                <ol class="doors" role="list" aria-label=label aria-hidden=label.is_none().then_some("true")>
                    {doors.collect_view()}
                </ol>
            </section>
        }
    }
}

/// The front of an invite before anybody has begun to join: the name of the place and the inviter, or only the inviter
/// where there is no name that may be shown. `notice` says why joining is impossible now, if it is.
pub(crate) fn invitation(house: &House, notice: &str) -> AnyView {
    let House { inviter, name, what, welcome, ahead, space, .. } = house;
    let picture = house.face();
    let host = escaped(inviter.name());
    let (above, title, below) = match name {
        Some(name) => {
            let by = wording::who_invites(&format!(r#"<b dir="auto">{host}</b>"#));
            let above = format!(r#"{picture}<p class="by">{by}</p>"#);
            let members = space.as_ref().and_then(|space| space.members).map(wording::members);
            let facts = members.as_deref().into_iter().chain([what.as_str()]).filter(|fact| !fact.is_empty());
            let facts = facts.map(|fact| format!("<span>{}</span>", escaped(fact)));
            (above, escaped(name), facts.collect::<Vec<_>>().join(" · "))
        }
        None => (picture, host, escaped(&wording::invites_you_to(what))),
    };
    // The line above doors without names already says how many there are.
    let label = house.is_named().then(|| t!("Where this invite leads"));
    let welcome = welcome.iter().map(|welcome| format!(r#"<blockquote dir="auto">{}</blockquote>"#, escaped(welcome)));
    let more = notice.to_owned() + &welcome.collect::<String>();
    let doors = doors(&house.places(ahead, false));
    Front { class: house.hue(), above, title, below, more, doors, label, ..Front::default() }.view()
}

/// One door for each place, and one that counts those that do not fit.
pub(crate) fn doors(places: &[Place]) -> Vec<(String, String)> {
    let all = places.len();
    let [few, many] = FIT.map(|fit| if all > fit { fit - 1 } else { all });
    let mut doors: Vec<(String, String)> = Vec::new();
    for (place, number) in places.iter().zip(0..many) {
        let class = if number < few { "" } else { " max-sm:hidden" };
        doors.push((place.class() + class, place.html()));
    }
    for (shown, class) in [(few, "sm:hidden"), (many, "max-sm:hidden")] {
        if shown < all {
            let state = if places[shown..].iter().all(Place::is_in) { "joined" } else { "" };
            let number = all - shown;
            doors.push((format!("door n {state} {class}"), door("", &format!("+{number}"), &wording::more(number))));
        }
    }
    doors
}
