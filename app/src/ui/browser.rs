//! Browser features, each with a fallback where the browser lacks it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use js_sys::{Array, Date, Function, JsString, Object, Promise, Reflect};
use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, JsValue, closure::Closure},
    web_sys::{self, MediaStream, MediaStreamTrack},
};
use send_wrapper::SendWrapper;
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventSource, HtmlVideoElement, MediaStreamConstraints, MessageEvent};

use crate::{Progress, backend::here, utc_millis, utc_text, wire::Answer, wording, words};

/// For how long a button says what it has done.
const SAID: Duration = Duration::from_secs(2);

/// Tells the style sheet that scripts run, and which features the browser has: what needs them is hidden until then
/// (`style/main.css`).
pub(crate) fn announce() {
    let navigator = window().navigator();
    let root = document().document_element().map(|root| root.class_list());
    let tell = |class, is: bool| root.as_ref().map(|classes| classes.toggle_with_force(class, is));
    tell("scripted", true);
    tell("can-share", has(&navigator, "share"));
    // Needs the Shape Detection API (WICG) and access to cameras.
    tell("can-scan", has(&window(), "BarcodeDetector") && has(&navigator, "mediaDevices"));
    // Whoever moves on by keyboard leaves a menu as whoever presses beside it. Safari on a phone has no `click` for what
    // does nothing when it is pressed.
    for kind in ["pointerdown", "focusin", "keydown"] {
        let close = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| {
            let key = event.dyn_ref::<web_sys::KeyboardEvent>().map(web_sys::KeyboardEvent::key);
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            // Where what is pressed in a menu takes no focus (in Safari buttons and links do not either), the page around
            // the menu gets it.
            let around = event.type_() == "focusin"
                && target.as_ref().is_some_and(|target| matches!(target.query_selector(OPEN_MENUS), Ok(Some(_))));
            match key.as_deref() {
                Some("Escape") => close_menus(None),
                None if !around => close_menus(target.as_deref()),
                _ => {}
            }
        });
        document().add_event_listener_with_callback(kind, close.as_ref().unchecked_ref()).ok();
        // The listener is needed for as long as the page lives.
        close.forget();
    }
}

/// A time in words, in the page's language and the visitor's time zone.
pub(crate) fn local_text(at: i64) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        Reflect::set(&options, &name.into(), &value.into()).ok();
    }
    day(at).to_locale_string(&words::language().locale(), &options).into()
}

/// Writes the days that are marked with `data-day` as they are in the page’s language and the visitor’s time zone.
pub(crate) fn local_days() {
    let Ok(days) = document().query_selector_all("time[data-day]") else { return };
    for number in 0..days.length() {
        let Some(element) = days.item(number).and_then(|day| day.dyn_into::<web_sys::Element>().ok()) else { continue };
        let day = Date::new(&element.get_attribute("datetime").unwrap_or_default().into());
        let options = Object::new();
        let this_year = day.get_full_year() == Date::new_0().get_full_year();
        let year = (!this_year).then_some(("year", "numeric"));
        for (name, value) in [("day", "numeric"), ("month", "short")].into_iter().chain(year) {
            Reflect::set(&options, &name.into(), &value.into()).ok();
        }
        element.set_text_content(Some(&String::from(day.to_locale_date_string(&words::language().locale(), &options))));
    }
}

/// Puts the times within an element in words, in the page’s language and the visitor’s time zone.
pub(crate) fn localize(within: &web_sys::Element) {
    let Ok(times) = within.query_selector_all("time") else { return };
    for number in 0..times.length() {
        let time = times.item(number).and_then(|time| time.dyn_into::<web_sys::Element>().ok());
        let at = time.as_ref().and_then(|time| time.get_attribute("datetime"));
        // A day without a time stays as it is.
        if let (Some(time), Some(at)) = (time, at.and_then(|at| utc_millis(at.trim_end_matches('Z')))) {
            time.set_text_content(Some(&local_text(at)));
        }
    }
}

/// Converts the value of a UTC time field for one in the visitor's time zone.
pub(crate) fn local_field(utc: &str) -> String {
    let Some(at) = utc_millis(utc) else { return String::new() };
    let offset = day(at).get_timezone_offset();
    utc_text(at - minutes(offset))
}

/// Converts the value of a time field in the visitor's time zone for one in UTC.
pub(crate) fn utc_field(local: &str) -> String {
    // A date and time without a zone is local time (ECMAScript, "Date Time String Format").
    let at = Date::new(&local.into()).value_of();
    if at.is_nan() { String::new() } else { utc_text(minutes(at / 60_000.0)) }
}

fn day(at: i64) -> Date {
    let (days, rest) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000));
    // Exact: JavaScript's numbers hold every `i32`.
    let number = |number: i64| f64::from(i32::try_from(number).unwrap_or_default());
    Date::new(&(number(days) * 86_400_000.0 + number(rest)).into())
}

/// Converts a number of minutes, without its fraction, to milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "minutes since the epoch fit")]
fn minutes(number: f64) -> i64 {
    number as i64 * 60_000
}

const OPEN_MENUS: &str = "details.dropdown[open]";

/// Closes every open menu except the one that contains a node.
fn close_menus(except: Option<&web_sys::Node>) {
    let Ok(menus) = document().query_selector_all(OPEN_MENUS) else { return };
    for number in 0..menus.length() {
        let Some(menu) = menus.item(number).filter(|menu| !menu.contains(except)) else { continue };
        let Ok(menu) = menu.dyn_into::<web_sys::Element>() else { continue };
        // If the keyboard focus was inside, it moves to the menu's button.
        let inside = document().active_element().is_some_and(|focused| menu.contains(Some(&focused)));
        menu.remove_attribute("open").ok();
        if let Ok(Some(button)) = menu.query_selector("summary")
            && inside
        {
            focus(&button);
        }
    }
}

fn focus(element: &web_sys::Element) {
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        element.focus().ok();
    }
}

/// After another page was shown: closes what was open, and moves the focus to the content, where keyboard users and
/// screen readers continue.
pub(crate) fn arrive() {
    arrive_at("content");
}

/// The same, with the focus on the element of this id.
pub(super) fn arrive_at(id: &str) {
    close_menus(None);
    if let Some(element) = document().get_element_by_id(id) {
        focus(&element);
    }
}

fn has(object: &JsValue, name: &str) -> bool {
    Reflect::get(object, &name.into()).is_ok_and(|value| !value.is_undefined() && !value.is_null())
}

fn method(object: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(object, &name.into()).ok()?.dyn_into().ok()
}

/// Copies a text to the clipboard; false if the browser does not allow it.
pub(crate) async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    has(&navigator, "clipboard") && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Copies what the pressed button carries, if it is one with `data-copy`, and says so in it for a while. Where the browser does
/// not allow that, the text beside the button is unfolded.
pub(crate) fn copy_pressed(event: &web_sys::MouseEvent) {
    let pressed = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some(Ok(Some(button))) = pressed.map(|pressed| pressed.closest("[data-copy]")) else { return };
    let (Some(text), Ok(Some(label))) = (button.get_attribute("data-copy"), button.query_selector("[aria-live]"))
    else {
        return;
    };
    leptos::task::spawn_local(async move {
        let copied = copy(&text).await;
        if !copied && let Some(beside) = button.next_element_sibling() {
            beside.set_attribute("open", "").ok();
        }
        label.set_text_content(Some(if copied { wording::copied() } else { wording::select_it() }));
        set_timeout(move || label.set_text_content(Some(wording::copy())), SAID);
    });
}

/// Opens the system's dialogue for sharing a link (W3C, Web Share API).
pub(crate) fn share(title: &str, url: &str) {
    let navigator = window().navigator();
    let data = Object::new();
    let filled =
        Reflect::set(&data, &"title".into(), &title.into()).and(Reflect::set(&data, &"url".into(), &url.into()));
    if let (Ok(_), Some(share)) = (filled, method(&navigator, "share"))
        && let Ok(promise) = share.call1(&navigator, &data)
    {
        // Closing the dialogue counts as an error, which nobody needs to be told.
        leptos::task::spawn_local(async move {
            JsFuture::from(Promise::resolve(&promise)).await.ok();
        });
    }
}

/// Whether a text contains another, ignoring case.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    let lower = |text: &str| JsString::from(text).to_locale_lower_case(None);
    lower(text).includes(&String::from(lower(part)), 0)
}

/// Under what the browser keeps a form that somebody has begun to fill in, until they send it or close the tab.
const BEGUN: &str = "super-invites-form";

/// The store for that, and the address of this page.
fn begun() -> Option<(web_sys::Storage, String)> {
    Some((window().session_storage().ok()??, location().href().ok()?))
}

/// Keeps what the form on this page was filled in with.
pub(crate) fn keep(body: &str) {
    if let Some((store, page)) = begun() {
        store.set_item(BEGUN, &format!("{page}\n{body}")).ok();
    }
}

/// What the form on this page was filled in with.
pub(crate) fn kept() -> Option<String> {
    let (store, page) = begun()?;
    let kept = store.get_item(BEGUN).ok()??;
    kept.split_once('\n').filter(|(of, _)| *of == page).map(|(_, body)| body.to_owned())
}

/// Forgets what a form was filled in with.
pub(crate) fn forget() {
    if let Some((store, _)) = begun() {
        store.remove_item(BEGUN).ok();
    }
}

/// Writes into a field, given its id, and submits its form.
pub(crate) fn fill_and_send(id: &str, text: &str) {
    let field = document().get_element_by_id(id).and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok());
    if let Some(field) = field {
        field.set_value(text);
        if let Some(form) = field.form() {
            form.request_submit().ok();
        }
    }
}

/// Ticks all enabled boxes that are shown in the group whose heading contains the pressed button, or unticks them.
pub(crate) fn tick_group(event: &web_sys::MouseEvent, on: bool) {
    let button = event.current_target().and_then(|button| button.dyn_into::<web_sys::Element>().ok());
    let group = button.and_then(|button| button.parent_element()?.parent_element());
    let Some(Ok(boxes)) = group.map(|group| group.query_selector_all("li:not(.hidden) input:enabled")) else { return };
    for number in 0..boxes.length() {
        if let Some(Ok(one)) = boxes.item(number).map(JsCast::dyn_into::<web_sys::HtmlInputElement>) {
            one.set_checked(on);
        }
    }
}

/// How long a stream stays closed that the browser has given up, and how often in a row it is opened again.
const CLOSED_FOR: Duration = Duration::from_secs(3);
const TRIES: u32 = 20;

/// Follows a redemption as it happens, until it ends or `stop` is called.
#[derive(Clone)]
pub(crate) struct Live(SendWrapper<Rc<Followed>>);

struct Followed {
    address: String,
    show: Box<dyn Fn(Option<Progress>)>,
    /// The stream; `None` once nobody follows any more.
    source: RefCell<Option<EventSource>>,
    /// How often it may still be opened again.
    tries: Cell<u32>,
}

impl Live {
    /// Calls `show` with every change, and with nothing once no more will be heard.
    pub(crate) fn follow(code: &str, show: impl Fn(Option<Progress>) + 'static) -> Self {
        let address = format!("{}/_live/{}", here(), crate::segment(code));
        let (source, tries) = (RefCell::new(None), Cell::new(TRIES));
        let live = Self(SendWrapper::new(Rc::new(Followed { address, show: Box::new(show), source, tries })));
        live.open();
        live
    }

    fn open(&self) {
        let Ok(source) = EventSource::new(&self.0.address) else { return };
        let (live, opened) = (self.clone(), source.clone());
        let on_event = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| live.hear(&opened, &event));
        for name in ["progress", "end", "error"] {
            source.add_event_listener_with_callback(name, on_event.as_ref().unchecked_ref()).ok();
        }
        // The listener is needed for as long as the page lives.
        on_event.forget();
        *self.0.source.borrow_mut() = Some(source);
    }

    fn hear(&self, source: &EventSource, event: &MessageEvent) {
        let kind = event.type_();
        if kind == "error" {
            // The browser opens a stream again by itself where the connection was lost, but not where it got another answer, such as that of a
            // reverse proxy that finds nobody (HTML, "Server-sent events": "fail the connection").
            if source.ready_state() == EventSource::CLOSED {
                self.open_again();
            }
            return;
        }
        let progress: Option<Progress> = Answer::Given(event.data().as_string().unwrap_or_default()).read().ok();
        self.0.tries.set(TRIES);
        if kind == "end" {
            self.stop();
        }
        if kind == "end" || progress.is_some() {
            (self.0.show)(progress);
        }
    }

    fn open_again(&self) {
        let Some(tries) = self.0.tries.get().checked_sub(1) else {
            self.stop();
            return (self.0.show)(None);
        };
        self.0.tries.set(tries);
        let live = self.clone();
        let open = move || {
            if live.0.source.borrow().is_some() {
                live.open();
            }
        };
        set_timeout(open, CLOSED_FOR);
    }

    pub(crate) fn stop(&self) {
        if let Some(source) = self.0.source.take() {
            source.close();
        }
    }
}

/// Shows the camera in `video` until a QR code is seen, and returns its text; `None` if the camera may not be used or
/// was stopped.
pub(crate) async fn scan(video: HtmlVideoElement) -> Option<String> {
    let devices = window().navigator().media_devices().ok()?;
    let constraints = MediaStreamConstraints::new();
    let facing = Object::new();
    Reflect::set(&facing, &"facingMode".into(), &"environment".into()).ok()?;
    constraints.set_video(&facing);
    let stream = JsFuture::from(devices.get_user_media_with_constraints(&constraints).ok()?).await.ok()?;
    let stream: MediaStream = stream.dyn_into().ok()?;
    video.set_src_object(Some(&stream));
    JsFuture::from(video.play().ok()?).await.ok()?;
    let found = look(&video).await;
    stop_camera(&video);
    found
}

async fn look(video: &HtmlVideoElement) -> Option<String> {
    let kind: Function = Reflect::get(&window(), &"BarcodeDetector".into()).ok()?.dyn_into().ok()?;
    let options = Object::new();
    Reflect::set(&options, &"formats".into(), &Array::of1(&"qr_code".into())).ok()?;
    let detector = Reflect::construct(&kind, &Array::of1(&options)).ok()?;
    let detect = method(&detector, "detect")?;
    while video.src_object().is_some() {
        let found = detect.call1(&detector, video).ok()?;
        if let Ok(codes) = JsFuture::from(Promise::resolve(&found)).await
            && let Some(code) = Array::from(&codes).iter().next()
        {
            return Reflect::get(&code, &"rawValue".into()).ok()?.as_string();
        }
        next_frame().await;
    }
    None
}

/// Waits until the browser paints the next frame.
async fn next_frame() {
    let frame = Promise::new(&mut |done, _| {
        window().request_animation_frame(&done).ok();
    });
    JsFuture::from(frame).await.ok();
}

pub(crate) fn stop_camera(video: &HtmlVideoElement) {
    if let Some(stream) = video.src_object() {
        for track in stream.get_tracks() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
    video.set_src_object(None);
}
