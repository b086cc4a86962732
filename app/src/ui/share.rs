//! Passing an invite on, and reading one by camera.

use leptos::{html::Video, prelude::*, task::spawn_local};

use crate::{invite_path, view};

use super::{Icon, Shape, browser, href};

/// A button that copies a text and then confirms it; only shown where scripts run.
#[component]
pub(crate) fn CopyButton(text: String, class: &'static str) -> impl IntoView {
    let (said, say) = signal("Copy");
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            say.set(if browser::copy(&text).await { "Copied" } else { "Please select it" });
        });
    };
    view! {
        <button
            class=format!("{class} hidden scripted:not-print:inline-flex")
            type="button"
            aria-live="polite"
            on:click=copy
        >
            <Icon shape=Shape::Copy />
            {move || said.get().to_owned()}
        </button>
    }
}

/// The link of an invite, and all ways of sharing it. The owner's label is not shown, because it is private.
#[component]
pub(crate) fn SharePanel(code: String, link: String) -> impl IntoView {
    let share = {
        let link = link.clone();
        move |_| browser::share("Invite", &link)
    };
    let select = |event: leptos::ev::FocusEvent| event_target::<leptos::web_sys::HtmlInputElement>(&event).select();
    let file = {
        let code = code.clone();
        move |name: &str| href(&format!("{}/{name}", invite_path(&code)))
    };
    view! {
        <section
            class="card grid gap-6 sm:grid-cols-[auto_1fr] print:grid-cols-1 print:border-0 print:p-0"
            aria-label="Share"
        >
            <img
                class="mx-auto w-full max-w-64 rounded-field bg-white p-2 sm:size-56 print:size-96 print:max-w-none"
                src=file("qr.svg")
                alt="QR code of the link"
                width="224"
                height="224"
            />
            <div class="grid content-center gap-4">
                <div class="grid gap-1.5">
                    <p class="hidden text-center text-lg font-medium wrap-anywhere print:block">{link.clone()}</p>
                    <label class="font-medium print:hidden" for="link">
                        "Link"
                    </label>
                    <div class="flex gap-2 print:hidden">
                        <input id="link" class="input w-full font-mono" readonly value=link.clone() on:focus=select />
                        <CopyButton text=link class="btn btn-primary" />
                    </div>
                </div>
                <p class="hint print:text-center">
                    "Or the code alone: "
                    <code class="font-mono font-semibold text-base-content wrap-anywhere">{code}</code>
                </p>
                <div class="flex flex-wrap gap-2 print:hidden">
                    <button class="btn btn-sm btn-plain hidden can-share:inline-flex" type="button" on:click=share>
                        <Icon shape=Shape::Share class="size-4" />
                        "Share"
                    </button>
                    <a class="btn btn-sm btn-plain" href=file("qr.png?download") download>
                        <Icon shape=Shape::Download class="size-4" />
                        "PNG"
                    </a>
                    <a class="btn btn-sm btn-plain" href=file("qr.svg?download") download>
                        <Icon shape=Shape::Download class="size-4" />
                        "SVG"
                    </a>
                    // A page that the server alone makes.
                    <a class="btn btn-sm btn-plain" href=file("print") rel="external">
                        <Icon shape=Shape::Print class="size-4" />
                        "Print cards"
                    </a>
                </div>
            </div>
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
                None if open.get_untracked() => say.set("The camera cannot be used. Please type the code."),
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
                aria-label="Camera"
            ></video>
            <button class="btn group-data-open:hidden" type="button" on:click=begin>
                <Icon shape=Shape::Camera />
                "Scan a QR code"
            </button>
            <button class="btn hidden group-data-open:inline-flex" type="button" on:click=end>
                "Stop the camera"
            </button>
            <p role="status">{move || said.get().to_owned()}</p>
        </div>
    }
}
