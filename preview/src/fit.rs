//! Fitting a text into a width: at a smaller size, on two lines, and finally truncated with an ellipsis.

use unicode_segmentation::UnicodeSegmentation;

use crate::{line::Line, text::Text};

/// The lines of a text, and the size in pixels at which they fit.
pub(crate) struct Fitted {
    pub(crate) lines: Vec<Line>,
    pub(crate) size: f32,
}

/// A text on one line within a width in pixels: at the first of the sizes at which it fits, or else truncated at the
/// last one.
pub(crate) fn one_line(text: &Text, sizes: &[f32], width: f32) -> Fitted {
    let line = Line::new(text);
    let fits = sizes.iter().copied().find(|size| line.width * size <= width);
    match (fits, sizes.last()) {
        (Some(size), _) => Fitted { lines: vec![line], size },
        (None, Some(&size)) => Fitted { lines: vec![cut(text, width / size)], size },
        (None, None) => Fitted { lines: Vec::new(), size: 0.0 },
    }
}

/// A title: on one line at one of the `large` sizes, or else on up to two at one of the `small` ones.
pub(crate) fn title(text: &Text, large: &[f32], small: &[f32], width: f32) -> Fitted {
    let line = Line::new(text);
    if let Some(&size) = large.iter().find(|size| line.width * **size <= width) {
        return Fitted { lines: vec![line], size };
    }
    let mut two = in_two(text);
    for &size in small {
        let most = width / size;
        if line.width <= most {
            return Fitted { lines: vec![line], size };
        }
        if let Some(lines) = two.take_if(|lines| longer(lines) <= most) {
            return Fitted { lines: lines.into(), size };
        }
    }
    let size = small.last().copied().unwrap_or_default();
    Fitted { lines: broken(text, width / size), size }
}

/// Two lines of widths as equal as possible, if there is a place to break the text.
fn in_two(text: &Text) -> Option<[Line; 2]> {
    let halves = breaks(&text.shown).map(|at| halves(text, at).map(|half| Line::new(&half)));
    halves.min_by(|one, other| longer(one).total_cmp(&longer(other)))
}

fn longer(lines: &[Line; 2]) -> f32 {
    lines[0].width.max(lines[1].width)
}

/// Two lines: the first as full as possible, the second truncated.
fn broken(text: &Text, most: f32) -> Vec<Line> {
    let fits = |at: &usize| Line::new(&halves(text, *at)[0]).width <= most;
    let word = breaks(&text.shown).take_while(fits).last();
    // A word that is longer than the line is broken anywhere, and so is one that would leave the first line half empty.
    let roomy = |at: &usize| Line::new(&halves(text, *at)[0]).width > most * 0.4;
    let anywhere = || longest(text, most, "").0;
    let [first, second] = halves(text, word.filter(roomy).unwrap_or_else(anywhere));
    [Line::new(&first), cut(&second, most)].into_iter().filter(|line| line.width > 0.0).collect()
}

/// The text, truncated with an ellipsis if it does not fit.
fn cut(text: &Text, most: f32) -> Line {
    let line = Line::new(text);
    if line.width <= most { line } else { longest(text, most, "…").1 }
}

/// The longest beginning of a text that fits together with `after`: where it ends, and the line.
fn longest(text: &Text, most: f32, after: &str) -> (usize, Line) {
    let ends: Vec<usize> = text.shown.grapheme_indices(true).map(|(at, _)| at).chain([text.shown.len()]).collect();
    let set = |end: usize| Line::new(&text.part(text.shown[..end].trim_end().to_owned() + after));
    let fitting = ends.partition_point(|end| set(*end).width <= most);
    let end = ends[fitting.saturating_sub(1)];
    (end, set(end))
}

/// The parts before and after a position.
fn halves(text: &Text, at: usize) -> [Text; 2] {
    let (first, second) = text.shown.split_at(at);
    [first.trim_end(), second.trim_start()].map(|half| text.part(half.to_owned()))
}

/// The positions at which a line may break: after a space or a hyphen, and between characters of scripts that are
/// written without spaces.
fn breaks(text: &str) -> impl Iterator<Item = usize> {
    let mut before = ' ';
    text.grapheme_indices(true).filter_map(move |(at, cluster)| {
        let first = cluster.chars().next()?;
        let word = matches!(before, ' ' | '-' | '–' | '—' | '/') && first != ' ';
        let between = is_east_asian(before) && is_east_asian(first);
        let may = at > 0 && (word || between && !stays_with_what_is_before(first) && !"「『（【《〈".contains(before));
        before = cluster.chars().last()?;
        may.then_some(at)
    })
}

/// Chinese and Japanese, which are written without spaces; Korean has them.
fn is_east_asian(character: char) -> bool {
    matches!(
        character,
        '\u{2E80}'..='\u{312F}'
            | '\u{31C0}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF00}'..='\u{FFEF}'
            | '\u{20000}'..='\u{3FFFF}'
    )
}

fn stays_with_what_is_before(character: char) -> bool {
    "、。，．・：；？！）」』】》〉ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::Style;

    fn text(raw: &str) -> Text {
        Text::new(raw, Style::Regular)
    }

    #[test]
    fn a_text_that_fits_is_as_large_as_can_be() {
        assert!((one_line(&text("Seeds"), &[32.0, 16.0], 900.0).size - 32.0).abs() < 0.1);
    }

    #[test]
    fn no_line_is_wider_than_there_is_room() {
        for raw in ["x".repeat(900), "W W ".repeat(300), "שלום ".repeat(99), "花园".repeat(99), "مرحبا".repeat(99)]
        {
            let one = one_line(&text(&raw), &[32.0, 26.0], 400.0);
            let two = title(&text(&raw), &[96.0], &[72.0, 44.0], 400.0);
            assert!(one.lines.len() == 1 && two.lines.len() == 2);
            for (fitted, line) in [&one, &two].into_iter().flat_map(|all| all.lines.iter().map(move |line| (all, line)))
            {
                assert!(line.width * fitted.size <= 400.0, "{raw}");
            }
        }
    }

    #[test]
    fn an_ellipsis_in_no_room_is_all_there_is() {
        assert_eq!(longest(&text("Seeds"), 0.1, "…").0, 0);
    }

    #[test]
    fn lines_end_between_words_and_between_chinese_characters() {
        let at = |raw: &'static str| breaks(raw).map(|at| &raw[..at]).collect::<Vec<_>>();
        assert_eq!((at("a bc-d"), at("花园。社")), (vec!["a ", "a bc-"], vec!["花", "花园。"]));
    }

    #[test]
    fn two_lines_are_about_even() {
        let two = title(&text("one two three four"), &[], &[40.0], 250.0);
        let [first, second] = two.lines.as_slice() else { panic!("not two lines") };
        assert!((first.width - second.width).abs() < 2.5);
    }
}
