//! As much of HTTP/1.1 and of web sockets as a load generator needs, and no more: it must cost less than the servers.

/// The answers to a request, or the payloads of frames, cut out of what has come.
pub enum Piece<'a> {
    /// An HTTP answer: its head, its body, and how many bytes both were.
    Answer(&'a [u8], &'a [u8], usize),
    /// A text frame: its payload, and how many bytes it was in all.
    Frame(&'a [u8], usize),
    /// More has to come.
    Part,
}

/// The next answer in `bytes`.
pub fn answer(bytes: &[u8]) -> Piece<'_> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Piece::Part };
    let head = &bytes[..end + 4];
    if head.starts_with(b"HTTP/1.1 101") {
        return Piece::Answer(head, &[], end + 4);
    }
    let length: usize = header(head, "content-length").expect("a length").parse().unwrap();
    match bytes.get(end + 4..end + 4 + length) {
        Some(body) => Piece::Answer(head, body, end + 4 + length),
        None => Piece::Part,
    }
}

/// A header by its name in small letters.
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    std::str::from_utf8(head).unwrap().lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The next frame in `bytes`: text from a server, in one piece.
pub fn frame(bytes: &[u8]) -> Piece<'_> {
    let (Some(first), Some(short)) = (bytes.first(), bytes.get(1)) else { return Piece::Part };
    let (from, length) = match short {
        126 if bytes.len() >= 4 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
        127 if bytes.len() >= 10 => (10, u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize),
        126 | 127 => return Piece::Part,
        length => (2, usize::from(*length)),
    };
    match bytes.get(from..from + length) {
        Some(payload) => {
            assert_eq!(*first, 0x81, "a text frame in one piece");
            Piece::Frame(payload, from + length)
        }
        None => Piece::Part,
    }
}

/// A text frame of a client. The mask is zero: it protects proxies, of which there is none here.
pub fn masked(text: &str) -> Vec<u8> {
    let mut out = vec![0x81];
    match text.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..65_536 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => panic!("nothing that long is sent"),
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(text.as_bytes());
    out
}

/// A field of text in JSON, without escapes.
pub fn text<'a>(json: &'a [u8], name: &str) -> Option<&'a str> {
    let wanted = format!("\"{name}\":\"");
    let from = memchr::memmem::find(json, wanted.as_bytes())? + wanted.len();
    let end = memchr::memchr(b'"', &json[from..])?;
    Some(std::str::from_utf8(&json[from..from + end]).unwrap())
}
