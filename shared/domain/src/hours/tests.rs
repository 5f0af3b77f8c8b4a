use jiff::civil::date;

use super::*;
use crate::phone::E164;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn zones(phone: &str) -> Vec<TimeZone> {
    let phone = E164::parse(phone).expect("a number");
    Zone::of(&phone).expect("a zone").time_zones()
}

const PAULISTA: &str = "+5511987654321";

/// Quiet at `now`, and until when; or not, and from when.
fn check(class: Class, phone: &str, now: &str, quiet: Result<&str, &str>) {
    let found = Hours::default().quiet(class, &zones(phone), at(now));
    let found = found.expect("quiet hours");
    match quiet {
        Ok(until) => {
            assert!(found.holds(at(now)), "{now}: {found:?}");
            assert_eq!(found.until, at(until), "{now}");
        }
        Err(from) => {
            assert!(!found.holds(at(now)), "{now}: {found:?}");
            assert_eq!(found.from, at(from), "{now}");
        }
    }
}

#[test]
fn an_offer_leaves_on_working_days_and_saturday_mornings() {
    let check = |now, quiet| check(Class::Marketing, PAULISTA, now, quiet);
    // A Wednesday: 9 o'clock in São Paulo is 12 UTC.
    check("2026-11-25T11:59:59.999Z", Ok("2026-11-25T12:00:00Z"));
    check("2026-11-25T12:00:00Z", Err("2026-11-25T21:00:00Z"));
    check("2026-11-25T20:59:59.999Z", Err("2026-11-25T21:00:00Z"));
    check("2026-11-25T21:00:00Z", Ok("2026-11-26T12:00:00Z"));
    // Saturday at one, over Sunday, to Monday.
    check("2026-11-28T15:59:59Z", Err("2026-11-28T16:00:00Z"));
    check("2026-11-28T16:00:00Z", Ok("2026-11-30T12:00:00Z"));
    check("2026-11-29T15:00:00Z", Ok("2026-11-30T12:00:00Z"));
    // The day is the recipient's, not London's.
    check("2026-11-28T02:00:00Z", Ok("2026-11-28T12:00:00Z"));
}

#[test]
fn a_holiday_is_silent_like_a_sunday() {
    let check = |now, quiet| check(Class::Servicing, PAULISTA, now, quiet);
    // Christmas Day 2026 is a Friday, New Year's Day 2027 as well.
    check("2026-12-25T15:00:00Z", Ok("2026-12-26T12:00:00Z"));
    check("2026-12-31T21:30:00Z", Ok("2027-01-02T12:00:00Z"));
    // Good Friday 2027 is the 26th of March.
    check("2027-03-26T15:00:00Z", Ok("2027-03-27T12:00:00Z"));
    // Consciência Negra, since 2024.
    check("2026-11-20T15:00:00Z", Ok("2026-11-21T12:00:00Z"));
    let good_fridays = [
        (2024, 3, 29),
        (2025, 4, 18),
        (2026, 4, 3),
        (2038, 4, 23),
        (2049, 4, 16),
        (2106, 4, 16),
    ];
    for (year, month, day) in good_fridays {
        let good_friday = date(year, month, day);
        assert!(Calendar::Brazil.has(good_friday), "{good_friday}");
        assert!(!Calendar::None.has(good_friday));
    }
    assert!(!Calendar::Brazil.has(date(2026, 7, 9)), "a state's own day");
}

#[test]
fn the_hours_are_the_recipients_own() {
    let check = |phone, now, quiet| check(Class::Marketing, phone, now, quiet);
    check(
        "+5592987654321",
        "2026-11-25T12:30:00Z",
        Ok("2026-11-25T13:00:00Z"),
    );
    check(
        "+5568987654321",
        "2026-11-25T13:30:00Z",
        Ok("2026-11-25T14:00:00Z"),
    );
    // Nobody knows on which side of the line a 97 lives: the later morning and the earlier evening.
    check(
        "+5597987654321",
        "2026-11-25T13:30:00Z",
        Ok("2026-11-25T14:00:00Z"),
    );
    check(
        "+5597987654321",
        "2026-11-25T15:00:00Z",
        Err("2026-11-25T22:00:00Z"),
    );
    // Nor whether an 81 lives on the island, an hour ahead of Recife.
    check(
        "+5581987654321",
        "2026-11-25T11:30:00Z",
        Ok("2026-11-25T12:00:00Z"),
    );
    check(
        "+5581987654321",
        "2026-11-25T13:00:00Z",
        Err("2026-11-25T20:00:00Z"),
    );
    check(
        "+5581987654321",
        "2026-11-25T20:30:00Z",
        Ok("2026-11-26T12:00:00Z"),
    );
    check(
        "+4915123456789",
        "2026-11-25T07:59:00Z",
        Ok("2026-11-25T08:00:00Z"),
    );
    // Summer time in Berlin ends on the last Sunday of October.
    check(
        "+4915123456789",
        "2026-10-23T16:00:00Z",
        Ok("2026-10-24T07:00:00Z"),
    );
    check(
        "+4915123456789",
        "2026-10-24T11:00:00Z",
        Ok("2026-10-26T08:00:00Z"),
    );
    let american = E164::parse("+12025550123").expect("a number");
    assert_eq!(Zone::of(&american), None);
    for zone in Zone::ALL {
        assert_eq!(Zone::parse(zone.name()), Some(zone));
        for time_zone in zone.time_zones() {
            assert_ne!(time_zone, TimeZone::UTC, "{zone:?} is in the database");
        }
    }
}

#[test]
fn what_must_arrive_knows_no_hours() {
    for class in [Class::Authentication, Class::Security, Class::Transactional] {
        let night = at("2026-11-29T05:00:00Z");
        assert_eq!(Hours::default().quiet(class, &zones(PAULISTA), night), None);
    }
    let open = Hours::around_the_clock();
    let night = at("2026-12-25T05:00:00Z");
    assert_eq!(open.quiet(Class::Marketing, &zones(PAULISTA), night), None);
}

#[test]
fn a_bank_sets_its_own_week() {
    let week: Week = "Mo-Fr 08:00-20:00; Sa 08:00-14:00; Su off"
        .parse()
        .expect("a week");
    assert_eq!(
        week.to_string(),
        "Mo-Fr 08:00-20:00; Sa 08:00-14:00; Su off; PH off"
    );
    for text in [
        "Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off",
        "Mo-Fr 00:00-24:00; Sa 00:00-24:00; Su off; PH 12:30-12:31",
        "24/7",
    ] {
        let week: Week = text.parse().expect("a week");
        assert_eq!(week.to_string(), text);
    }
    assert_eq!(
        Week::default().to_string(),
        "Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off"
    );
    let check = |text: &str, error| assert_eq!(text.parse::<Week>(), Err(error), "{text}");
    for text in [
        "",
        "Mo-Fr",
        "Mo 09:00-18:00",
        "Mo-Fr 9-18",
        "Mo-Fr 09:00",
        "mo-fr off",
        "Mo-Fr 0９:00-18:00",
    ] {
        check(text, WeekError::Shape);
    }
    check("Sa off; Sa off", WeekError::Twice);
    for text in [
        "Sa 18:00-09:00",
        "Sa 09:00-09:00",
        "Sa 09:60-11:00",
        "Sa 23:00-24:01",
    ] {
        check(text, WeekError::Hours);
    }
    check("Mo-Fr off; PH 09:00-18:00", WeekError::Closed);
}

#[test]
fn days_that_touch_are_one() {
    let week: Week = "Mo-Fr 00:00-24:00; Sa 00:00-12:00".parse().expect("a week");
    let hours = Hours {
        marketing: week,
        calendar: Calendar::None,
        ..Hours::default()
    };
    // From Monday's first minute to Saturday's noon there is no quiet.
    let found = hours.quiet(
        Class::Marketing,
        &zones(PAULISTA),
        at("2026-11-24T03:00:00Z"),
    );
    let expected = Quiet {
        from: at("2026-11-28T15:00:00Z"),
        until: at("2026-11-30T03:00:00Z"),
        ended: Some(at("2026-11-23T03:00:00Z")),
    };
    assert_eq!(found, Some(expected));
}
