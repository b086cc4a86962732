//! Passing an invite on, and reading one by camera.

use std::time::Duration;

use leptos::{html::Video, prelude::*, task::spawn_local};

use crate::{InviteCard, invite_path, t, view, wording};

use super::{
    Html, Icon, Shape,
    avatar::hue,
    browser, escaped, href,
    html::{button, drawing},
    marked,
};

/// How long a button says that it has copied something.
const SAID: Duration = Duration::from_secs(2);

/// A button that copies a text and then says so in its place, at its size; only shown where scripts run.
#[component]
pub(crate) fn CopyButton(
    text: String,
    class: &'static str,
    #[prop(optional)] what: Option<&'static str>,
) -> impl IntoView {
    // Whether it has copied just now, or could not.
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            copied.try_set(Some(browser::copy(&text).await));
            set_timeout(
                move || {
                    copied.try_set(None);
                },
                SAID,
            );
        });
    };
    let said = move || {
        let text = match copied.get() {
            None => "",
            Some(true) => t!("Copied ✓"),
            Some(false) => t!("Please select it"),
        };
        text.to_owned()
    };
    view! {
        <button
            class=format!("copy {class} hidden scripted:not-print:inline-flex")
            type="button"
            aria-live="polite"
            data-said=move || copied.get().map(|copied| if copied { "yes" } else { "no" })
            on:click=copy
        >
            <span class="contents">
                <Icon shape=Shape::Copy />
                <span>{what.unwrap_or_else(|| t!("Copy")).to_owned()}</span>
            </span>
            <span class="said">{said}</span>
        </button>
    }
}

/// What is passed on. The owner's name for the invite is not among it, because it is private.
pub(crate) struct Sharing {
    code: String,
    link: String,
    /// The first line of an invitation.
    title: String,
    /// The whole invitation.
    text: String,
    /// The name above the QR code, which its owner alone sees there, and the class for its colour.
    place: String,
    hue: String,
}

impl Sharing {
    pub(crate) fn of(card: &InviteCard, link: String) -> Self {
        let terms = &card.invite.terms;
        let place = terms.public_title.clone().or_else(|| wording::place(&card.rooms));
        let known = place.as_deref().filter(|_| terms.show_rooms || terms.public_title.is_some());
        let of = card
            .rooms
            .iter()
            .find(|room| room.space)
            .or(card.rooms.first())
            .map_or(&card.invite.owner, |room| &room.id);
        Self {
            code: card.invite.code.clone(),
            title: wording::invited_to(known),
            text: wording::invitation(known, terms.welcome.as_deref(), &link),
            hue: hue(of),
            place: place.unwrap_or_default(),
            link,
        }
    }

    /// The address of one of the invite's files.
    fn file(&self, name: &str) -> String {
        escaped(&href(&format!("{}/{name}", invite_path(&self.code))))
    }

    fn qr(&self) -> String {
        let (place, hue, file) = (escaped(&self.place), &self.hue, self.file("qr.svg"));
        format!(
            r#"<div class="qr-door {hue}"><p dir="auto">{place}</p><img src="{file}" alt="{}" width="224" height="224"></div>"#,
            escaped(t!("QR code of the link"))
        )
    }

    fn link(&self) -> String {
        let link = escaped(&self.link);
        format!(r#"<a class="linkbox" href="{link}" rel="external"><bdi>{link}</bdi></a>"#)
    }

    /// The code, and what can be printed and downloaded.
    fn tools(&self) -> String {
        let download = |kind: &str| {
            let (file, icon) = (self.file(&format!("qr.{kind}?download")), drawing(Shape::Download));
            let text = escaped(&t!("QR as {format}", format = kind.to_uppercase()));
            format!(r#"<a class="btn btn-sm btn-plain" href="{file}" rel="external" download>{icon}{text}</a>"#)
        };
        // A page that the server alone makes.
        let print = href(&format!("{}/print", invite_path(&self.code)));
        let text = drawing(Shape::Print) + &escaped(t!("Print cards"));
        let print = button("btn-sm btn-plain", &print, "external", &text);
        let code = format!(
            r#"<code class="font-mono font-semibold text-base-content wrap-anywhere">{}</code>"#,
            escaped(&self.code)
        );
        format!(
            r#"<p class="hint">{}</p><div class="flex flex-wrap gap-2 print:hidden">{print}{}{}</div>"#,
            marked(t!("Code alone: {code}"), &[("code", &code)]),
            download("png"),
            download("svg")
        )
    }
}

/// The link of an invite, and all ways of sharing it.
#[component]
pub(crate) fn SharePanel(sharing: Sharing) -> impl IntoView {
    let (link, tools, qr) = (sharing.link(), sharing.tools(), sharing.qr());
    let Sharing { title, text, link: address, .. } = sharing;
    let share = {
        let address = address.clone();
        move |_| browser::share(&title, &address)
    };
    view! {
        <section class="card share" aria-labelledby="share">
            <div class="grid gap-4">
                <h2 id="share" class="print:hidden">
                    {t!("Share it")}
                </h2>
                <Html html=link />
                <button
                    class="btn btn-primary btn-lg w-full hidden can-share:not-print:inline-flex"
                    type="button"
                    on:click=share
                >
                    <Icon shape=Shape::Share />
                    {t!("Share")}
                </button>
                <div class="hidden gap-2 scripted:not-print:grid sm:grid-cols-2">
                    <CopyButton text=address class="btn first" what=t!("Copy link") />
                    <CopyButton text class="btn" what=t!("Copy invitation text") />
                </div>
                <Html html=tools />
            </div>
            <Html html=qr />
        </section>
    }
}

/// Reads a QR code with the camera, in browsers that can.
#[component]
pub(crate) fn Camera(found: Callback<String>) -> impl IntoView {
    let video = NodeRef::<Video>::new();
    let (open, set_open) = signal(false);
    let (said, say) = signal("");
    let begin = move |_| {
        set_open.set(true);
        say.set("");
        let Some(video) = video.get_untracked() else { return };
        spawn_local(async move {
            match browser::scan(video).await {
                Some(text) => found.run(text),
                // If the camera was closed, no message is needed.
                None if open.get_untracked() => say.set(t!("The camera cannot be used. Please type the code.")),
                None => {}
            }
            set_open.set(false);
        });
    };
    let end = move |_| {
        set_open.set(false);
        if let Some(video) = video.get_untracked() {
            browser::stop_camera(&video);
        }
    };
    on_cleanup(move || {
        if let Some(Some(video)) = video.try_get_untracked() {
            browser::stop_camera(&video);
        }
    });
    view! {
        <div class="group hidden gap-3 can-scan:grid" data-open=move || open.get().then_some("")>
            <video
                node_ref=video
                class="hidden w-full rounded-box bg-neutral group-data-open:block"
                playsinline
                muted
                aria-label=t!("Camera")
            ></video>
            <button class="btn group-data-open:hidden" type="button" on:click=begin>
                <Icon shape=Shape::Camera />
                {t!("Scan a QR code")}
            </button>
            <button class="btn hidden group-data-open:inline-flex" type="button" on:click=end>
                {t!("Stop the camera")}
            </button>
            <p role="status">{move || said.get().to_owned()}</p>
        </div>
    }
}
