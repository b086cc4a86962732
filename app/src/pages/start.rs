//! The first page: what this is, how it goes, and whether it is there for people now.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{Error, Result, ServiceStatus, rpc};

const STEPS: [(&str, &str); 3] = [
    ("Choose the rooms", "One room or a whole space full of them, and a direct chat with you if you like."),
    (
        "Share one code",
        "As a link, a QR code or a word on a poster. It opens an account as well, where the server allows it.",
    ),
    ("They are in", "Whoever redeems it is in every room a moment later. Nobody has to be let in one by one."),
];

/// What a visitor without any address gets.
#[component]
pub(crate) fn Start() -> impl IntoView {
    let check = ServerAction::<rpc::Status>::new();
    let first = Resource::new_blocking(|| (), |()| rpc::status());
    let status = move || check.value().get().or_else(|| first.get());

    view! {
        <Title text="Super Invites" />
        <section class="grid max-w-3xl gap-6 py-10 sm:py-20">
            <h1 class="text-4xl font-bold tracking-tight text-balance sm:text-6xl">
                "One code, and your people are in all the rooms."
            </h1>
            <p class="max-w-2xl text-lg text-pretty text-base-content/80 sm:text-xl">
                "Make an invite for a set of Matrix rooms, share it as a link or a QR code, and see who came."
            </p>
            <Suspense fallback=|| view! { <StatusLine status=None pending=true /> }>
                <ActionForm action=check>
                    {move || view! { <StatusLine status=status() pending=check.pending().get() /> }}
                </ActionForm>
            </Suspense>
        </section>
        <ol class="grid gap-4 sm:grid-cols-3">
            {STEPS
                .into_iter()
                .zip(1..)
                .map(|((title, text), number)| {
                    view! {
                        <li class="rounded-box border border-base-300 bg-base-200 p-6">
                            <span
                                class="grid size-8 place-items-center rounded-full bg-primary text-sm font-semibold text-primary-content"
                                aria-hidden="true"
                            >
                                {number}
                            </span>
                            <h2 class="mt-4 text-lg font-semibold">{title}</h2>
                            <p class="mt-1 text-base-content/80">{text}</p>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}

/// One line that says whether the homeserver is there, and a button that looks again.
#[component]
fn StatusLine(status: Option<Result<ServiceStatus>>, pending: bool) -> impl IntoView {
    let connected = matches!(&status, Some(Ok(status)) if status.connected);
    let text = match status {
        None => "Looking for the homeserver …".to_owned(),
        Some(Ok(status)) if status.connected => format!("Connected to {}", status.server_name),
        Some(Ok(status)) => format!("{} does not answer right now", status.server_name),
        Some(Err(error @ Error::Unreachable { .. })) => error.to_string(),
        Some(Err(_)) => Error::Internal.to_string(),
    };
    let light = if connected { "status status-success" } else { "status status-warning" };
    view! {
        <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
            <p role="status" class="inline-flex items-center gap-3">
                <span class=light aria-hidden="true"></span>
                {text}
            </p>
            <button class="btn btn-sm" type="submit" aria-busy=pending.to_string()>
                "Check again"
            </button>
        </div>
    }
}
