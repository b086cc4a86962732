//! The preview picture that a chat or a social network shows beside the link of an invite (Open Graph): 1200 × 630
//! pixels, as PNG.
//!
//! It is drawn from plain data, and is the same on every machine. All sentences come from the caller; fonts are the
//! crate's own. Names and pictures may be hostile: texts are limited in length and are only ever drawn as outlines, and
//! a picture that is too large or broken is replaced with a letter.

mod avatar;
mod canvas;
mod code;
mod doors;
mod fit;
mod fonts;
mod line;
mod paint;
mod picture;
#[cfg(test)]
mod tests;
mod text;

pub use picture::draw;

/// The width of the picture in pixels.
pub const WIDTH: u32 = 1200;

/// The height of the picture in pixels.
pub const HEIGHT: u32 = 630;

/// The content of a preview picture. Texts may be arbitrary: one that does not fit is made smaller and then truncated,
/// and characters without a glyph are left out. If the title reads from right to left, the whole picture is mirrored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preview<'a> {
    /// The person who invites, at the top; `None` for an invite that has ended.
    pub inviter: Option<Inviter<'a>>,
    /// The headline: the name of the space, or of the inviter where that may not be shown, or why there is nothing to
    /// see.
    pub title: &'a str,
    /// The line below the title, such as "4 rooms and a chat with Anna"; may be empty.
    pub below: &'a str,
    /// The hue of the house front, from 1 to 12; grey if `None`.
    pub hue: Option<u8>,
    /// The rooms and the chat it leads to, in order. Four are enough: up to five doors are drawn, or four and one with
    /// the number of all others.
    pub doors: &'a [Door<'a>],
    /// How many doors there are in all. Those that `doors` does not describe are drawn grey and blank.
    pub total: usize,
    /// Whether the first door is open, as it is while the invite lets people in.
    pub open: bool,
    /// The host name beside the logo, such as `invite.example.org`.
    pub host: &'a str,
    /// The address in the QR code, if there is to be one. No code is drawn for more than about 180 bytes: it would be
    /// too fine for cameras.
    pub address: Option<&'a str>,
}

/// Whether anything of a text can be drawn, which is not so if it is only emoji, for example. Characters that cannot be
/// drawn are left out, so the caller may want to show something else instead.
pub fn can_draw(text: &str) -> bool {
    !text::Text::new(text, fonts::Style::Regular).is_empty()
}

/// The person who invites.
#[derive(Clone, Copy, Debug)]
pub struct Inviter<'a> {
    /// The inviter's name, in bold; if it is empty, because it is the title already, only the picture is drawn.
    pub name: &'a str,
    /// The line below the name, such as "invites you to"; may be empty.
    pub says: &'a str,
    /// The name whose first letter is drawn if there is no picture.
    pub initial: &'a str,
    /// The inviter's hue, from 1 to 12; grey if `None`.
    pub hue: Option<u8>,
    /// The profile picture, as the bytes of a PNG, JPEG, WebP or GIF file (its first frame): at most 2 MiB, 4096 pixels
    /// on a side and 4 Mi pixels in all. If it is larger or cannot be decoded, the initial is drawn.
    pub picture: Option<&'a [u8]>,
}

/// A door: a room, or the direct chat with the inviter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Door<'a> {
    /// The hue, from 1 to 12; grey if `None`.
    pub hue: Option<u8>,
    /// What is on its leaf.
    pub leaf: Leaf<'a>,
    /// The name below the door; may be empty.
    pub name: &'a str,
}

/// What is on the leaf of a door.
#[derive(Clone, Copy, Debug, Default)]
pub enum Leaf<'a> {
    /// Nothing: a room whose name may not be shown.
    #[default]
    Blank,
    /// The first letter of a name.
    Initial(&'a str),
    /// A speech bubble, for the direct chat.
    Chat,
}

/// Why there is no picture. None of these depends on its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is not enough memory for the pixels.
    #[error("there is no memory for a picture")]
    Memory,
    /// The PNG encoder failed.
    #[error("a picture could not be encoded")]
    Encoding(#[from] png::EncodingError),
}
