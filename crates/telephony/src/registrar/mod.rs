//! Where users' phones are: the bindings of a registrar (RFC 3261 §10.3, RFC 5626 as far as one server needs it).
//!
//! Bindings live in memory: phones renew them every few minutes, so after a restart they come back by themselves.
//! Whether somebody may register for an address of record is decided before, by [`crate::digest`] and the directory.

mod binding;

use crate::{fields, guard::Peer};
use binding::{Binding, Wanted};
use std::collections::{BTreeMap, HashMap};
use touchline_model::Timestamp;

/// Which lifetimes are granted, and how many phones one user may have.
#[derive(Clone, Debug)]
pub struct RegistrarRules {
    /// Shorter wishes are refused with 423, in seconds; an hour at most (RFC 3261 §10.3 step 7).
    pub min_expires: u32,
    /// Granted when nothing is asked for, in seconds.
    pub default_expires: u32,
    /// Longer wishes are cut to this, in seconds.
    pub max_expires: u32,
    /// Phones of one user.
    pub most: usize,
}

impl Default for RegistrarRules {
    /// A minute at least, ten minutes by default, an hour at most, ten phones.
    fn default() -> Self {
        Self { min_expires: 60, default_expires: 600, max_expires: 3_600, most: 10 }
    }
}

/// A connection that a phone keeps open; numbered by whoever owns the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u64);

/// The way back to a phone: not what it says of itself, but where its registration came from, which also works from
/// behind a router (RFC 5626 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Source address and transport.
    pub peer: Peer,
    /// The connection, for all transports but UDP.
    pub flow: Option<FlowId>,
}

/// A REGISTER whose sender may do what it asks.
#[derive(Clone, Copy, Debug)]
pub struct Register<'a> {
    /// Address of record, as [`crate::uri::SipUri::address_of_record`] makes it from To.
    pub aor: &'a str,
    /// Call-ID.
    pub call_id: &'a str,
    /// Number of the CSeq.
    pub cseq: u32,
    /// All Contact values; none asks what there is.
    pub contacts: &'a [&'a str],
    /// Expires, if present.
    pub expires: Option<&'a str>,
    /// Where it came from.
    pub path: Path,
}

/// Why a registration is refused; nothing is changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// 400.
    #[error("the registration is malformed")]
    Malformed,
    /// 423, with Min-Expires.
    #[error("the lifetime is shorter than {min} s")]
    TooBrief {
        /// For Min-Expires, in seconds.
        min: u32,
    },
    /// 500: an older request came after a newer one (RFC 3261 §10.3 step 7).
    #[error("a newer registration of this call is there already")]
    OutOfOrder,
    /// 403.
    #[error("there are too many phones for this user")]
    TooMany,
}

/// A phone that can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Becomes the Request-URI.
    pub uri: String,
    /// The way there.
    pub path: Path,
    /// Other ways to the same phone, should the first be dead (RFC 5626 §5.3); never to be rung beside it.
    pub also: Vec<Path>,
    /// Preference, 0 to 1000.
    pub q: u16,
}

/// All bindings.
#[derive(Debug, Default)]
pub struct Registrar {
    rules: RegistrarRules,
    users: HashMap<String, Vec<Binding>>,
    /// When each binding ends, by its number.
    ends: BTreeMap<(Timestamp, u64), String>,
    last: u64,
}

impl Registrar {
    /// No phones yet.
    pub fn new(rules: RegistrarRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Adds, renews and removes bindings. Returns the Contact values of the 200: all bindings of the user, with the
    /// seconds that are left.
    ///
    /// # Errors
    /// Why not; then everything is as it was.
    pub fn register(&mut self, request: Register<'_>, now: Timestamp) -> Result<Vec<String>, RegisterError> {
        if request.contacts.is_empty() {
            return Ok(self.shown(request.aor, now));
        }
        let there: Vec<Binding> = self.live(request.aor, now).cloned().collect();
        let expires = match request.expires {
            None => None,
            Some(text) => Some(fields::seconds(text.trim()).ok_or(RegisterError::Malformed)?),
        };
        let newer = |binding: &Binding| binding.call_id != request.call_id || binding.cseq < request.cseq;
        let mut after = there.clone();
        if request.contacts.iter().any(|contact| contact.trim() == "*") {
            // RFC 3261 §10.3 step 6: alone, and to remove.
            if request.contacts.len() != 1 || expires != Some(0) {
                return Err(RegisterError::Malformed);
            }
            if !there.iter().all(newer) {
                return Err(RegisterError::OutOfOrder);
            }
            after.clear();
        }
        for wanted in self.wanted(&request, expires)? {
            let known = after.iter().position(|binding| binding.key == wanted.key);
            if known.is_some_and(|at| after.get(at).is_some_and(|binding| !newer(binding))) {
                return Err(RegisterError::OutOfOrder);
            }
            if let Some(at) = known {
                after.remove(at);
            }
            if wanted.secs > 0 {
                self.last += 1;
                after.push(wanted.bind(&request, self.last, now));
            }
        }
        if after.len() > self.rules.most.max(there.len()) {
            return Err(RegisterError::TooMany);
        }
        self.replace(request.aor, after);
        Ok(self.shown(request.aor, now))
    }

    /// What the Contact values ask for, without `*`.
    fn wanted(&self, request: &Register<'_>, expires: Option<u32>) -> Result<Vec<Wanted>, RegisterError> {
        let mut all = Vec::new();
        for value in request.contacts.iter().filter(|value| value.trim() != "*") {
            for one in fields::list(value).map_err(|_| RegisterError::Malformed)? {
                let mut wanted = Wanted::read(one, expires.unwrap_or(self.rules.default_expires))?;
                let min = self.rules.min_expires.min(3_600);
                if wanted.secs > 0 && wanted.secs < min {
                    return Err(RegisterError::TooBrief { min });
                }
                wanted.secs = wanted.secs.min(self.rules.max_expires);
                all.push(wanted);
            }
        }
        Ok(all)
    }

    fn replace(&mut self, aor: &str, after: Vec<Binding>) {
        for binding in self.users.remove(aor).unwrap_or_default() {
            self.ends.remove(&(binding.ends, binding.number));
        }
        for binding in &after {
            self.ends.insert((binding.ends, binding.number), aor.to_owned());
        }
        if !after.is_empty() {
            self.users.insert(aor.to_owned(), after);
        }
    }

    /// The Contact values of all bindings of a user.
    pub fn shown(&self, aor: &str, now: Timestamp) -> Vec<String> {
        self.live(aor, now).map(|binding| binding.shown(now)).collect()
    }

    fn live(&self, aor: &str, now: Timestamp) -> impl Iterator<Item = &Binding> {
        self.users.get(aor).into_iter().flatten().filter(move |binding| now < binding.ends)
    }

    /// The phones of a user in the order to call them: by preference, and among equals the one heard of last. Several
    /// flows of one phone are one target.
    pub fn lookup(&self, aor: &str, now: Timestamp) -> Vec<Target> {
        let mut bindings: Vec<&Binding> = self.live(aor, now).collect();
        bindings.sort_by_key(|binding| std::cmp::Reverse((binding.q, binding.number)));
        let mut targets: Vec<(Option<&str>, Target)> = Vec::new();
        for binding in bindings {
            let same = |(instance, _): &&mut (Option<&str>, Target)| {
                instance.is_some() && *instance == binding.instance()
            };
            match targets.iter_mut().find(same) {
                Some((_, target)) => target.also.push(binding.path),
                None => {
                    let target = Target {
                        uri: binding.uri.clone(),
                        path: binding.path,
                        also: Vec::new(),
                        q: binding.q,
                    };
                    targets.push((binding.instance(), target));
                }
            }
        }
        targets.into_iter().map(|(_, target)| target).collect()
    }

    /// Is any phone of this user there?
    pub fn is_registered(&self, aor: &str, now: Timestamp) -> bool {
        self.live(aor, now).next().is_some()
    }

    /// Ends what has run out; returns the users who have no phone any more.
    pub fn expire(&mut self, now: Timestamp) -> Vec<String> {
        let mut gone = Vec::new();
        while let Some(entry) = self.ends.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, number), aor) = entry.remove_entry();
            gone.extend(self.remove(&aor, |binding| binding.number == number));
        }
        gone
    }

    /// A connection has closed: nobody can be reached over it. Returns the users who have no phone any more.
    pub fn flow_closed(&mut self, flow: FlowId) -> Vec<String> {
        let over = |binding: &Binding| binding.path.flow == Some(flow);
        let users: Vec<String> = self
            .users
            .iter()
            .filter(|(_, bindings)| bindings.iter().any(over))
            .map(|(aor, _)| aor.clone())
            .collect();
        users.iter().filter_map(|aor| self.remove(aor, over)).collect()
    }

    /// Removes bindings of a user; the user, if none is left.
    fn remove(&mut self, aor: &str, which: impl Fn(&Binding) -> bool) -> Option<String> {
        let bindings = self.users.get_mut(aor)?;
        for binding in bindings.iter().filter(|binding| which(binding)) {
            self.ends.remove(&(binding.ends, binding.number));
        }
        bindings.retain(|binding| !which(binding));
        if !bindings.is_empty() {
            return None;
        }
        self.users.remove(aor).map(|_| aor.to_owned())
    }

    /// When [`Registrar::expire`] has something to do next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.ends.keys().next().map(|(ends, _)| *ends)
    }

    /// Users with phones, and phones, for the metrics.
    pub fn size(&self) -> (usize, usize) {
        (self.users.len(), self.ends.len())
    }
}
