//! The events in each person's calendar, and what changes them.

use std::{collections::HashMap, time::SystemTime};

use time::{
    Date, Duration, OffsetDateTime, Time, UtcOffset, format_description::well_known::Rfc3339,
};

use super::people::{ALICE, BOB, PEOPLE, Person};

/// How many events a calendar holds.
const MAX_EVENTS: usize = 200;
const MAX_TITLE_CHARACTERS: usize = 200;
const MAX_GUESTS: usize = 50;
const MAX_GUEST_CHARACTERS: usize = 254;

/// An event in a calendar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// What [`Event`]s are told apart by.
    pub id: String,
    /// What it is.
    pub title: String,
    /// When it begins, in UTC.
    pub start: OffsetDateTime,
    /// When it ends, in UTC, which is later.
    pub end: OffsetDateTime,
    /// The addresses of those who are invited.
    pub guests: Vec<String>,
}

/// From when until when: the end is later than the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Period {
    start: OffsetDateTime,
    end: OffsetDateTime,
}

impl Period {
    /// Parses two times of RFC 3339.
    pub(super) fn parse(start: &str, end: &str) -> Result<Self, String> {
        let (start, end) = (parse_time("start", start)?, parse_time("end", end)?);
        match start < end {
            true => Ok(Self { start, end }),
            false => Err("The end has to be later than the start.".to_owned()),
        }
    }
}

/// Parses a time of RFC 3339, and returns it in UTC.
pub(super) fn parse_time(name: &str, text: &str) -> Result<OffsetDateTime, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok();
    let time = time.and_then(|time| time.checked_to_offset(UtcOffset::UTC));
    time.filter(|time| (0..=9999).contains(&time.year())).ok_or_else(|| {
        format!("{name} is no time of RFC 3339, which looks like 2026-12-01T09:00:00+01:00.")
    })
}

/// Returns `time` as in RFC 3339.
pub(super) fn write_time(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// What an event is besides its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Description {
    title: String,
    guests: Vec<String>,
}

impl Description {
    /// Checks a title and the guests.
    pub(super) fn parse(title: &str, guests: Vec<String>) -> Result<Self, String> {
        let title = title.trim();
        let has_length = (1..=MAX_TITLE_CHARACTERS).contains(&title.chars().count());
        if !has_length || title.chars().any(char::is_control) {
            return Err(format!(
                "title has to be one line of 1 to {MAX_TITLE_CHARACTERS} characters."
            ));
        }
        if guests.len() > MAX_GUESTS || !guests.iter().all(|guest| is_address(guest)) {
            return Err(format!("guests has to be at most {MAX_GUESTS} mail addresses."));
        }
        Ok(Self { title: title.to_owned(), guests })
    }
}

/// Whether it may be a mail address: enough for a calendar that sends no mail.
fn is_address(text: &str) -> bool {
    let is_printable = |c: char| !c.is_control() && !c.is_whitespace();
    let has_both = |(name, host): (&str, &str)| !name.is_empty() && !host.is_empty();
    text.len() <= MAX_GUEST_CHARACTERS
        && text.chars().all(is_printable)
        && text.split_once('@').is_some_and(has_both)
}

/// What a person may change in their calendar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Change {
    Create(Description, Period),
    Move(String, Period),
}

/// Why nothing is changed.
pub(super) enum ChangeRefusal {
    NoSuchEvent,
    Full,
    /// There is something else at that time.
    Overlaps(Vec<Event>),
}

/// Everybody's events.
pub(super) struct Events {
    calendars: HashMap<Person, Vec<Event>>,
    numbers: u64,
}

impl Events {
    /// Three events for each person, in the days after `now`.
    pub(super) fn new(now: SystemTime) -> Self {
        let today = OffsetDateTime::from(now).date();
        let mut events = Self { calendars: HashMap::new(), numbers: 0 };
        for (person, title, days, hour, minutes, guest) in [
            (ALICE, "Dentist", 1, 9, 45, None),
            (ALICE, "Team meeting", 1, 14, 60, Some(BOB)),
            (ALICE, "Water the garden", 2, 18, 30, None),
            (BOB, "Team meeting", 1, 14, 60, Some(ALICE)),
            (BOB, "Chess club", 2, 19, 120, None),
            (BOB, "Repair the boat", 3, 10, 180, None),
        ] {
            let Some(period) = on_a_day(today, days, hour, minutes) else { continue };
            let guests = guest.map(|guest: Person| guest.login().to_owned()).into_iter().collect();
            events.insert(person, Description { title: title.to_owned(), guests }, period);
        }
        events
    }

    fn insert(&mut self, person: Person, description: Description, period: Period) -> Event {
        self.numbers += 1;
        let Description { title, guests } = description;
        let Period { start, end } = period;
        let event = Event { id: format!("event-{}", self.numbers), title, start, end, guests };
        self.calendars.entry(person).or_default().push(event.clone());
        event
    }

    /// Returns the events of `person` that are not over at `from` and have begun before `to`, by their start.
    pub(super) fn between(
        &self,
        person: Person,
        from: Option<OffsetDateTime>,
        to: Option<OffsetDateTime>,
    ) -> Vec<Event> {
        let is_between = |event: &&Event| {
            from.is_none_or(|from| event.end > from) && to.is_none_or(|to| event.start < to)
        };
        let events = self.calendars.get(&person).into_iter().flatten().filter(is_between);
        let mut events: Vec<_> = events.cloned().collect();
        events.sort_by_key(|event| event.start);
        events
    }

    /// Makes a change, unless it overlaps with an event whose id is not `accepted`.
    pub(super) fn apply(
        &mut self,
        person: Person,
        change: &Change,
        accepted: &[String],
    ) -> Result<Event, ChangeRefusal> {
        let (moved, period) = match change {
            Change::Create(_, period) => (None, *period),
            Change::Move(id, period) => (Some(id), *period),
        };
        let calendar = self.calendars.entry(person).or_default();
        if moved.is_some_and(|id| !calendar.iter().any(|event| event.id == *id)) {
            return Err(ChangeRefusal::NoSuchEvent);
        }
        if moved.is_none() && calendar.len() >= MAX_EVENTS {
            return Err(ChangeRefusal::Full);
        }
        let overlaps: Vec<_> = calendar
            .iter()
            .filter(|event| event.start < period.end && period.start < event.end)
            .filter(|event| Some(&event.id) != moved)
            .cloned()
            .collect();
        if overlaps.iter().any(|event| !accepted.contains(&event.id)) {
            return Err(ChangeRefusal::Overlaps(overlaps));
        }
        match change {
            Change::Create(description, _) => Ok(self.insert(person, description.clone(), period)),
            Change::Move(id, Period { start, end }) => {
                let event = calendar.iter_mut().find(|event| event.id == *id);
                let event = event.ok_or(ChangeRefusal::NoSuchEvent)?;
                (event.start, event.end) = (*start, *end);
                Ok(event.clone())
            }
        }
    }

    /// Everybody and their events.
    pub(super) fn all(&self) -> impl Iterator<Item = (Person, Vec<Event>)> {
        PEOPLE.into_iter().map(|person| (person, self.between(person, None, None)))
    }
}

fn on_a_day(today: Date, days: i64, hour: u8, minutes: i64) -> Option<Period> {
    let day = today.checked_add(Duration::days(days))?;
    let start = day.with_time(Time::from_hms(hour, 0, 0).ok()?).assume_utc();
    Some(Period { start, end: start.checked_add(Duration::minutes(minutes))? })
}
