//! Cookies, in and out.

use http::{HeaderMap, HeaderValue, header};

/// The first value of a cookie, in any of the headers `Cookie`. Quotes around it do not belong to it.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    pairs.flat_map(|it| it.split(';')).find_map(|pair| {
        let (found, value) = pair.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(value);
        (found.trim() == name).then_some(bare)
    })
}

/// `NAME=VALUE; Path=/; HttpOnly` and what else is wished. `None` if name or value do not fit into a header.
pub fn set_cookie(name: &str, value: &str, secure: bool, same_site: Option<&str>) -> Option<HeaderValue> {
    let mut text = format!("{name}={value}; Path=/; HttpOnly");
    if secure {
        text.push_str("; Secure");
    }
    if let Some(same_site) = same_site {
        text.push_str("; SameSite=");
        text.push_str(same_site);
    }
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_in_any_header() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; JSESSIONID=\"x=y\" ;b=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3; a=4"));
        assert_eq!(cookie(&headers, "JSESSIONID"), Some("x=y"));
        assert_eq!(cookie(&headers, "a"), Some("1"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "d"), None);
        assert_eq!(cookie(&headers, "SESSIONID"), None);
    }

    #[test]
    fn cookies_are_for_the_whole_host_and_for_no_script() {
        let text = |secure, site| set_cookie("A", "b", secure, site).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text(false, None), "A=b; Path=/; HttpOnly");
        assert_eq!(text(true, Some("None")), "A=b; Path=/; HttpOnly; Secure; SameSite=None");
        assert_eq!(set_cookie("A", "b\r\nX: y", false, None), None);
    }
}
