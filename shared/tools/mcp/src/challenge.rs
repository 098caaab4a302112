//! What a server says of a token that it does not take: `WWW-Authenticate: Bearer …` (RFC 6750, section 3).

/// A bearer challenge.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    error: Option<String>,
    /// What a token would have to allow, separated by spaces.
    pub(crate) scope: Option<String>,
}

impl Challenge {
    /// Reads the parameters of `header`; what is not of the grammar (RFC 9110, section 11.2) is left out.
    pub(crate) fn read(header: &str) -> Self {
        let mut challenge = Self::default();
        let scheme = header.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer "));
        let mut rest = scheme.map_or("", |_| &header[7..]);
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = value(after);
            match name.trim_start_matches([',', ' ', '\t']).trim_end() {
                "error" => challenge.error = Some(value),
                "scope" => challenge.scope = Some(value),
                _ => {}
            }
            rest = after;
        }
        challenge
    }

    /// Whether the token is a good one that allows too little.
    pub(crate) fn is_insufficient_scope(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn scopes_are_read_from_a_challenge() {
        let header = "Bearer resource_metadata=\"https://x.example/a,b\", error=\"insufficient_scope\" , \
                      scope=\"events.read events.write\"";
        let challenge = Challenge::read(header);
        assert!(challenge.is_insufficient_scope());
        assert_eq!(challenge.scope.as_deref(), Some("events.read events.write"));
        let plain = Challenge::read("bearer error=insufficient_scope,scope=a");
        assert!(plain.is_insufficient_scope());
        assert_eq!(plain.scope.as_deref(), Some("a"));
    }

    #[test]
    fn anything_else_says_nothing() {
        for header in ["", "Bearer", "Basic error=insufficient_scope", "Bearer error", "Bearer ="] {
            assert!(!Challenge::read(header).is_insufficient_scope(), "{header}");
        }
        let open = Challenge::read("Bearer scope=\"a \\\"b");
        assert_eq!(open.scope.as_deref(), Some("a \"b"));
        assert!(!Challenge::read("Bearer error=\"invalid_token\"").is_insufficient_scope());
        assert_eq!(Challenge::read("Bearerö error=x"), Challenge::default());
    }
}
