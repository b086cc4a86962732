//! Tests of whole pictures. `PREVIEW_DIR=folder cargo test -p preview` also writes them to a folder, to be looked at.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::{Door, Inviter, Leaf, Preview, draw};

const ADDRESS: &str = "https://invite.example.org/i/Xk3TqV9mPz";

/// An invite with these names and doors; `by` is the inviter's name and the line below it.
fn invite<'a>(by: [&'a str; 2], title: &'a str, below: &'a str, doors: &'a [Door<'a>]) -> Preview<'a> {
    let inviter = Inviter { name: by[0], says: by[1], initial: by[0], hue: Some(12), picture: None };
    Preview {
        inviter: Some(inviter),
        title,
        below,
        hue: Some(5),
        doors,
        total: doors.len(),
        open: true,
        host: "invite.example.org",
        address: Some(ADDRESS),
    }
}

fn rooms<'a>(names: &[&'a str], host: &'a str) -> Vec<Door<'a>> {
    let hues = [8, 3, 1, 10, 7];
    let room = |(name, hue): (&&'a str, u8)| Door { hue: Some(hue), leaf: Leaf::Initial(name), name };
    let chat = Door { hue: Some(12), leaf: Leaf::Chat, name: host };
    names.iter().zip(hues).map(room).chain((!host.is_empty()).then_some(chat)).collect()
}

/// A picture that compresses like a photograph: smooth, with noise.
fn photograph(side: u32) -> Vec<u8> {
    let mut noise = 1_u32;
    let mut pixels = Vec::new();
    for y in 0..side {
        for x in 0..side {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let shade = |share: u32| u8::try_from((x * 120 + y * 90) / side + share + (noise >> 28)).unwrap();
            pixels.extend([shade(0), shade(20), shade(10)]);
        }
    }
    png_of(side, side, &pixels)
}

fn png_of(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

fn pixels(file: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (crate::WIDTH, crate::HEIGHT));
    pixels
}

#[expect(clippy::disallowed_methods, reason = "only tests read it")]
fn keep(name: &str, file: &[u8]) {
    if let Ok(folder) = std::env::var("PREVIEW_DIR") {
        std::fs::write(format!("{folder}/{name}.png"), file).unwrap();
    }
}

/// Calls `with` for every kind of picture, with a name for it.
fn all(with: &mut dyn FnMut(&str, &Preview<'_>)) {
    let english = rooms(&["General", "Compost", "Seeds", "Market"], "Anna");
    let by = ["Anna Ahlgren", "invites you to"];
    let below = "128 members · 4 rooms and a chat with Anna";
    with("latin", &invite(by, "Garden Collective", below, &english));
    let greek = rooms(&["Γενικά", "Σπόροι", "Αγορά"], "Ελένη");
    let greek = invite(["Ελένη Παπαδοπούλου", "σας προσκαλεί στο"], "Κήπος της γειτονιάς", "3 δωμάτια", &greek);
    with("greek", &Preview { hue: Some(8), ..greek });
    let cyrillic = rooms(&["Общее", "Семена", "Рынок"], "Жанна");
    let cyrillic = invite(["Жанна Щербакова", "приглашает вас"], "Общество садоводов", "3 комнаты и чат", &cyrillic);
    with("cyrillic", &Preview { hue: Some(2), ..cyrillic });
    let arabic = rooms(&["عام", "بذور", "سوق"], "ليلى");
    let arabic = invite(["ليلى الحدّاد", "تدعوك إلى"], "حديقة الحي المشتركة", "٣ غرف ومحادثة مع ليلى", &arabic);
    with("arabic", &Preview { hue: Some(3), ..arabic });
    let hebrew = rooms(&["כללי", "זרעים", "שוק"], "נועה");
    let hebrew = invite(["נועה בן־דוד", "מזמינה אותך אל"], "הגינה הקהילתית (2024)", "3 חדרים וצ׳אט עם Noa", &hebrew);
    with("hebrew", &Preview { hue: Some(7), ..hebrew });
    let foreign =
        invite(["Noa Ben-David", "invites you to"], "הגינה הקהילתית של השכונה הצפונית ליד הנחל", below, &english);
    with("foreign", &Preview { hue: Some(4), ..foreign });
    let chinese = rooms(&["大厅", "种子", "市场"], "安娜");
    let chinese = invite(["王安娜", "邀请您加入"], "社区花园", "3 个房间，还可与安娜聊天", &chinese);
    with("chinese", &Preview { hue: Some(1), ..chinese });
    let japanese = rooms(&["広場", "たね", "マーケット"], "鈴木");
    let japanese = invite(["鈴木 花子", "さんからの招待"], "みんなの菜園クラブ", "3つのルームとチャット", &japanese);
    with("japanese", &Preview { hue: Some(10), ..japanese });
    let korean = rooms(&["일반", "씨앗", "시장"], "안나");
    let korean = invite(["김안나", "님이 초대합니다"], "우리 동네 텃밭 모임", "방 3개와 안나와의 대화", &korean);
    with("korean", &Preview { hue: Some(11), ..korean });
    let mixed = rooms(&["Général", "花园", "Αγορά", "שוק"], "Łukasz");
    with(
        "mixed",
        &Preview {
            hue: Some(9), ..invite(["Łukasz Żółć", "invites you to"], "Garten 花园 Сад 🌻 גן", below, &mixed)
        },
    );
    let markup = rooms(&["<b>", "&amp;", "</text>"], "\"'");
    with(
        "markup",
        &invite(
            ["<script>", "invites you to"],
            "</text><script>alert(1)</script>",
            "&lt;image href=\"file:///etc/passwd\"/&gt;",
            &markup,
        ),
    );
    let long = "The Society for the Preservation of Community Gardens, Allotments and Greenhouses of the Northern Lake District";
    with("long", &invite(by, long, &format!("{long} · {long}"), &english));
    let two = invite(by, "Friends of the Botanical Garden", below, &english);
    with("two-lines", &Preview { hue: Some(6), ..two });
    let endless = "Endless ".repeat(1250);
    let names = rooms(&[&endless, &endless, &endless, &endless, &endless], "");
    with(
        "endless",
        &Preview { total: 5000, host: &endless, ..invite([&endless, &endless], &endless, &endless, &names) },
    );
    let tower = format!("Z{0}a{0}l{0}g{0}o{0}", "\u{30D}\u{316}\u{340}\u{337}".repeat(500));
    with("zalgo", &invite([&tower, "invites you to"], &tower, &tower, &english));
    let emoji = rooms(&["🌻", "🥕🥕", "🇩🇪"], "🌻");
    with("emoji", &invite(["🌻🌻", "invites you to"], "🌻🥕👩‍🌾", "🌱", &emoji));
    with(
        "turned",
        &invite(["\u{202E}nerlhA annA", "invites you to"], "Garden\u{202E}evitcelloC\n\u{0}", below, &english),
    );
    let grey = [Door::default(); 3];
    with(
        "ended",
        &Preview {
            title: "This invite has ended",
            host: "invite.example.org",
            doors: &grey,
            total: 3,
            ..Preview::default()
        },
    );
    let hidden = Inviter { name: "", says: "", initial: "Anna", hue: Some(12), picture: None };
    let none = invite(by, "Anna Ahlgren", "invites you to 4 rooms and a chat", &[]);
    with("hidden", &Preview { inviter: Some(hidden), hue: Some(12), total: 5, ..none });
    let photograph = photograph(96);
    let seen = Inviter { picture: Some(&photograph), ..none.inviter.unwrap() };
    with(
        "photograph",
        &Preview { inviter: Some(seen), hue: Some(4), total: 12, doors: &english, address: None, ..two },
    );
}

#[cfg_attr(not(feature = "cjk"), ignore = "Chinese, Japanese and Korean are left out")]
#[test]
fn pictures_are_what_they_were() {
    let mut hashes = String::new();
    all(&mut |name, preview| {
        let file = draw(preview).unwrap();
        keep(name, &file);
        let hash = Sha256::digest(pixels(&file));
        writeln!(hashes, "{name:11}{hash:x}").unwrap();
    });
    insta::assert_snapshot!(hashes);
}

#[test]
fn a_picture_is_smaller_than_a_hundred_kilobytes() {
    let host = rooms(&["General", "Compost", "Seeds", "Market"], "Anna");
    let photograph = photograph(640);
    let none = invite(["Anna Ahlgren", "invites you to"], "Friends of the Botanical Garden", "128 members", &host);
    let inviter = Inviter { picture: Some(&photograph), ..none.inviter.unwrap() };
    let file = draw(&Preview { inviter: Some(inviter), ..none }).unwrap();
    assert!(file.len() < 100_000, "{}", file.len());
}

#[test]
fn nothing_of_a_name_is_in_the_file_but_as_pixels() {
    let file = draw(&invite(["<script>", "invites"], "</text><script>alert(1)</script>", "", &[])).unwrap();
    let mut rest = &file[8..];
    let mut kinds = Vec::new();
    while let [a, b, c, d, kind @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        kinds.push(String::from_utf8_lossy(&kind[..4]).into_owned());
        rest = &kind[4 + length + 4..];
    }
    kinds.dedup();
    assert_eq!(kinds, ["IHDR", "IDAT", "IEND"]);
}

#[test]
fn an_initial_stands_in_for_a_broken_picture() {
    let none = invite(["Anna", "invites you to"], "Garden", "", &[]);
    let broken = Inviter { picture: Some(b"\x89PNG\r\n\x1a\n no"), ..none.inviter.unwrap() };
    let broken = Preview { inviter: Some(broken), ..none };
    assert!(draw(&broken).unwrap() == draw(&none).unwrap());
}

#[test]
fn whether_a_text_can_be_drawn_is_known_before() {
    assert_eq!(["Garden 🌻", "🌻🥕", "", "花园"].map(crate::can_draw), [true, false, false, cfg!(feature = "cjk")]);
}

#[test]
fn a_code_leads_to_the_address() {
    let file = draw(&invite(["Anna", "invites you to"], "Garden", "", &[])).unwrap();
    let pixels = pixels(&file);
    let width = crate::WIDTH as usize;
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, crate::HEIGHT as usize, |x, y| pixels[3 * (y * width + x)]);
    assert_eq!(image.detect_grids()[0].decode().unwrap().1, ADDRESS);
}

/// How long a picture takes: `cargo test --release -p preview -- --ignored --nocapture speed`.
#[test]
#[ignore = "measures"]
fn speed() {
    // The largest picture that is accepted.
    let flat = png_of(2048, 2048, &vec![99; 3 << 22]);
    let start = std::time::Instant::now();
    assert!(crate::avatar::square(&flat, 84).is_some());
    println!("largest picture of a person: {} ms", start.elapsed().as_millis());
    let names = ["first", "again"];
    for name in names {
        let mut times = Vec::new();
        all(&mut |picture, preview| {
            let start = std::time::Instant::now();
            let file = draw(preview).unwrap();
            times.push(format!("{picture} {} ms {} kB", start.elapsed().as_millis(), file.len() / 1000));
        });
        println!("{name}: {}", times.join(", "));
    }
}
