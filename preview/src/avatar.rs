//! Decoding an uploaded profile picture: within limits, or not at all.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, imageops::FilterType};
use tiny_skia::{ColorU8, IntSize, Pixmap};

/// The largest file that is decoded, in bytes.
const BYTES: usize = 2 << 20;

/// The most pixels on a side, and in all. Larger pictures are rejected by the size in their header, before anything is
/// decompressed.
const SIDE: u32 = 4096;
const PIXELS: u64 = 4 << 20;

/// How much memory decoding may take besides, in bytes.
const MEMORY: u64 = 64 << 20;

/// A picture, scaled to a square of this many pixels on a side; `None` if it cannot be decoded or is too large.
pub(crate) fn square(file: &[u8], side: u32) -> Option<Pixmap> {
    if file.len() > BYTES {
        return None;
    }
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().ok()?;
    let known = [ImageFormat::Gif, ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    reader.format().filter(|format| known.contains(format))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    let rgba = picture.resize_to_fill(side, side, FilterType::CatmullRom).into_rgba8();
    let pixels = rgba.pixels().map(|pixel| {
        let [red, green, blue, alpha] = pixel.0;
        ColorU8::from_rgba(red, green, blue, alpha).premultiply()
    });
    let bytes = pixels.flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]).collect();
    Pixmap::from_vec(bytes, IntSize::from_wh(side, side)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey PNG whose header says this size, with only the first `there` pixels.
    fn grey(width: u32, height: u32, there: usize) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().unwrap();
        // The encoder returns an error if it gets too little data; the file is what it has written so far.
        let pixels = vec![99; (width as usize * height as usize).min(there)];
        let _ = writer.write_image_data(&pixels);
        drop(writer);
        file
    }

    #[test]
    fn a_picture_is_a_square_of_the_size_that_is_asked_for() {
        let square = square(&grey(40, 90, 3600), 84).unwrap();
        assert_eq!((square.width(), square.height(), square.pixel(0, 83).unwrap().red()), (84, 84, 99));
    }

    #[test]
    fn a_picture_that_says_it_is_huge_is_refused() {
        assert!(square(&grey(60_000, 60_000, 1 << 20), 84).is_none());
        assert!(square(&grey(4000, 4000, 1 << 20), 84).is_none());
    }

    #[test]
    fn a_file_that_is_huge_is_refused() {
        let mut file = grey(40, 40, 1600);
        file.resize(BYTES + 1, 0);
        assert!(square(&file, 84).is_none());
    }

    #[test]
    fn a_broken_picture_is_none() {
        let file = grey(40, 40, 1600);
        assert!(square(&file[..file.len() / 2], 84).is_none());
    }

    #[test]
    fn a_drawing_is_no_picture() {
        assert!(square(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 84).is_none());
    }
}
