//! Text shaping: the glyphs of a line, their positions, and its width. Measures are in ems, so that a line can be drawn
//! at any size.

use harfrust::{
    Buffer, BufferFlags, Direction, ShapeOptions, ShaperFont,
    font::glyph::outline::{DrawMemory, DrawOptions, PathSink},
    shape,
};
use tiny_skia::{Path, PathBuilder, Point, Rect, Transform};
use unicode_bidi::{Level, ParagraphBidiInfo};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    fonts::{Face, Style},
    text::Text,
};

/// Extra space between words: the display font has narrow ones. The pages add it as well (`style/type.css`).
const WORD_SPACING: f32 = 0.07;

/// A shaped line of text, from left to right.
#[derive(Default)]
pub(crate) struct Line {
    glyphs: Vec<Glyph>,
    /// The width in ems.
    pub(crate) width: f32,
}

struct Glyph {
    face: &'static Face,
    id: u32,
    /// The position on the baseline, in ems.
    x: f32,
    /// The height above the baseline, in ems.
    y: f32,
    /// Whether the outline is thickened to imitate bold.
    heavy: bool,
}

impl Line {
    pub(crate) fn new(text: &Text) -> Self {
        let mut line = Self::default();
        if text.is_empty() {
            return line;
        }
        let level = if text.rtl { Level::rtl() } else { Level::ltr() };
        let order = ParagraphBidiInfo::new(&text.shown, Some(level));
        let (levels, runs) = order.visual_runs(0..text.shown.len());
        for run in runs {
            let rtl = levels.get(run.start).is_some_and(Level::is_rtl);
            let mut parts = by_face(text, run);
            if rtl {
                parts.reverse();
            }
            for (face, part) in parts {
                line.push(face, part, rtl, text.style);
            }
        }
        line
    }

    fn push(&mut self, face: &'static Face, text: &str, rtl: bool, style: Style) {
        let mut buffer = Buffer::new();
        buffer.push_str(text);
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.guess_segment_properties();
        buffer.set_flags(BufferFlags::DO_NOT_INSERT_DOTTED_CIRCLE | BufferFlags::REMOVE_DEFAULT_IGNORABLES);
        if shape(&ShaperFont::new(face.font()), &mut buffer, ShapeOptions::new()).is_err() {
            return;
        }
        let ems = |units: i32| f64_to_f32(f64::from(units)) / face.units();
        let heavy = face.one_weight && style != Style::Regular;
        for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
            let (x, y) = (self.width + ems(position.x_offset), ems(position.y_offset));
            self.glyphs.push(Glyph { face, id: info.glyph_id, x, y, heavy });
            self.width += ems(position.x_advance);
            let at = usize::try_from(info.cluster).unwrap_or_default();
            if style == Style::Display && text.as_bytes().get(at) == Some(&b' ') {
                self.width += WORD_SPACING;
            }
        }
    }

    /// The bounding box of the outlines at a size in pixels, relative to the start of the baseline; heights grow
    /// downwards.
    pub(crate) fn ink(&self, size: f32) -> Option<Rect> {
        let boxes = self.outlines(size).into_iter().flatten().map(|path| path.bounds());
        boxes.reduce(|one, other| one.join(&other).unwrap_or(one))
    }

    /// The outlines at a size in pixels, relative to the start of the baseline: those to fill, and those to fill and
    /// thicken.
    pub(crate) fn outlines(&self, size: f32) -> [Option<Path>; 2] {
        [false, true].map(|heavy| {
            let mut paths = PathBuilder::new();
            for glyph in self.glyphs.iter().filter(|glyph| glyph.heavy == heavy) {
                let Some(outline) = glyph.face.outline(glyph.id) else { continue };
                let scale = size / glyph.face.units();
                let place = Transform::from_row(scale, 0.0, 0.0, -scale, glyph.x * size, -glyph.y * size);
                let mut pen = Pen { paths: &mut paths, place };
                // A glyph that cannot be drawn is left out.
                let _ = outline.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut pen);
            }
            paths.finish()
        })
    }
}

/// Splits a run into parts that are set in one font each, in logical order.
fn by_face(text: &Text, run: std::ops::Range<usize>) -> Vec<(&'static Face, &str)> {
    let run = text.shown.get(run).unwrap_or_default();
    let mut parts: Vec<(&'static Face, std::ops::Range<usize>)> = Vec::new();
    for (start, cluster) in run.grapheme_indices(true) {
        let end = start + cluster.len();
        let Some(face) = text.fonts.face(cluster) else { continue };
        match parts.last_mut() {
            Some((last, part)) if *last == face => part.end = end,
            _ => parts.push((face, start..end)),
        }
    }
    parts.into_iter().map(|(face, part)| (face, &run[part])).collect()
}

/// Exact: coordinates in fonts are small whole numbers, which both types can represent.
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn f64_to_f32(number: f64) -> f32 {
    number as f32
}

/// Writes an outline to a path, moved to its position.
struct Pen<'a> {
    paths: &'a mut PathBuilder,
    place: Transform,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> Point {
        let mut point = Point::from_xy(x, y);
        self.place.map_point(&mut point);
        point
    }
}

impl PathSink for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.paths.move_to(to.x, to.y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.paths.line_to(to.x, to.y);
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        let (control, to) = (self.at(cx0, cy0), self.at(x, y));
        self.paths.quad_to(control.x, control.y, to.x, to.y);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (first, second, to) = (self.at(cx0, cy0), self.at(cx1, cy1), self.at(x, y));
        self.paths.cubic_to(first.x, first.y, second.x, second.y, to.x, to.y);
    }

    fn close(&mut self) {
        self.paths.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids of the glyphs of a text.
    fn set(raw: &str) -> Vec<u32> {
        Line::new(&Text::new(raw, Style::Regular)).glyphs.iter().map(|glyph| glyph.id).collect()
    }

    #[test]
    fn hebrew_is_set_from_right_to_left() {
        let [one, other, both] = ["ש", "ם", "שם"].map(set);
        assert_eq!(both, [other, one].concat());
    }

    #[test]
    fn arabic_letters_join() {
        assert_ne!(set("ب ب"), set("بب"));
        assert!(
            Line::new(&Text::new("سس", Style::Regular)).width < 2.0 * Line::new(&Text::new("س", Style::Regular)).width
        );
    }

    #[test]
    fn the_ellipsis_of_a_text_from_right_to_left_is_at_its_left() {
        assert_eq!(set("שלום…").first(), set("…").first());
    }

    #[test]
    fn letters_are_kerned() {
        let [pair, one, other] = ["AV", "A", "V"].map(|raw| Line::new(&Text::new(raw, Style::Regular)).width);
        assert!(pair < one + other);
    }

    #[test]
    fn no_glyph_is_a_box_for_an_unknown_character() {
        for start in (0..0x11_0000_u32).step_by(150) {
            let raw: String = (start..start + 150).filter_map(char::from_u32).collect();
            let line = Line::new(&Text::new(&raw, Style::Display));
            assert!(line.glyphs.iter().all(|glyph| glyph.id != 0), "from {start:X}");
        }
    }
}
