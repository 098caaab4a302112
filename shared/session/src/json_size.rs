//! How long something is as JSON, which is what is saved and what a model is sent: a control
//! character is 6 bytes of it (RFC 8259, section 7).

use std::io;

use serde::Serialize;

/// How long `value` is as JSON, without making it.
pub fn json_bytes(value: &impl Serialize) -> usize {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // Counting does not fail.
    serde_json::to_writer(&mut count, value).map_or(usize::MAX / 2, |()| count.0)
}

/// `text`, or its beginning with a note, so that it has about `most` bytes as JSON.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    let escaped = |character: char| match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    };
    let mut left = most;
    let end = text.char_indices().find_map(|(at, character)| {
        let rest = left.checked_sub(escaped(character));
        left = rest.unwrap_or_default();
        rest.is_none().then_some(at)
    });
    match end {
        None => text.to_owned(),
        Some(end) => {
            let bytes = text.len();
            format!("{}\n[Shortened: these are the first {end} of {bytes} bytes.]", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{json_bytes, shortened};

    #[test]
    fn shortened_text_fits_is_valid_and_says_so() {
        for character in ["x", "\u{1}", "\"", "\\", "\n", "\u{7f}", "ü", "𝄞"] {
            let text = character.repeat(10_000);
            let short = shortened(&text, 1_000);
            assert!(short.ends_with(" bytes.]"), "{short}");
            assert!((900..1_100).contains(&json_bytes(&short)), "{character:?}");
        }
        assert_eq!(shortened("short", 1_000), "short");
    }
}
