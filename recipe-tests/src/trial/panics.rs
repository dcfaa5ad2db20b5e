//! Where a panic happened: what catches it sees only its payload.

use std::any::Any;
use std::cell::RefCell;

use crate::check::short;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes every panic leave its place behind, besides being reported on standard error as usual.
pub(crate) fn note_where_panics_happen() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|l| format!("{}:{}", short(l.file()), l.line()));
        LAST.with_borrow_mut(|last| *last = place);
        usual(info);
    }));
}

/// Returns what a panic said, and where it happened if that was noted.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    let said = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a payload that is no text");
    match LAST.with_borrow_mut(Option::take) {
        Some(place) => format!("it panicked: {said} (at {place})"),
        None => format!("it panicked: {said}"),
    }
}
