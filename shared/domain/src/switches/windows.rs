use super::*;

#[test]
fn a_window_tells_its_end_in_whole_seconds_and_its_name() {
    let at = |ms: i64| Timestamp::from_millisecond(ms).expect("time");
    let check = |window: Window, ends: i64, name: &str| {
        assert_eq!((window.ends(), window.name()), (at(ends), name.to_owned()));
    };
    check(Window::Second(59), 60_000, "S#59");
    check(Window::Minute(1), 120_000, "M#1");
    check(Window::Day(1), 172_800_000, "D#1");
    // A `Retry-After`: never too early, never zero.
    let minute = Window::Minute(1);
    for (now, left) in [
        (60_000, 60),
        (60_001, 60),
        (118_000, 2),
        (118_001, 2),
        (119_000, 1),
        (119_999, 1),
        (120_000, 1),
        (500_000, 1),
    ] {
        assert_eq!(minute.seconds_left(at(now)), left, "{now}");
    }
}
