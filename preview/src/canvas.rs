//! The drawing surface. Coordinates run from left to right; callers mirror them for pictures that read from right to
//! left.

use tiny_skia::{
    Color, FillRule, FilterQuality, GradientStop, LineJoin, LinearGradient, Mask, Paint as Brush, Path, PathBuilder,
    Pattern, Pixmap, PixmapPaint, PixmapRef, Point, Rect, Shader, SpreadMode, Stroke, Transform,
};

use crate::{Error, line::Line, paint::Paint};

/// By how much strokes are thickened, in ems, to imitate bold in a font with only one weight.
const THICKER: f32 = 0.035;

/// The control points of a Bézier curve that approximates a quarter of a circle, for a radius of one.
const ARC: f32 = 0.552_285;

pub(crate) struct Canvas(Pixmap);

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, paint: Paint) -> Result<Self, Error> {
        let mut pixels = Pixmap::new(width, height).ok_or(Error::Memory)?;
        pixels.fill(paint.color());
        Ok(Self(pixels))
    }

    /// Fills a path, moved or mirrored by `place`.
    pub(crate) fn fill(&mut self, path: Option<&Path>, color: Color, place: Transform) {
        self.fill_with(path, Shader::SolidColor(color), place);
    }

    /// Fills a path with a vertical gradient between two colours; the heights are in the path's own coordinates.
    pub(crate) fn fill_fading(&mut self, path: Option<&Path>, from: (f32, Color), to: (f32, Color), place: Transform) {
        let stops = vec![GradientStop::new(0.0, from.1), GradientStop::new(1.0, to.1)];
        let ends = [Point::from_xy(0.0, from.0), Point::from_xy(0.0, to.0)];
        if let Some(shader) = LinearGradient::new(ends[0], ends[1], stops, SpreadMode::Pad, Transform::identity()) {
            self.fill_with(path, shader, place);
        }
    }

    fn fill_with(&mut self, path: Option<&Path>, shader: Shader<'_>, place: Transform) {
        if let Some(path) = path {
            let brush = Brush { shader, ..Brush::default() };
            self.0.fill_path(path, &brush, FillRule::Winding, place, None::<&Mask>);
        }
    }

    /// Draws a line along a path.
    pub(crate) fn stroke(&mut self, path: Option<&Path>, paint: Paint, stroke: &Stroke, place: Transform) {
        if let Some(path) = path {
            let brush = Brush { shader: Shader::SolidColor(paint.color()), ..Brush::default() };
            self.0.stroke_path(path, &brush, stroke, place, None);
        }
    }

    /// Writes a line of text at a size in pixels, starting at a point of the baseline.
    pub(crate) fn write(&mut self, line: &Line, size: f32, x: f32, y: f32, paint: Paint) {
        self.write_on(line, size, paint, |path| path.transform(Transform::from_translate(x, y)));
    }

    /// Writes a line of text whose outlines are positioned by a function.
    pub(crate) fn write_on(&mut self, line: &Line, size: f32, paint: Paint, place: impl Fn(Path) -> Option<Path>) {
        let [plain, heavy] = line.outlines(size).map(|path| path.and_then(&place));
        self.fill(plain.as_ref(), paint.color(), Transform::identity());
        self.fill(heavy.as_ref(), paint.color(), Transform::identity());
        let stroke = Stroke { width: THICKER * size, line_join: LineJoin::Round, ..Stroke::default() };
        self.stroke(heavy.as_ref(), paint, &stroke, Transform::identity());
    }

    /// Draws a square picture cropped to a circle, over a background colour that shows where the picture is
    /// transparent.
    pub(crate) fn round_picture(
        &mut self,
        picture: PixmapRef<'_>,
        paint: Paint,
        at: [f32; 2],
        side: f32,
    ) -> Result<(), Error> {
        // Both are drawn as one shape: two circles on top of each other would leave a rim of the lower one.
        let mut solid = Self::new(picture.width(), picture.height(), paint)?.0;
        solid.draw_pixmap(0, 0, picture, &PixmapPaint::default(), Transform::identity(), None);
        let shader = Pattern::new(solid.as_ref(), SpreadMode::Pad, FilterQuality::Nearest, 1.0, Transform::identity());
        let circle = PathBuilder::from_circle(side / 2.0, side / 2.0, side / 2.0);
        self.fill_with(circle.as_ref(), shader, Transform::from_translate(at[0], at[1]));
        Ok(())
    }

    /// The pixels as red, green and blue bytes.
    pub(crate) fn rgb(&self) -> Vec<u8> {
        // Nothing is transparent once the house front is painted.
        self.0.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect()
    }
}

pub(crate) fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    Rect::from_xywh(x, y, width, height).map(PathBuilder::from_rect)
}

/// A rectangle with a radius for its upper corners and one for its lower corners.
pub(crate) fn rounded(x: f32, y: f32, width: f32, height: f32, upper: f32, lower: f32) -> Option<Path> {
    let (right, bottom) = (x + width, y + height);
    let (near_upper, near_lower) = (upper * (1.0 - ARC), lower * (1.0 - ARC));
    let mut path = PathBuilder::new();
    path.move_to(x, y + upper);
    path.cubic_to(x, y + near_upper, x + near_upper, y, x + upper, y);
    path.line_to(right - upper, y);
    path.cubic_to(right - near_upper, y, right, y + near_upper, right, y + upper);
    path.line_to(right, bottom - lower);
    path.cubic_to(right, bottom - near_lower, right - near_lower, bottom, right - lower, bottom);
    path.line_to(x + lower, bottom);
    path.cubic_to(x + near_lower, bottom, x, bottom - near_lower, x, bottom - lower);
    path.close();
    path.finish()
}

pub(crate) fn polygon(points: &[[f32; 2]]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (number, [x, y]) in points.iter().enumerate() {
        if number == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
    }
    path.close();
    path.finish()
}
