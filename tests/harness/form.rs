//! Forms on the stand-ins' own pages.

/// The first form of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it goes, as the page says.
    pub action: String,
    /// Its hidden fields.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The form in `html`.
    ///
    /// # Panics
    /// When the page has no form.
    #[must_use]
    pub fn in_page(html: &str) -> Self {
        let form = html.split("<form").nth(1).unwrap_or_else(|| panic!("no form in {html}"));
        let form = form.split("</form>").next().unwrap_or(form);
        let (head, body) = form.split_once('>').expect("a form has a start tag");
        let inputs =
            body.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or(rest));
        let hidden = inputs.filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        let field = |tag| Some((attribute(tag, "name")?, attribute(tag, "value")?));
        Self {
            action: attribute(head, "action").unwrap_or_default(),
            fields: hidden.filter_map(field).collect(),
        }
    }

    /// The fields with one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let text = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(text.replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&"))
}
