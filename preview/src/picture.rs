//! The layout of the picture. All measures are in pixels.

use tiny_skia::{PathBuilder, Transform};

use crate::{
    Door, Error, HEIGHT, Inviter, Preview, WIDTH, avatar,
    canvas::{Canvas, rectangle, rounded},
    code::Code,
    doors::{self, Drawn, On, centred},
    fit::{Fitted, one_line, title},
    fonts::Style,
    paint::{Hue, INK, LIGHT, ON_PAINT, PAPER, PLUM, Paint, TEXT},
    text::{Text, initial},
};

/// The margins at the sides and at the top.
const MARGIN: f32 = 64.0;
const TOP: f32 = 48.0;
/// The smallest distance between a text and what is beside it.
const GAP: f32 = 36.0;
/// The height at which the house front meets the ground.
const GROUND: f32 = 552.0;
const FACE: f32 = 84.0;
/// The distance from one door to the next, and the margin before the first door.
const DOOR: f32 = 142.0;
const BEFORE_DOORS: f32 = 47.0;
const MOST_DOORS: usize = 5;
const MARK: f32 = 46.0;
/// Font sizes; the first at which the text fits is used.
const TITLE_IN_ONE: [f32; 2] = [96.0, 84.0];
const TITLE_IN_TWO: [f32; 3] = [72.0, 56.0, 44.0];
const SMALLER: [f32; 2] = [32.0, 27.0];
const HOST: [f32; 3] = [30.0, 25.0, 20.0];
const NAME: [f32; 2] = [25.0, 21.0];

/// Draws a picture. That takes some tens of milliseconds and a few megabytes, whatever the texts and the profile
/// picture are; the first picture with a certain script also decompresses its font.
///
/// # Errors
/// If there is not enough memory, or if the encoder fails.
pub fn draw(preview: &Preview<'_>) -> Result<Vec<u8>, Error> {
    let text = Text::new(preview.title, Style::Display);
    let mut picture = Picture { canvas: Canvas::new(WIDTH, HEIGHT, Hue::new(preview.hue).wash)?, mirrored: text.rtl };
    picture.ground(preview);
    let code = preview.address.and_then(Code::new);
    let width = full() - code.as_ref().map_or(0.0, |code| code.side + GAP);
    if let Some(code) = code {
        picture.code(code);
    }
    if let Some(inviter) = &preview.inviter {
        picture.inviter(inviter, width)?;
    }
    picture.title(preview, &text, width);
    let shown = picture.doors(preview);
    picture.host(preview.host, shown);
    encode(&picture.canvas)
}

#[expect(clippy::cast_precision_loss, reason = "exact")]
fn full() -> f32 {
    WIDTH as f32 - 2.0 * MARGIN
}

struct Picture {
    canvas: Canvas,
    mirrored: bool,
}

impl Picture {
    /// The left edge of something that is `from` pixels away from the side where reading begins.
    fn at(&self, from: f32, width: f32) -> f32 {
        if self.mirrored { full() + 2.0 * MARGIN - from - width } else { from }
    }

    fn ground(&mut self, preview: &Preview<'_>) {
        let ground = rectangle(0.0, GROUND, full() + 2.0 * MARGIN, 100.0);
        self.canvas.fill(ground.as_ref(), Hue::new(preview.hue).ground.color(), Transform::identity());
    }

    /// Writes a text of one line, which begins at a position.
    fn write(&mut self, fitted: &Fitted, from: f32, base: f32, paint: Paint) {
        for line in &fitted.lines {
            let x = self.at(from, line.width * fitted.size);
            self.canvas.write(line, fitted.size, x, base, paint);
        }
    }

    fn code(&mut self, code: Code) {
        let x = self.at(full() + MARGIN - code.side, code.side);
        let paper = rounded(x, TOP, code.side, code.side, 18.0, 18.0);
        self.canvas.fill(paper.as_ref(), PAPER.color(), Transform::identity());
        let dark = code.dark.finish();
        self.canvas.fill(dark.as_ref(), INK.color(), Transform::from_translate(x, TOP));
    }

    fn inviter(&mut self, inviter: &Inviter<'_>, width: f32) -> Result<(), Error> {
        let x = self.at(MARGIN, FACE);
        let paint = Hue::new(inviter.hue).paint;
        match inviter.picture.and_then(|file| avatar::square(file, 84)) {
            Some(picture) => self.canvas.round_picture(picture.as_ref(), paint, [x, TOP], FACE)?,
            None => {
                let circle = PathBuilder::from_circle(x + FACE / 2.0, TOP + FACE / 2.0, FACE / 2.0);
                self.canvas.fill(circle.as_ref(), paint.color(), Transform::identity());
                let fitted = one_line(&initial(inviter.initial), &[39.0, 30.0], FACE - 16.0);
                for line in &fitted.lines {
                    let place = centred(line, fitted.size, x + FACE / 2.0, TOP + FACE / 2.0);
                    self.canvas.write(line, fitted.size, place.tx, place.ty, ON_PAINT);
                }
            }
        }
        let [name, says] =
            [(inviter.name, Style::Bold), (inviter.says, Style::Regular)].map(|(raw, style)| Text::new(raw, style));
        let (from, width) = (MARGIN + FACE + 20.0, width - FACE - 20.0);
        // A single line is vertically centred on the profile picture.
        let bases = if name.is_empty() || says.is_empty() { [101.0; 2] } else { [82.0, 120.0] };
        for (text, base) in [name, says].iter().zip(bases) {
            self.write(&one_line(text, &SMALLER, width), from, base, TEXT);
        }
        Ok(())
    }

    fn title(&mut self, preview: &Preview<'_>, text: &Text, width: f32) {
        let Fitted { lines, size } = title(text, &TITLE_IN_ONE, &TITLE_IN_TWO, width);
        let above = TOP + FACE;
        let mut base = above + 20.0 + 0.97 * size;
        let mut below = above + 60.0;
        for line in lines {
            // Some scripts have higher or deeper letters than others, and must not touch what is above or below.
            let ink = line.ink(size).map_or((0.0, 0.0), |ink| (ink.top(), ink.bottom()));
            base = base.max(above + 14.0 - ink.0);
            below = base + (0.15 * size).max(ink.1) + 36.0;
            self.write(&Fitted { lines: vec![line], size }, MARGIN, base, Hue::new(preview.hue).text);
            base += 1.08 * size;
        }
        self.write(&one_line(&Text::new(preview.below, Style::Regular), &SMALLER, width), MARGIN, below, TEXT);
    }

    /// Draws the doors, and returns how many.
    fn doors(&mut self, preview: &Preview<'_>) -> usize {
        let total = preview.total.max(preview.doors.len());
        let more = total > MOST_DOORS;
        let shown = total.min(MOST_DOORS);
        for number in 0..shown {
            let door = preview.doors.get(number).copied().unwrap_or_default();
            let (on, name) = match more && number + 1 == shown {
                true => (On::More(Text::new(&format!("+{}", total - number), Style::Display)), ""),
                false => (On::new(door.leaf), door.name),
            };
            let hue = if matches!(on, On::More(_)) { preview.hue } else { door.hue };
            let drawn = Drawn { hue: Hue::new(hue), on, open: preview.open && number == 0 };
            self.door(&drawn, &Door { name, ..door }, number);
        }
        shown
    }

    #[expect(clippy::cast_precision_loss, reason = "at most five")]
    fn door(&mut self, drawn: &Drawn, door: &Door<'_>, number: usize) {
        let x = self.at(BEFORE_DOORS + DOOR * number as f32, DOOR);
        drawn.draw(&mut self.canvas, x + (DOOR - doors::WIDTH) / 2.0, GROUND - doors::HEIGHT, self.mirrored);
        let fitted = one_line(&Text::new(door.name, Style::Regular), &NAME, DOOR - 12.0);
        for line in &fitted.lines {
            let x = x + (DOOR - line.width * fitted.size) / 2.0;
            self.canvas.write(line, fitted.size, x, 589.0, TEXT);
        }
    }

    /// Writes the host name at the far end of the ground, after the logo.
    #[expect(clippy::cast_precision_loss, reason = "at most five")]
    fn host(&mut self, host: &str, doors: usize) {
        let text = Text::new(host, Style::Display);
        if text.is_empty() {
            return;
        }
        let room = full() + MARGIN - (BEFORE_DOORS + DOOR * doors as f32) - 14.0 - MARK - GAP / 2.0;
        let fitted = one_line(&text, &HOST, room);
        let wide = fitted.lines.iter().map(|line| line.width * fitted.size).fold(0.0, f32::max);
        let from = full() + MARGIN - wide;
        self.write(&fitted, from, 586.0 + 0.35 * fitted.size, TEXT);
        self.mark(self.at(from - 14.0 - MARK, MARK), 563.0);
    }

    /// The logo (`public/favicon.svg`), which is drawn in 32 units.
    fn mark(&mut self, x: f32, y: f32) {
        let place = Transform::from_row(MARK / 32.0, 0.0, 0.0, MARK / 32.0, x, y);
        self.canvas.fill(rounded(0.0, 0.0, 32.0, 32.0, 8.0, 8.0).as_ref(), PLUM.color(), place);
        self.canvas.fill(rounded(9.0, 6.0, 14.0, 20.0, 7.0, 0.0).as_ref(), LIGHT.color(), place);
        let mut leaf = PathBuilder::new();
        leaf.move_to(9.0, 26.0);
        leaf.line_to(9.0, 13.0);
        leaf.cubic_to(9.0, 9.44, 11.67, 6.49, 15.2, 6.05);
        leaf.line_to(17.6, 9.0);
        leaf.line_to(17.6, 28.4);
        leaf.close();
        self.canvas.fill(leaf.finish().as_ref(), ON_PAINT.color(), place);
        self.canvas.fill(PathBuilder::from_circle(15.2, 17.6, 1.25).as_ref(), PLUM.color(), place);
    }
}

fn encode(canvas: &Canvas) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    // The slower setting makes flat colours no smaller.
    encoder.set_compression(png::Compression::Balanced);
    encoder.write_header()?.write_image_data(&canvas.rgb())?;
    Ok(bytes)
}
