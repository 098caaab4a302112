//! The hops as a sequence diagram in Mermaid's language (mermaid.js.org, "Sequence diagrams").

use std::fmt::Write;

use super::{
    hop::{Hop, Place},
    redaction::cut,
};

/// How many characters an arrow's text has at most.
const WORDS: usize = 90;

/// The diagram of `hops`.
pub(super) fn diagram<'a>(hops: impl IntoIterator<Item = &'a Hop>) -> String {
    let hops: Vec<&Hop> = hops.into_iter().collect();
    let mut text = "sequenceDiagram\n".to_owned();
    let takes_part = |place: &Place| hops.iter().any(|hop| hop.from == *place || hop.to == *place);
    for place in Place::ALL.into_iter().filter(takes_part) {
        let _never_fails = writeln!(text, "    participant {place:?} as {}", place.name());
    }
    for hop in hops {
        let said = [hop.title.as_str(), hop.note.as_str()].join(" · ");
        let said = escaped(&cut(said.trim_end_matches(" · "), WORDS));
        let arrow = if hop.is_open() { "-)" } else { "->>" };
        let _never_fails = writeln!(text, "    {:?}{arrow}{:?}: {said}", hop.from, hop.to);
    }
    text
}

/// Nothing in a text ends the line, begins a comment or a block, or is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            ';' | '#' | '%' | '<' | '>' | '{' | '}' => {
                let _never_fails = write!(escaped, "#{};", u32::from(c));
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    let word = |word: &str| match word {
        "end" => "#101;nd".to_owned(),
        other => other.to_owned(),
    };
    escaped.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_text_can_not_leave_its_arrow() {
        assert_eq!(escaped("a; b # c\nend <b>"), "a#59; b #35; c #101;nd #60;b#62;");
        assert_eq!(escaped("the end"), "the #101;nd");
    }
}
