//! The programs for the browser. Both are made of the `app` crate; each contains only the pages that it takes over,
//! because whatever a program exports is kept with all that it calls.

/// Takes over a page that people see before they are members, with the words of its language.
#[cfg(feature = "guest")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate(words: String) {
    app::take_over(words, app::ForGuests);
}

/// Takes over a page for people who are signed in, with the words of its language.
#[cfg(feature = "member")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate(words: String) {
    app::take_over(words, app::ForMembers);
}
