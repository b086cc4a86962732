//! Doors, as in `style/doors.css`: an arch with a fanlight, and a leaf with a letter and a knob. All measures are in
//! pixels.

use tiny_skia::{LineCap, LineJoin, Path, PathBuilder, Point, Stroke, Transform};

use crate::{
    Leaf,
    canvas::{Canvas, polygon, rectangle, rounded},
    fit::one_line,
    line::Line,
    paint::{GLASS, Hue, LIGHT, LIGHT_SOFT, ON_PAINT},
    text::{Text, initial},
};

pub(crate) const WIDTH: f32 = 106.0;
pub(crate) const HEIGHT: f32 = 169.6;

/// The width of the frame: 8 % of the door's width.
const FRAME: f32 = 8.48;
const FAN_HEIGHT: f32 = 44.1;
const LEAF_TOP: f32 = 59.4;
const LEAF_WIDTH: f32 = WIDTH - 2.0 * FRAME;
const LEAF_HEIGHT: f32 = HEIGHT - LEAF_TOP;
const KNOB: f32 = 4.5;

/// The rotation of an open leaf: 68 degrees.
const OPEN_COS: f32 = 0.374_607;
const OPEN_SIN: f32 = 0.927_184;
/// The distance of the viewer, for the perspective.
const DISTANCE: f32 = 5.0 * WIDTH;

/// The sizes of the letter on a leaf, and its greatest width, so that it does not touch the knob.
const LETTER: [f32; 4] = [42.0, 34.0, 26.0, 20.0];
const LETTER_WIDTH: f32 = 46.0;

/// A door, ready to be drawn.
pub(crate) struct Drawn {
    pub(crate) hue: Hue,
    pub(crate) on: On,
    pub(crate) open: bool,
}

/// What is on the leaf of a door.
pub(crate) enum On {
    Letter(Text),
    Bubble,
    /// The number of doors that are not drawn. This door is dark and has no knob.
    More(Text),
}

impl On {
    pub(crate) fn new(leaf: Leaf<'_>) -> Self {
        match leaf {
            Leaf::Blank => Self::Letter(initial("")),
            Leaf::Initial(name) => Self::Letter(initial(name)),
            Leaf::Chat => Self::Bubble,
        }
    }
}

impl Drawn {
    /// Draws the door with its upper left corner at a point, hinged at the right if `mirrored`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, x: f32, y: f32, mirrored: bool) {
        let place = match mirrored {
            false => Transform::from_translate(x, y),
            true => Transform::from_row(-1.0, 0.0, 0.0, 1.0, x + WIDTH, y),
        };
        self.frame(canvas, place);
        let paint = if matches!(self.on, On::More(_)) { self.hue.deep } else { self.hue.paint };
        // Where a point of the leaf is drawn, relative to the middle of its hinged side.
        let turned = |point: Point| if self.open { turn(point) } else { point };
        let to_frame = Transform::from_translate(FRAME, LEAF_TOP + LEAF_HEIGHT / 2.0).post_concat(place);
        let on_leaf = |path: Path| mapped(&path, turned).and_then(|path| path.transform(to_frame));
        let leaf = rectangle(0.0, -LEAF_HEIGHT / 2.0, LEAF_WIDTH, LEAF_HEIGHT).and_then(on_leaf);
        canvas.fill(leaf.as_ref(), paint.color(), Transform::identity());
        if !matches!(self.on, On::More(_)) {
            let (x, y) = (LEAF_WIDTH * 0.91 - KNOB, LEAF_HEIGHT * 0.02 + KNOB);
            let knob = PathBuilder::from_circle(x, y, KNOB).and_then(on_leaf);
            canvas.fill(knob.as_ref(), LIGHT.color(), Transform::identity());
        }
        match &self.on {
            On::Letter(text) | On::More(text) => {
                let more = matches!(self.on, On::More(_));
                let fitted = one_line(text, &LETTER, if more { LEAF_WIDTH - 16.0 } else { LETTER_WIDTH });
                for line in &fitted.lines {
                    // Letters are not mirrored with the door.
                    let back = if mirrored {
                        Transform::from_row(-1.0, 0.0, 0.0, 1.0, LEAF_WIDTH, 0.0)
                    } else {
                        Transform::identity()
                    };
                    let middle = centred(line, fitted.size, LEAF_WIDTH / 2.0, 0.0).post_concat(back);
                    canvas.write_on(line, fitted.size, ON_PAINT, |path| path.transform(middle).and_then(on_leaf));
                }
            }
            On::Bubble => {
                let stroke =
                    Stroke { width: 4.0, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
                canvas.stroke(bubble().and_then(on_leaf).as_ref(), ON_PAINT, &stroke, Transform::identity());
            }
        }
    }

    fn frame(&self, canvas: &mut Canvas, place: Transform) {
        let arch = rounded(0.0, 0.0, WIDTH, HEIGHT, WIDTH / 2.0, 0.0);
        canvas.fill(arch.as_ref(), self.hue.deep.color(), place);
        let fan = rounded(FRAME, FRAME, LEAF_WIDTH, FAN_HEIGHT, FAN_HEIGHT, 1.0);
        let glass = if self.open { LIGHT } else { GLASS };
        canvas.fill(fan.as_ref(), glass.color(), place);
        // The fanlight: three bars, four degrees wide, from below its middle into the frame.
        let (middle, foot) = (WIDTH / 2.0, FRAME + FAN_HEIGHT * 1.08);
        for sides in [
            [[-0.731, -0.682], [-0.682, -0.731]],
            [[-0.035, -0.999], [0.035, -0.999]],
            [[0.682, -0.731], [0.731, -0.682]],
        ] {
            let [one, other] = sides.map(|[x, y]: [f32; 2]| [middle + x * 50.0, foot + y * 50.0]);
            canvas.fill(polygon(&[[middle, foot], one, other]).as_ref(), self.hue.deep.color(), place);
        }
        if self.open {
            let opening = rectangle(FRAME, LEAF_TOP, LEAF_WIDTH, LEAF_HEIGHT);
            canvas.fill_fading(opening.as_ref(), (LEAF_TOP, LIGHT.color()), (HEIGHT, LIGHT_SOFT.color()), place);
            let left = WIDTH / 2.0 - WIDTH * 0.75;
            let across = |share: f32| left + share * WIDTH * 1.5;
            let (near, far) = (HEIGHT, HEIGHT + 48.0);
            let spill = [[across(0.24), near], [across(0.82), near], [across(1.0), far], [across(0.04), far]];
            let [bright, gone] = [LIGHT.with_alpha(191), LIGHT.with_alpha(0)];
            canvas.fill_fading(polygon(&spill).as_ref(), (near + 7.2, bright), (near + 46.0, gone), place);
        }
    }
}

/// The position of a line of text such that the middle of its visible outlines is at a point.
pub(crate) fn centred(line: &Line, size: f32, x: f32, y: f32) -> Transform {
    let middle = line
        .ink(size)
        .map_or((0.0, 0.0), |ink| (f32::midpoint(ink.left(), ink.right()), f32::midpoint(ink.top(), ink.bottom())));
    Transform::from_translate(x - middle.0, y - middle.1)
}

/// The perspective projection of a point of an open leaf.
fn turn(point: Point) -> Point {
    let nearer = DISTANCE / (DISTANCE - point.x * OPEN_SIN);
    Point::from_xy(point.x * OPEN_COS * nearer, point.y * nearer)
}

/// A path with each of its points moved. For curves, that is close enough to an exact projection.
fn mapped(path: &Path, to: impl Fn(Point) -> Point) -> Option<Path> {
    use tiny_skia::PathSegment::{Close, CubicTo, LineTo, MoveTo, QuadTo};
    let mut moved = PathBuilder::new();
    for segment in path.segments() {
        match segment {
            MoveTo(end) => moved.move_to(to(end).x, to(end).y),
            LineTo(end) => moved.line_to(to(end).x, to(end).y),
            QuadTo(control, end) => moved.quad_to(to(control).x, to(control).y, to(end).x, to(end).y),
            CubicTo(one, other, end) => {
                let [one, other, end] = [one, other, end].map(&to);
                moved.cubic_to(one.x, one.y, other.x, other.y, end.x, end.y);
            }
            Close => moved.close(),
        }
    }
    moved.finish()
}

/// A speech bubble in the middle of a leaf: the direct chat.
fn bubble() -> Option<Path> {
    // The icon of the pages, which has 24 units, at two pixels per unit.
    let place = Transform::from_row(2.0, 0.0, 0.0, 2.0, LEAF_WIDTH / 2.0 - 24.0, -24.0);
    let mut path = PathBuilder::new();
    path.move_to(4.0, 6.5);
    path.cubic_to(4.0, 5.12, 5.12, 4.0, 6.5, 4.0);
    path.line_to(17.5, 4.0);
    path.cubic_to(18.88, 4.0, 20.0, 5.12, 20.0, 6.5);
    path.line_to(20.0, 13.5);
    path.cubic_to(20.0, 14.88, 18.88, 16.0, 17.5, 16.0);
    path.line_to(11.0, 16.0);
    path.line_to(6.0, 20.0);
    path.line_to(6.0, 15.9);
    path.cubic_to(4.85, 15.67, 4.0, 14.7, 4.0, 13.5);
    path.close();
    path.finish().and_then(|path| path.transform(place))
}
