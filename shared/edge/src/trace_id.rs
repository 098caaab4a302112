//! The id by which a load balancer names a request on its whole way.
//!
//! Elastic Load Balancing, "Request tracing for your Application Load Balancer": the header
//! `X-Amzn-Trace-Id` has fields `name=value`, separated by semicolons; `Root` is
//! `1-{8 hex digits}-{24 hex digits}`. Others can be sent by anybody, and are not kept.

use http::HeaderMap;

/// The `Root` of a request's `X-Amzn-Trace-Id`, if it has the documented form.
pub(crate) fn root(headers: &HeaderMap) -> Option<&str> {
    let fields = headers.get("x-amzn-trace-id")?.to_str().ok()?;
    fields.split(';').find_map(|field| field.trim().strip_prefix("Root=")).filter(|it| is_root(it))
}

fn is_root(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.split('-').collect::<Vec<_>>()[..] {
        ["1", time, id] => time.len() == 8 && id.len() == 24 && is_hex(time) && is_hex(id),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::root;

    const ROOT: &str = "1-67891233-abcdef012345678912345678";

    fn read(header: &str) -> Option<String> {
        let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        root(&HeaderMap::from_iter([("x-amzn-trace-id".parse().unwrap(), value)]))
            .map(str::to_owned)
    }

    #[test]
    fn only_the_documented_form_is_kept() {
        for header in [
            format!("Root={ROOT}"),
            format!("Self=1-67891234-12456789abcdef012345678;Root={ROOT}"),
            format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"),
        ] {
            assert_eq!(read(&header).as_deref(), Some(ROOT), "{header}");
        }
        for header in ["", "Root=", "Root=1-2-3", "Root=x", "CalledFrom=app", ROOT] {
            assert_eq!(read(header), None, "{header}");
        }
        let forged = format!(r#"Root={ROOT}","event":"bound"#);
        assert_eq!(read(&forged), None);
        assert_eq!(read(&format!("Root={}", ROOT.replace('a', "ä"))), None);
        assert_eq!(root(&HeaderMap::new()), None);
    }
}
