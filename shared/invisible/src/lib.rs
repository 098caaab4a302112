//! Characters that a reader can't see, or that change how the others are read.
//!
//! A person who approves an action has to see all of it. The rule is Unicode's own data: all of
//! `Default_Ignorable_Code_Point` (DerivedCoreProperties; zero-width characters, variation selectors
//! and tags among them), controls (`Cc`), format characters (`Cf`; all of `Bidi_Control` and the
//! interlinear annotations U+FFF9 to U+FFFB among them) except the few that are drawn
//! (`Prepended_Concatenation_Mark`), and the separators of lines and paragraphs. The chat page's
//! script has the same rule in the browser's own Unicode data, and shows more by its code.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark},
};

/// Whether `character` can't be seen, or changes how its neighbours are read. Line feeds and tabs
/// are among them: where they are meant, allow them before.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    match CodePointMapData::<GeneralCategory>::new().get(character) {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        GeneralCategory::Format => {
            let drawn = CodePointSetData::new::<PrependedConcatenationMark>();
            !drawn.contains(character)
        }
        _ => CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character),
    }
}

/// A character by its code: `⟨U+200B⟩`.
#[must_use]
pub fn code(character: char) -> String {
    format!("⟨U+{:04X}⟩", u32::from(character))
}

/// `text` with its invisible characters shown by their codes.
#[must_use]
pub fn shown(text: &str) -> String {
    shown_except(text, &[])
}

/// The same for a text of several lines, whose line feeds and tabs stay. A carriage return before a line
/// feed is a part of it.
#[must_use]
pub fn shown_in_lines(text: &str) -> String {
    shown_except(&text.replace("\r\n", "\n"), &['\n', '\t'])
}

fn shown_except(text: &str, allowed: &[char]) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_invisible(character) && !allowed.contains(&character) {
            true => shown.push_str(&code(character)),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex_syntax::hir::{Class, HirKind};

    use super::{is_invisible, shown, shown_in_lines};

    /// The characters of a class, by another library's copy of Unicode's data.
    fn class(name: &str) -> BTreeSet<char> {
        let hir = regex_syntax::parse(&format!(r"\p{{{name}}}")).unwrap();
        match hir.kind() {
            HirKind::Class(Class::Unicode(class)) => {
                class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect()
            }
            // A class of one.
            HirKind::Literal(only) => str::from_utf8(&only.0).unwrap().chars().collect(),
            other => panic!("{name}: {other:?}"),
        }
    }

    fn invisible() -> BTreeSet<char> {
        ('\0'..=char::MAX).filter(|character| is_invisible(*character)).collect()
    }

    #[test]
    fn every_character_is_classified_by_unicodes_own_data() {
        let mut expected = class("Default_Ignorable_Code_Point");
        for name in ["Cc", "Cf", "Zl", "Zp", "Bidi_Control"] {
            expected.extend(class(name));
        }
        for drawn in class("Prepended_Concatenation_Mark") {
            expected.remove(&drawn);
        }
        let invisible = invisible();
        let difference: Vec<_> = invisible.symmetric_difference(&expected).collect();
        assert!(difference.is_empty(), "{difference:x?}");
    }

    #[test]
    fn the_sets_have_the_published_sizes() {
        let invisible = invisible();
        // DerivedCoreProperties.txt: "Total code points: 4174"; PropList.txt, Bidi_Control: 12;
        // UnicodeData.txt: 65 controls.
        for (name, count) in
            [("Default_Ignorable_Code_Point", 4_174), ("Bidi_Control", 12), ("Cc", 65)]
        {
            let class = class(name);
            assert_eq!(class.len(), count, "{name}");
            assert!(class.is_subset(&invisible), "{name}");
        }
        let selectors = ('\u{e0100}'..='\u{e01ef}').all(is_invisible);
        assert!(selectors && "\u{fff9}\u{fffa}\u{fffb}\u{2028}\u{2029}".chars().all(is_invisible));
    }

    #[test]
    fn visible_characters_are_unchanged() {
        for text in ["Water the tomatoes", "Ünïcödé 水 مرحبا नमस्ते", "🍅", "a b\u{3000}c", "\u{600}"]
        {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("a\u{200b}b\u{e0041}\n"), "a⟨U+200B⟩b⟨U+E0041⟩⟨U+000A⟩");
        assert_eq!(shown_in_lines("a\r\n\tb\u{202e}\rc"), "a\n\tb⟨U+202E⟩⟨U+000D⟩c");
    }
}
