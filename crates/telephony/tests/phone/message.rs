//! A message as a test's telephone reads it.

use std::net::SocketAddr;

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message {
    pub start: String,
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Message {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap().to_owned();
        let field = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.trim().to_owned(), value.trim().to_owned())
        };
        let message = Self { start, fields: lines.map(field).collect(), body: body.to_owned() };
        assert_eq!(message.get("Content-Length").parse(), Ok(body.len()), "{text}");
        message
    }

    pub fn find(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The status of a response, 0 for a request.
    pub fn status(&self) -> u16 {
        self.start.strip_prefix("SIP/2.0 ").map_or(0, |rest| rest[..3].parse().unwrap())
    }

    /// The method of a request, or of the request that was answered.
    pub fn method(&self) -> &str {
        self.get("CSeq").split(' ').nth(1).unwrap()
    }

    pub(super) fn is(&self, method: &str) -> bool {
        self.status() == 0 && self.method() == method
    }

    pub(super) fn contact(&self) -> String {
        let value = self.get("Contact");
        value.split(['<', '>']).nth(1).unwrap().to_owned()
    }

    /// Where the description wants sound.
    pub fn sound_at(&self) -> SocketAddr {
        let line = |start: &str| self.body.lines().find_map(|line| line.strip_prefix(start)).unwrap();
        let port: u16 = line("m=audio ").split(' ').next().unwrap().parse().unwrap();
        let ip = line("c=IN IP").split(' ').nth(1).unwrap().parse().unwrap();
        SocketAddr::new(ip, port)
    }
}
