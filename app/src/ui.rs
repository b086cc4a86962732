//! What pages are made of. Tailwind classes stay here and in the pages' own layout.

mod layout;
mod mark;

pub(crate) use layout::Layout;
pub(crate) use mark::Mark;
