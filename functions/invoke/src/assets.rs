//! `/assets/{version}/…`: the modules and the style of the chat page. No tool builds them, and nothing comes
//! from elsewhere: they are the files of the repository, without the comments and the indentation, which
//! are a tenth of all.
//!
//! The version is a hash of all of them, so that a browser asks for each once (RFC 8246, "HTTP Immutable
//! Responses"), and the modules, which name each other relatively, are always of one version.

use std::sync::LazyLock;

use edge::{
    Problem, Reply,
    reply::{self, content_hash},
};
use http::{HeaderValue, StatusCode, header};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Each file: its name, its media type, its text.
const SOURCES: [(&str, &str, &str); 12] = [
    ("chat.css", "text/css; charset=utf-8", include_str!("page/chat.css")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("aside.js", SCRIPT, include_str!("page/aside.js")),
    ("cards.js", SCRIPT, include_str!("page/cards.js")),
    ("conversation.js", SCRIPT, include_str!("page/conversation.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("forms.js", SCRIPT, include_str!("page/forms.js")),
    ("prose.js", SCRIPT, include_str!("page/prose.js")),
    ("run.js", SCRIPT, include_str!("page/run.js")),
    ("turn.js", SCRIPT, include_str!("page/turn.js")),
    ("words.js", SCRIPT, include_str!("page/words.js")),
    ("smd.js", SCRIPT, include_str!("page/vendor/smd.js")),
];

/// The same as they are served.
static FILES: LazyLock<Vec<(&str, &str, String)>> = LazyLock::new(|| {
    SOURCES.iter().map(|(name, media_type, text)| (*name, *media_type, bare(text))).collect()
});

static VERSION: LazyLock<String> =
    LazyLock::new(|| content_hash(FILES.iter().flat_map(|(name, _, text)| [*name, text.as_str()])));

/// A file without the lines that are comments, and without indentation. No line of ours begins within a
/// literal, which a test checks.
fn bare(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    let is_comment = |line: &str| ["//", "/** ", "* ", "*/"].iter().any(|it| line.starts_with(it));
    let kept = lines.filter(|line| !line.is_empty() && *line != "/**" && !is_comment(line));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Where a page finds the file `name`.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// Returns the file at `path` below `/assets/`. A page of another version, from before or after a
/// deployment, gets the file as it is here, and no cache keeps that.
pub(crate) fn file(path: &str) -> Result<Reply, Problem> {
    let (version, name) = path.split_once('/').ok_or_else(Problem::no_such_route)?;
    let file = FILES.iter().find(|(known, ..)| *known == name);
    let (_, media_type, text) = file.ok_or_else(Problem::no_such_route)?;
    let mut reply = reply::body(StatusCode::OK, media_type, text.as_str());
    if version == *VERSION {
        let kept = HeaderValue::from_static("private, max-age=31536000, immutable");
        reply.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::{FILES, SOURCES, VERSION, address, bare, file};

    #[test]
    fn every_file_that_a_module_names_is_there() {
        for (name, _, text) in FILES.iter() {
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let (_, named) = line.split_once("from \"./").expect("a relative name");
                let named = named.trim_end_matches("\";");
                assert!(FILES.iter().any(|(known, ..)| *known == named), "{name} imports {named}");
            }
        }
    }

    #[test]
    fn a_browser_keeps_what_has_this_version_in_its_name_and_nothing_else() {
        let kept = |path: &str| file(path).unwrap().headers()[header::CACHE_CONTROL].clone();
        assert!(kept(&format!("{}/main.js", *VERSION)).to_str().unwrap().contains("immutable"));
        assert_eq!(kept("0123456789abcdef/main.js"), "no-store");
        assert!(address("main.js").ends_with("/main.js"));
        for path in ["main.js", "x/other.js", "x/../main.js", ""] {
            assert!(file(path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_whole_page_has_less_than_60_kb() {
        let bytes: usize = FILES.iter().map(|(.., text)| text.len()).sum();
        assert!(bytes + include_str!("page/chat.html").len() < 60_000, "{bytes}");
    }

    #[test]
    fn only_comments_and_indentation_are_left_out() {
        let text =
            "// Why.\nconst a = 1; // one\n\n/**\n * More.\n */\n  f(a / 2 * a);\n/** Two. */\n";
        assert_eq!(bare(text), "const a = 1; // one\nf(a / 2 * a);\n");
        let own = |name: &str| name.ends_with(".js") && name != "smd.js";
        for (name, _, text) in SOURCES.iter().filter(|(name, ..)| own(name)) {
            let ends_within = |line: &&str| line.matches('`').count() % 2 == 1;
            assert_eq!(text.lines().find(ends_within), None, "{name}");
        }
    }
}
