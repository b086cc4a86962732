//! Icons.

use leptos::prelude::*;

use crate::view;

/// The icons, by what they mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A tick.
    Done,
    /// A cross.
    Failed,
    /// A plus.
    Add,
    /// A padlock.
    Encrypted,
    /// A globe.
    Public,
    /// A speech bubble.
    Chat,
    /// A door.
    Room,
    /// Several doors.
    Space,
    /// A magnifying glass.
    Search,
    /// Two sheets.
    Copy,
    /// An arrow out of a box.
    Share,
    /// An arrow downwards.
    Download,
    /// A printer.
    Print,
    /// A pencil.
    Edit,
    /// A bin.
    Delete,
    /// Two bars.
    Pause,
    /// A triangle.
    Resume,
    /// An arrow.
    Next,
    /// A camera.
    Camera,
    /// An arrow out of a door.
    Leave,
    /// Squares in three corners.
    Qr,
}

impl Shape {
    /// The SVG path of the icon, on a square of 24 by 24.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Done => "M5 13l4 4L19 7",
            Self::Failed => "M6 6l12 12M18 6L6 18",
            Self::Add => "M12 5v14M5 12h14",
            Self::Encrypted => "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
            Self::Public => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
            Self::Chat => {
                "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-5 4v-4.1A2.5 2.5 0 0 1 4 13.5z"
            }
            Self::Room => "M6 21V5l9-2v18M15 6h3v15M4 21h16M12 12v.5",
            Self::Space => "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4 4",
            Self::Copy => "M9 9h11v11H9zM5 15H4V4h11v1",
            Self::Share => "M12 15V4M8 8l4-4 4 4M5 13v7h14v-7",
            Self::Download => "M12 4v11M8 11l4 4 4-4M5 20h14",
            Self::Print => "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
            Self::Edit => "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
            Self::Delete => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
            Self::Pause => "M9 5v14M15 5v14",
            Self::Resume => "M8 5l11 7-11 7z",
            Self::Next => "M5 12h14M13 6l6 6-6 6",
            Self::Camera => "M4 8h4l2-3h4l2 3h4v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
            Self::Leave => "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
            Self::Qr => "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2M20 14v2M14 20h2M18 18h2v2",
        }
    }
}

/// An icon beside words that say the same, hidden from screen readers.
#[component]
pub(crate) fn Icon(shape: Shape, #[prop(default = "size-5")] class: &'static str) -> impl IntoView {
    view! {
        <svg
            class=format!("shrink-0 {class}")
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=format!("<path d=\"{}\"/>", shape.path())
        ></svg>
    }
}
