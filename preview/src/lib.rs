//! The picture that a chat or a social network shows beside the link of an invite (Open Graph): 1200 × 630 pixels, as PNG.
//!
//! It is drawn from plain data, the same on every machine. All sentences come from whoever asks; fonts are the crate's own. Names and pictures
//! may be hostile: texts are bounded and only ever become outlines, and a picture that is too large or broken is a letter instead.

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

/// Pixels from left to right.
pub const WIDTH: u32 = 1200;

/// Pixels from top to bottom.
pub const HEIGHT: u32 = 630;

/// What is to be seen on a picture. Texts may be anything: what does not fit is made smaller and then cut, and characters without a glyph are
/// left out. If the title reads from right to left, the whole picture is mirrored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preview<'a> {
    /// Who invites, at the top. Nobody for an invite that has ended.
    pub inviter: Option<Inviter<'a>>,
    /// What is read first: the name of the space, or of whoever invites where that may not be told, or why there is nothing to see.
    pub title: &'a str,
    /// The line below it, such as "4 rooms and a chat with Anna"; may be empty.
    pub below: &'a str,
    /// The hue of the house front, from 1 to 12; grey without.
    pub hue: Option<u8>,
    /// Where it leads, in order. Four are enough: up to five doors are drawn, or four and one with the number of all others.
    pub doors: &'a [Door<'a>],
    /// How many doors there are in all. Those that `doors` does not describe are grey and blank.
    pub total: usize,
    /// Whether the first door stands open, as it does while people may come in.
    pub open: bool,
    /// The host beside the mark, such as `invite.example.org`.
    pub host: &'a str,
    /// The address in the QR code, if there is to be one. One of more than about 180 bytes is left out: its code would be too fine for cameras.
    pub address: Option<&'a str>,
}

/// Whether anything of a text can be drawn: not of one that is only emoji, say. What cannot is left out, so something else may be put there.
pub fn can_draw(text: &str) -> bool {
    !text::Text::new(text, fonts::Style::Regular).is_empty()
}

/// Who invites.
#[derive(Clone, Copy, Debug)]
pub struct Inviter<'a> {
    /// Their name, in bold; empty if it is the title already, and then only their picture is drawn.
    pub name: &'a str,
    /// The line below the name, such as "invites you to"; may be empty.
    pub says: &'a str,
    /// What their initial is taken from if there is no picture.
    pub initial: &'a str,
    /// Their hue, from 1 to 12.
    pub hue: Option<u8>,
    /// Their picture, the bytes of a PNG, JPEG, WebP or GIF file (its first frame): at most 2 MiB, 4096 pixels on a side and 4 Mi pixels in
    /// all. Their initial stands in for one that is larger or cannot be read.
    pub picture: Option<&'a [u8]>,
}

/// A door: a room, or the chat with whoever invites.
#[derive(Clone, Copy, Debug, Default)]
pub struct Door<'a> {
    /// Its hue, from 1 to 12; grey without.
    pub hue: Option<u8>,
    /// What is on it.
    pub leaf: Leaf<'a>,
    /// The name below it; may be empty.
    pub name: &'a str,
}

/// What is on the leaf of a door.
#[derive(Clone, Copy, Debug, Default)]
pub enum Leaf<'a> {
    /// Nothing: a room whose name may not be told.
    #[default]
    Blank,
    /// The first letter of this name.
    Initial(&'a str),
    /// A speech bubble.
    Chat,
}

/// Why there is no picture. None of these depends on what is to be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no memory for the pixels.
    #[error("there is no memory for a picture")]
    Memory,
    /// The pixels could not be made a file.
    #[error("a picture could not be encoded")]
    Encoding(#[from] png::EncodingError),
}
