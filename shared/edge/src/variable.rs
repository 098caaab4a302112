//! Environment variables as they are declared: once, where they are read.
//!
//! [`variables!`](crate::variables) alone declares one, and a [`Reader`](crate::Reader) takes nothing
//! else, so that each is in a [`Section`]. `docs/configuration.md` is made from the sections.

/// It has to be there.
#[derive(Debug, Clone, Copy)]
pub struct Required;

/// It may be missing.
#[derive(Debug, Clone, Copy)]
pub struct Optional;

/// What it is if it is missing, as one would write it.
#[derive(Debug, Clone, Copy)]
pub struct Or(pub &'static str);

/// A variable. `P` says what it means that it is missing.
#[derive(Debug, Clone, Copy)]
pub struct Variable<P> {
    pub(crate) name: &'static str,
    pub(crate) presence: P,
    meaning: &'static str,
}

impl<P> Variable<P> {
    #[doc(hidden)]
    pub const fn declared(name: &'static str, presence: P, meaning: &'static str) -> Self {
        Self { name, presence, meaning }
    }
}

/// A variable as the documentation shows it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it is if it is missing: a value, `required` or `optional`.
    pub default: &'static str,
    /// What it means, in Markdown.
    pub meaning: &'static str,
}

impl Variable<Required> {
    #[doc(hidden)]
    pub const fn row(&self) -> Row {
        Row { name: self.name, default: "required", meaning: self.meaning }
    }
}

impl Variable<Optional> {
    #[doc(hidden)]
    pub const fn row(&self) -> Row {
        Row { name: self.name, default: "optional", meaning: self.meaning }
    }
}

impl Variable<Or> {
    #[doc(hidden)]
    pub const fn row(&self) -> Row {
        Row { name: self.name, default: self.presence.0, meaning: self.meaning }
    }
}

/// The variables of one concern.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// What they are about.
    pub concern: &'static str,
    /// Who reads them.
    pub read_by: &'static str,
    /// The variables.
    pub rows: &'static [Row],
}

impl Section {
    /// The section as a table in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = format!("Read by {}.\n\n| Variable | Default | Meaning |\n", self.read_by);
        table.push_str("|---|---|---|\n");
        for Row { name, default, meaning } in self.rows {
            let default = match *default {
                word @ ("required" | "optional") => word.to_owned(),
                value => format!("`{value}`"),
            };
            table.push_str(&format!("| `{name}` | {default} | {meaning} |\n"));
        }
        table
    }
}

/// Declares the variables of one concern and their [`Section`], as
///
/// ```
/// edge::variables! {
///     /// How much is taken on.
///     pub LIMITS = "Limits", read by "containers":
///     MAX_REQUESTS: Or("500"), "how many requests may be at work at once";
///     PROXY: Optional, "who asks for them";
/// }
/// assert_eq!(LIMITS.rows[0].name, "MAX_REQUESTS");
/// ```
#[macro_export]
macro_rules! variables {
    ($(#[$doc:meta])* $visibility:vis $section:ident = $concern:literal, read by $read_by:literal:
     $($name:ident: $presence:ident $(($default:literal))?, $meaning:literal;)+) => {
        $(
            #[doc = $meaning]
            pub(crate) const $name: $crate::variable::Variable<$crate::variable::$presence> =
                $crate::variable::Variable::declared(
                    stringify!($name),
                    $crate::variable::$presence $(($default))?,
                    $meaning,
                );
        )+
        $(#[$doc])*
        $visibility const $section: $crate::variable::Section = $crate::variable::Section {
            concern: $concern,
            read_by: $read_by,
            rows: &[$($name.row()),+],
        };
    };
}
