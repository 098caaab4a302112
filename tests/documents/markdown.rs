//! As much of Markdown as the documents use: links, headings, fences.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is built, fetched or kept here by a program is no part of the repository.
const NOT_OURS: [&str; 7] =
    [".aws-sam", ".git", ".local", ".venv", "generated", "node_modules", "target"];

/// A document of the repository.
pub(super) struct Document {
    /// From the repository's root.
    pub(super) path: String,
    pub(super) text: String,
}

/// A link in a document.
pub(super) struct Link {
    text: String,
    pub(super) target: String,
}

impl Link {
    /// What it calls what it leads to, without the marks of code.
    pub(super) fn code(&self) -> &str {
        self.text.trim_matches('`')
    }

    /// The functions and types that it names: all of its text is code.
    pub(super) fn names(&self) -> Vec<&str> {
        let is_name = |name: &&str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_!".contains(&byte))
        };
        let parts: Vec<&str> = self.text.split(", ").collect();
        let bare = |part: &&'_ str| part.starts_with('`') && part.ends_with('`');
        if !parts.iter().all(bare) {
            return Vec::new();
        }
        parts.into_iter().map(|part| part.trim_matches('`')).filter(is_name).collect()
    }
}

impl Document {
    fn lines(&self) -> impl Iterator<Item = &str> {
        let mut is_code = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            !is_code && !is_fence
        })
    }

    /// All links and pictures.
    pub(super) fn links(&self) -> Vec<Link> {
        let text: Vec<&str> = self.lines().collect();
        let text = text.join("\n");
        let inline = text.match_indices("](").filter_map(|(at, _)| {
            let name = text[..at].rsplit('[').next()?;
            let target = text[at + 2..].split(')').next()?;
            Some(Link { text: name.to_owned(), target: target.to_owned() })
        });
        let pictures = text.split("src=\"").skip(1).filter_map(|rest| {
            let target = rest.split('"').next()?.to_owned();
            Some(Link { text: String::new(), target })
        });
        inline.chain(pictures).collect()
    }

    /// What its headings can be linked to by, as GitHub makes it of their words.
    pub(super) fn anchors(&self) -> Vec<String> {
        let headings = self.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder above").to_owned()
}

/// Every document of the repository.
pub(super) fn documents() -> Vec<Document> {
    let root = root();
    let read = |path: PathBuf| Document {
        text: fs::read_to_string(&path).expect("a document"),
        path: path.strip_prefix(&root).expect("a path below").to_string_lossy().into_owned(),
    };
    files(&root, "md").into_iter().map(read).collect()
}

/// The repository's files below `folder` whose names end in `extension`.
pub(super) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() && !NOT_OURS.contains(&name.as_str()) {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}
