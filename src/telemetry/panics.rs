//! A panic is a fault of ours: it is logged like one, wherever it happens.

use std::panic::PanicHookInfo;

/// Has every panic of the process logged.
pub fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without words");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(at = place, thread = thread.name().unwrap_or("unnamed"), "internal fault: {message}");
}
