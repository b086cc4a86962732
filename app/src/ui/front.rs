//! The front of a house, with its doors.

use leptos::prelude::*;

use super::{
    House, PersonAvatar, escaped,
    house::{Place, door},
};
use crate::view;

/// How many doors fit on a phone, and elsewhere.
const FIT: [usize; 2] = [5, 7];

/// A house front. What is HTML comes escaped.
#[component]
pub(crate) fn Front(
    /// The class of its paint, and of its size.
    class: String,
    /// Whose or what's picture it has.
    picture: AnyView,
    /// What stands above the title, as HTML.
    #[prop(optional)]
    above: String,
    /// The title, as HTML.
    title: String,
    /// What stands below it, as HTML.
    below: String,
    /// Whether what stands below changes while somebody looks.
    #[prop(optional)]
    live: bool,
    /// What comes after these.
    #[prop(optional)]
    more: Option<AnyView>,
    doors: AnyView,
) -> impl IntoView {
    let size = if title.chars().count() > 26 { "long" } else { "" };
    view! {
        <section class=format!("portal {class}")>
            {picture} <p class="by empty:hidden" inner_html=above></p>
            <h1 class=size dir="auto" inner_html=title></h1>
            <p class="meta" role=live.then_some("status") inner_html=below></p>
            {more} {doors}
        </section>
    }
}

/// The front of an invite that nobody has begun to join: whose it is, and what it is called; or only whose, where the name may not be known.
/// `notice` is about why nobody can.
pub(crate) fn invitation(house: &House, notice: Option<AnyView>) -> AnyView {
    let House { inviter, name, what, welcome, hue, ahead, .. } = house.clone();
    let (host, places) = (escaped(inviter.name()), house.places(&ahead, false));
    let (above, title, below, doors) = match name {
        Some(name) => {
            let doors = view! { <Doors places label="Where this invite leads" /> };
            (format!("<b dir=\"auto\">{host}</b> invites you to"), escaped(&name), what, doors)
        }
        // How many there are is said above the doors.
        None => (String::new(), host, format!("invites you to {what}"), view! { <Doors places /> }),
    };
    let picture = view! { <PersonAvatar person=inviter /> };
    let welcome = welcome.map(|welcome| view! { <blockquote dir="auto">{welcome}</blockquote> });
    let more = view! { {notice} {welcome} };
    view! { <Front class=hue picture above title below=escaped(&below) more doors /> }
}

/// A door for each room, and one for those that do not fit. Without a label they are a picture of what a list beside them says.
#[component]
pub(crate) fn Doors(places: Vec<Place>, #[prop(optional)] label: Option<&'static str>) -> impl IntoView {
    let all = places.len();
    let [few, many] = FIT.map(|fit| if all > fit { fit - 1 } else { all });
    let more = |shown: usize, class: &str| {
        let state = if places[shown..].iter().all(Place::is_in) { "joined" } else { "" };
        let number = all - shown;
        (format!("door n {state} {class}"), door("", &format!("+{number}"), &format!("{number} more")))
    };
    let mut doors: Vec<(String, String)> = Vec::new();
    for (place, number) in places.iter().zip(0..many) {
        let class = if number < few { "" } else { " max-sm:hidden" };
        doors.push((place.class() + class, place.html()));
    }
    if few < all {
        doors.push(more(few, "sm:hidden"));
    }
    if many < all {
        doors.push(more(many, "max-sm:hidden"));
    }
    let doors = doors.into_iter().map(|(class, html)| view! { <li class=class inner_html=html></li> });
    view! {
        <ol class="doors" role="list" aria-label=label aria-hidden=label.is_none().then_some("true")>
            {doors.collect_view()}
        </ol>
    }
}
