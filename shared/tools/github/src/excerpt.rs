//! A part of a long text: whole lines, with a word about the others. Characters that nobody sees are shown
//! by their codes, and count as what is shown.

use std::num::NonZeroUsize;

use serde_json::{Map, Value};

/// The first line, where an input does not say which.
pub(crate) const fn first_line() -> NonZeroUsize {
    NonZeroUsize::MIN
}

/// Adds the lines of `text` from `from` on to `shown` as `name`, at most `max` bytes of them, and which
/// lines are left out. A line that is longer is cut.
pub(crate) fn add(
    shown: &mut Map<String, Value>,
    name: &str,
    text: &str,
    from: NonZeroUsize,
    max: usize,
) {
    let text = invisible::shown_in_lines(text);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let before = (from.get() - 1).min(lines.len());
    let mut excerpt = String::new();
    let mut after = before;
    for line in &lines[before..] {
        if excerpt.len() + line.len() > max {
            break;
        }
        excerpt.push_str(line);
        after += 1;
    }
    let mut left_out = Vec::new();
    if before > 0 {
        left_out.push(format!("lines 1 to {before}"));
    }
    if after == before && after < lines.len() {
        let line = lines[before];
        excerpt.push_str(&line[..line.floor_char_boundary(max)]);
        after += 1;
        left_out.push(format!("the rest of line {after}"));
    }
    if after < lines.len() {
        left_out.push(format!("lines {} to {}", after + 1, lines.len()));
    }
    shown.insert(name.to_owned(), excerpt.into());
    if !left_out.is_empty() {
        let left_out = format!("{} of {}", left_out.join(" and "), lines.len());
        shown.insert(format!("{name}LeftOut"), left_out.into());
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use serde_json::{Map, Value, json};

    use super::add;

    fn excerpt(text: &str, from: usize) -> Value {
        let mut shown = Map::new();
        add(&mut shown, "text", text, NonZeroUsize::new(from).unwrap(), 8);
        shown.into()
    }

    #[test]
    fn whole_lines_are_shown_and_the_others_named() {
        assert_eq!(excerpt("one\ntwo\n", 1), json!({ "text": "one\ntwo\n" }));
        let left_out = "lines 3 to 4 of 4";
        let first = json!({ "text": "one\ntwo\n", "textLeftOut": left_out });
        assert_eq!(excerpt("one\ntwo\nthree\nfour", 1), first);
        let last = json!({ "text": "four", "textLeftOut": "lines 1 to 3 of 4" });
        assert_eq!(excerpt("one\ntwo\nthree\nfour", 4), last);
        assert_eq!(excerpt("", 1), json!({ "text": "" }));
        assert_eq!(excerpt("one", 9), json!({ "text": "", "textLeftOut": "lines 1 to 1 of 1" }));
    }

    #[test]
    fn what_nobody_sees_is_shown_by_its_code_within_the_bound() {
        assert_eq!(excerpt("a\r\nb\u{7f}", 2)["text"], "b⟨U+00");
        assert_eq!(excerpt(&"\u{1}".repeat(9), 1)["text"], "⟨U+000");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_characters() {
        let cut =
            json!({ "text": "ääää", "textLeftOut": "the rest of line 1 and lines 2 to 2 of 2" });
        assert_eq!(excerpt("ääääää\nb", 1), cut);
        let cut = json!({ "text": "1234567", "textLeftOut": "the rest of line 1 of 1" });
        assert_eq!(excerpt("1234567ä", 1), cut);
    }
}
