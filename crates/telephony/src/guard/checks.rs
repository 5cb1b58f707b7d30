//! What a message must be to pass, and how it is written anew.

use super::{METHODS, MessageKind, Passed, Problem, Rules, Transport, scan::Head};
use crate::{
    fields::{self, Address, Via},
    uri::{self, Uri},
};
use std::fmt::Write;

/// Methods that make sense only inside of a dialog here.
const OF_A_DIALOG: [&str; 5] = ["BYE", "PRACK", "UPDATE", "INFO", "NOTIFY"];

/// Checks a request. The order of the checks is that of RFC 3261 §8.2: version, method, then the header.
///
/// # Errors
/// The first fault.
pub(super) fn request(
    head: &Head,
    message: &[u8],
    rules: &Rules,
    transport: Transport,
) -> Result<Passed, Problem> {
    let words: Vec<&str> = head.start.split(' ').collect();
    let [method, target, version] = words.as_slice() else { return Err(Problem::StartLine) };
    if !fields::is_token(method) || target.is_empty() {
        return Err(Problem::StartLine);
    }
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Problem::Version);
    }
    let method = match METHODS.iter().find(|known| *known == method) {
        None => return Err(Problem::UnknownMethod),
        Some(known) if !rules.methods.contains(known) => return Err(Problem::Method),
        Some(known) => *known,
    };
    if let Some(problem) = &head.problem {
        return Err(problem.clone());
    }
    let target = uri::without_third_colon(target);
    match uri::parse(&target) {
        // RFC 3261 §19.1.1: headers have no place in a Request-URI.
        Ok(Uri::Sip(uri)) if uri.headers.is_empty() => {}
        Ok(Uri::Tel { .. }) => {}
        Ok(Uri::Other { .. }) => return Err(Problem::Scheme),
        Ok(Uri::Sip(_)) | Err(_) => return Err(Problem::RequestUri),
    }
    let mut text = format!("{method} {target} SIP/2.0\r\n");
    write_fields(head, &mut text)?;
    let in_dialog = common(head, method)?;
    let body = body(head, message, rules, transport.needs_length())?;
    if head.first("Max-Forwards").is_none() {
        // RFC 2543 had none; RFC 3261 §16.3 step 3 takes 70 for it.
        text.push_str("Max-Forwards: 70\r\n");
    } else if method == "INVITE"
        && !in_dialog
        && head.first("Max-Forwards").and_then(fields::digits) == Some(0)
    {
        // We pass calls on, as a proxy would; a call that goes round in circles ends here.
        return Err(Problem::Hops);
    }
    if !in_dialog && OF_A_DIALOG.contains(&method) {
        return Err(Problem::NoDialog);
    }
    if !in_dialog && method == "REFER" {
        // Nobody may make this server call a third party out of the blue.
        return Err(Problem::Outside);
    }
    if !matches!(method, "ACK" | "CANCEL") {
        extensions(head, rules)?;
        understood(head, method, body)?;
    }
    Ok(Passed { bytes: finish(text, body), kind: MessageKind::Request(method) })
}

/// Checks a response (RFC 3261 §18.1.2, §8.1.3.3).
///
/// # Errors
/// The first fault; the response is then dropped.
pub(super) fn response(head: &Head, message: &[u8], rules: &Rules) -> Result<Passed, Problem> {
    if let Some(problem) = &head.problem {
        return Err(problem.clone());
    }
    let (version, rest) = head.start.split_once(' ').ok_or(Problem::StartLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Problem::Version);
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let number =
        fields::digits(code).filter(|_| code.len() == 3).and_then(|number| u16::try_from(number).ok());
    let code = number.filter(|number| (100..700).contains(number)).ok_or(Problem::StartLine)?;
    let mut text = format!("SIP/2.0 {code} {reason}\r\n");
    write_fields(head, &mut text)?;
    let (_, method) =
        head.first("CSeq").and_then(|value| fields::cseq(value).ok()).ok_or(Problem::Missing("CSeq"))?;
    common(head, method)?;
    if head.all("Via").map(|value| fields::list(value).map_or(2, |list| list.len())).sum::<usize>() != 1 {
        return Err(Problem::NotOurs);
    }
    let body = body(head, message, rules, false)?;
    Ok(Passed { bytes: finish(text, body), kind: MessageKind::Response(code) })
}

fn finish(mut text: String, body: &[u8]) -> Vec<u8> {
    // Writing to a String cannot fail.
    let _ = write!(text, "Content-Length: {}\r\n\r\n", body.len());
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Writes the fields in their order, checking those whose grammar matters to us or to the library.
fn write_fields(head: &Head, text: &mut String) -> Result<(), Problem> {
    for field in &head.fields {
        let value = uri::without_third_colon(&field.value);
        let mut put = |value: &dyn std::fmt::Display| {
            let _ = write!(text, "{}: {value}\r\n", field.name);
        };
        match field.name.as_str() {
            "Via" => {
                for value in fields::list(&value).map_err(|_| Problem::Field("Via"))? {
                    put(&Via::read(value).map_err(|_| Problem::Field("Via"))?);
                }
            }
            "From" => put(&plain(&value, "From")?),
            "To" => put(&plain(&value, "To")?),
            "Refer-To" => put(&plain(&value, "Refer-To")?),
            "Contact" if value == "*" => put(&value),
            "Contact" => addresses(&value, "Contact", put)?,
            "Route" => addresses(&value, "Route", put)?,
            "Record-Route" => addresses(&value, "Record-Route", put)?,
            "CSeq" => {
                let (number, method) = fields::cseq(&value).map_err(|_| Problem::Field("CSeq"))?;
                put(&format_args!("{number} {method}"));
            }
            "Call-ID" if value.is_empty() || value.contains([' ', '\t']) => {
                return Err(Problem::Field("Call-ID"));
            }
            "Max-Forwards" => match fields::digits(&value) {
                Some(number) if number <= 255 => put(&number),
                _ => return Err(Problem::Field("Max-Forwards")),
            },
            "Expires" => put(&fields::seconds(&value).ok_or(Problem::Field("Expires"))?),
            // Written last, with what it is.
            "Content-Length" => {}
            _ => put(&value),
        }
    }
    Ok(())
}

/// An address with a display name that holds no escapes. The library takes quotes away from both ends of a name without
/// looking for backslashes, and writes an unclosed one back; a name is for people only, so similar letters do as well.
fn plain(value: &str, name: &'static str) -> Result<String, Problem> {
    let address = Address::read(value).map_err(|_| Problem::Field(name))?;
    if !address.display.contains('\\') {
        return Ok(address.to_string());
    }
    let mut letters = address.display.trim_matches('"').chars();
    let mut display = String::new();
    while let Some(letter) = letters.next() {
        display.push(match letter {
            '\\' => match letters.next() {
                None | Some('"') => '\'',
                Some('\\') => '/',
                Some(other) => other,
            },
            other => other,
        });
    }
    Ok(format!("\"{display}\" <{}>{}", address.uri, address.params))
}

fn addresses(
    value: &str,
    name: &'static str,
    mut put: impl FnMut(&dyn std::fmt::Display),
) -> Result<(), Problem> {
    for value in fields::list(value).map_err(|_| Problem::Field(name))? {
        put(&plain(value, name)?);
    }
    Ok(())
}

/// The fields that every message needs (RFC 3261 §8.1.1). Is the message part of a dialog?
fn common(head: &Head, method: &str) -> Result<bool, Problem> {
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        if head.first(name).is_none() {
            return Err(Problem::Missing(name));
        }
    }
    let from_value = head.first("From").map(uri::without_third_colon).unwrap_or_default();
    let from = Address::read(&from_value).map_err(|_| Problem::Field("From"))?;
    // RFC 2543 clients sent none; the library could not tell their transactions apart.
    if from.params.text("tag").is_none_or(str::is_empty) {
        return Err(Problem::Missing("tag in From"));
    }
    match fields::cseq(head.first("CSeq").unwrap_or_default()) {
        Err(_) => return Err(Problem::Field("CSeq")),
        Ok((_, named)) if named != method => return Err(Problem::CSeqMethod),
        Ok(_) => {}
    }
    if method != "REGISTER" && head.all("Contact").any(|value| value == "*") {
        return Err(Problem::Field("Contact"));
    }
    let to_value = head.first("To").map(uri::without_third_colon).unwrap_or_default();
    let to = Address::read(&to_value).map_err(|_| Problem::Field("To"))?;
    // RFC 3261 §10.3: the address of record must be SIP or SIPS.
    if method == "REGISTER" && !matches!(to.parsed(), Ok(Uri::Sip(_))) {
        return Err(Problem::Field("To"));
    }
    Ok(to.params.get("tag").is_some())
}

/// The body: as long as Content-Length says, or to the end of the datagram (RFC 3261 §18.3).
fn body<'a>(head: &Head, message: &'a [u8], rules: &Rules, needs_length: bool) -> Result<&'a [u8], Problem> {
    let there = message.get(head.body_at..).unwrap_or_default();
    let length = match head.first("Content-Length") {
        None if needs_length => return Err(Problem::Missing("Content-Length")),
        None => there.len(),
        Some(value) => {
            let length = fields::digits(value).ok_or(Problem::Field("Content-Length"))?;
            usize::try_from(length).map_err(|_| Problem::BodyTooLarge)?
        }
    };
    if length > rules.max_body {
        return Err(Problem::BodyTooLarge);
    }
    there.get(..length).ok_or(Problem::Cut)
}

/// RFC 3261 §8.2.2.3: what is required and not supported is named in the answer. Proxy-Require is for proxies.
fn extensions(head: &Head, rules: &Rules) -> Result<(), Problem> {
    let mut unknown: Vec<&str> = Vec::new();
    for value in head.all("Require") {
        for tag in fields::list(value).map_err(|_| Problem::Field("Require"))? {
            if !fields::is_token(tag) {
                return Err(Problem::Field("Require"));
            }
            if !rules.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
                unknown.push(tag);
            }
        }
    }
    if unknown.is_empty() { Ok(()) } else { Err(Problem::Extension(unknown.join(", "))) }
}

/// Can the body be understood, and the answer's (RFC 3261 §8.2.3, §13.3.1.4)? Only offers and answers matter.
fn understood(head: &Head, method: &str, body: &[u8]) -> Result<(), Problem> {
    if head.all("Content-Encoding").any(|value| !value.eq_ignore_ascii_case("identity")) {
        return Err(Problem::MediaType);
    }
    if !matches!(method, "INVITE" | "UPDATE" | "PRACK") {
        return Ok(());
    }
    let is = |value: &str, kinds: &[&str]| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kinds.iter().any(|known| known.eq_ignore_ascii_case(kind))
    };
    let optional = head
        .first("Content-Disposition")
        .is_some_and(|value| value.to_ascii_lowercase().replace(' ', "").contains("handling=optional"));
    if !body.is_empty() && !optional {
        let kind = head.first("Content-Type").ok_or(Problem::Missing("Content-Type"))?;
        if !is(kind, &["application/sdp", "multipart/mixed", "multipart/alternative"]) {
            return Err(Problem::MediaType);
        }
    }
    let mut accepted = head.all("Accept").flat_map(|value| value.split(',')).map(str::trim).peekable();
    if accepted.peek().is_some()
        && !accepted.any(|value| is(value, &["application/sdp", "application/*", "*/*"]))
    {
        return Err(Problem::NotAcceptable);
    }
    Ok(())
}
