//! What a page asks of a person: what it is about, and a button for each answer.
//!
//! A click sends the answer from this page alone: as JSON, which no form of another site can, with the mark of
//! the person for whom the page was made. Nothing is sent by opening the page.

use serde_json::Value;

use crate::{page::escape, person::PersonMark};

/// Sends what the person clicks, and goes on as the answer says.
pub(crate) const SCRIPT: &str = include_str!("question.js");

/// A question to the person who reads a page.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What it is about, by name; plain text, in which line feeds count.
    pub about: &'a [(&'a str, String)],
    /// What may be answered: as it is sent, and in words.
    pub answers: &'a [(&'static str, &'static str)],
    /// What is sent to the page's own address with the answer, which is its `choice`: a JSON object.
    pub sends: &'a Value,
    /// Whom the page is for.
    pub mark: &'a PersonMark,
}

impl Question<'_> {
    pub(crate) fn html(&self) -> String {
        let about = self
            .about
            .iter()
            .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value)));
        let buttons = self.answers.iter().map(|(value, label)| {
            format!("<button type=\"button\" value=\"{value}\">{label}</button>\n")
        });
        let (about, buttons) = (about.collect::<String>(), buttons.collect::<String>());
        let (body, mark) = (escape(&self.sends.to_string()), self.mark.as_str());
        format!(
            "<dl>\n{about}</dl>\n<div id=\"question\" data-mark=\"{mark}\" data-body=\"{body}\">\n\
             {buttons}</div>\n<p id=\"said\" role=\"status\"></p>\n"
        )
    }
}
