//! The checked plan, and what becomes of a dialled number.

use super::net::{holds, network};
use super::{Dialling, Number, NumberPlan, QueueConfig, RingGroup, RingOrder, Trunk, UserNumber};
use std::{collections::HashMap, net::IpAddr};

/// Why a plan cannot be used. Each says which entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not digits.
    #[error("`{0}` is no number")]
    NotANumber(String),
    /// Public numbers, caller numbers and beginnings are written as `+49…`.
    #[error("`{0}` is not in international form, such as +4930123456")]
    NotInternational(String),
    /// A number with two meanings.
    #[error("number {0} is given twice")]
    Twice(String),
    /// A member, overflow or default that is nowhere.
    #[error("`{of}` names number {number}, which is not in the plan")]
    Nowhere {
        /// Group, queue or trunk.
        of: String,
        /// The number that is missing.
        number: String,
    },
    /// A call could overflow in a circle.
    #[error("calls to {0} would overflow in a circle")]
    Circle(String),
    /// Ring time 0, or no members.
    #[error("`{0}` would ring nobody")]
    RingsNobody(String),
    /// Not an address or network.
    #[error("trunk `{trunk}`: `{text}` is no address or network")]
    Address {
        /// Which trunk.
        trunk: String,
        /// What is written there.
        text: String,
    },
    /// Two trunks of one name.
    #[error("trunk `{0}` is given twice")]
    TrunkTwice(String),
    /// Emergency numbers, but no trunk.
    #[error("emergency numbers need a trunk")]
    EmergencyNeedsTrunk,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// A registered phone; the inside number of its user.
    User(&'a str),
    /// The telephone network, by the name of the trunk.
    Trunk(&'a str),
    /// Neither.
    Stranger,
}

/// Why a call is not put through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What was dialled is no number.
    #[error("that is no number")]
    NotANumber,
    /// Nobody has it.
    #[error("nobody has that number")]
    Unknown,
    /// The caller may not call it.
    #[error("that number may not be called")]
    Forbidden,
    /// No trunk goes there.
    #[error("there is no way to that number")]
    NoWay,
}

impl Refusal {
    /// SIP status code.
    pub const fn code(self) -> u16 {
        match self {
            Self::NotANumber => 484,
            Self::Unknown => 404,
            Self::Forbidden => 403,
            Self::NoWay => 503,
        }
    }
}

/// What a dialled number means.
#[derive(Clone, Debug, PartialEq)]
pub enum Route<'a> {
    /// A person.
    User(&'a UserNumber),
    /// Several people.
    Group(&'a RingGroup),
    /// A queue.
    Queue(&'a QueueConfig),
    /// Out to the telephone network.
    Trunk {
        /// Which way.
        trunk: &'a Trunk,
        /// Whom, in international form; as dialled for an emergency.
        number: String,
        /// What the other side sees; `None` shows none.
        shown: Option<&'a str>,
        /// Never to be held up or refused on the way.
        emergency: bool,
    },
    /// Nowhere.
    Refused(Refusal),
}

/// One step of ringing a group: these inside numbers at once, for so long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingStage<'a> {
    /// Inside numbers.
    pub numbers: Vec<&'a str>,
    /// Seconds.
    pub secs: u32,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    User(usize),
    Group(usize),
    Queue(usize),
}

/// A plan in which every reference leads somewhere and no number means two things.
#[derive(Clone, Debug)]
pub struct Plan {
    plan: NumberPlan,
    /// Inside numbers and public ones.
    entries: HashMap<String, Entry>,
    /// Networks of trunks: address, prefix length, index.
    networks: Vec<(IpAddr, u8, usize)>,
}

impl Plan {
    /// Checks a plan.
    ///
    /// # Errors
    /// All that is wrong with it, so that it can be put right in one go.
    pub fn new(plan: NumberPlan) -> Result<Self, Vec<PlanError>> {
        let mut checked = Self { entries: HashMap::new(), networks: Vec::new(), plan };
        let mut errors = Vec::new();
        checked.enter_numbers(&mut errors);
        checked.check_references(&mut errors);
        checked.check_trunks(&mut errors);
        if errors.is_empty() { Ok(checked) } else { Err(errors) }
    }

    /// The plan as it was written.
    pub fn written(&self) -> &NumberPlan {
        &self.plan
    }

    fn enter_numbers(&mut self, errors: &mut Vec<PlanError>) {
        let users = self
            .plan
            .users
            .iter()
            .enumerate()
            .map(|(at, user)| (&user.number, &user.public, Entry::User(at)));
        let groups = self
            .plan
            .groups
            .iter()
            .enumerate()
            .map(|(at, group)| (&group.number, &group.public, Entry::Group(at)));
        let queues = self
            .plan
            .queues
            .iter()
            .enumerate()
            .map(|(at, queue)| (&queue.number, &queue.public, Entry::Queue(at)));
        for (inside, public, entry) in users.chain(groups).chain(queues) {
            if !is_plain(inside) || inside.starts_with('+') {
                errors.push(PlanError::NotANumber(inside.clone()));
            }
            if self.plan.emergency.contains(inside) || self.entries.insert(inside.clone(), entry).is_some() {
                errors.push(PlanError::Twice(inside.clone()));
            }
            let Some(public) = public else { continue };
            if !is_international(public) {
                errors.push(PlanError::NotInternational(public.clone()));
            }
            if self.entries.insert(public.clone(), entry).is_some() {
                errors.push(PlanError::Twice(public.clone()));
            }
        }
    }

    fn check_references(&self, errors: &mut Vec<PlanError>) {
        if self.plan.ring_secs == Some(0) {
            errors.push(PlanError::RingsNobody("ring_secs".to_owned()));
        }
        let nowhere =
            |of: &str, number: &str| PlanError::Nowhere { of: of.to_owned(), number: number.to_owned() };
        for group in &self.plan.groups {
            if group.members.is_empty() || group.ring_secs == 0 {
                errors.push(PlanError::RingsNobody(group.name.clone()));
            }
            let strangers = group
                .members
                .iter()
                .filter(|member| !matches!(self.entries.get(*member), Some(Entry::User(_))));
            errors.extend(strangers.map(|member| nowhere(&group.name, member)));
        }
        for queue in self.plan.queues.iter().filter(|queue| queue.ring_secs == 0) {
            errors.push(PlanError::RingsNobody(queue.name.clone()));
        }
        let groups = self.plan.groups.iter().map(|group| (&group.number, &group.name, &group.overflow));
        let queues = self.plan.queues.iter().map(|queue| (&queue.number, &queue.name, &queue.overflow));
        for (number, name, overflow) in groups.chain(queues) {
            let mut next = overflow.as_deref();
            if let Some(missing) = next.filter(|next| !self.entries.contains_key(*next)) {
                errors.push(nowhere(name, missing));
            }
            // As many steps as there are entries lead through all of them; one more is a circle.
            for step in 0.. {
                let Some(there) = next else { break };
                if step > self.entries.len() || there == number {
                    errors.push(PlanError::Circle(number.clone()));
                    break;
                }
                next = self.overflow_of(there);
            }
        }
    }

    fn overflow_of(&self, number: &str) -> Option<&str> {
        match self.entries.get(number)? {
            Entry::User(_) => None,
            Entry::Group(at) => self.plan.groups.get(*at)?.overflow.as_deref(),
            Entry::Queue(at) => self.plan.queues.get(*at)?.overflow.as_deref(),
        }
    }

    fn check_trunks(&mut self, errors: &mut Vec<PlanError>) {
        if !self.plan.emergency.is_empty() && self.plan.trunks.is_empty() {
            errors.push(PlanError::EmergencyNeedsTrunk);
        }
        errors.extend(
            self.plan.emergency.iter().filter(|number| !is_plain(number)).cloned().map(PlanError::NotANumber),
        );
        let begins = |text: &&String| {
            !text.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        errors.extend(self.plan.blocked.iter().filter(begins).cloned().map(PlanError::NotInternational));
        for (at, trunk) in self.plan.trunks.iter().enumerate() {
            if self.plan.trunks.iter().take(at).any(|other| other.name == trunk.name) {
                errors.push(PlanError::TrunkTwice(trunk.name.clone()));
            }
            errors.extend(trunk.prefixes.iter().filter(begins).cloned().map(PlanError::NotInternational));
            errors.extend(
                trunk
                    .caller_number
                    .iter()
                    .filter(|text| !is_international(text))
                    .cloned()
                    .map(PlanError::NotInternational),
            );
            if let Some(number) = trunk.default.as_ref().filter(|number| !self.entries.contains_key(*number))
            {
                errors.push(PlanError::Nowhere { of: trunk.name.clone(), number: number.clone() });
            }
            for text in &trunk.addresses {
                match network(text) {
                    Some((address, prefix)) => self.networks.push((address, prefix, at)),
                    None => errors.push(PlanError::Address { trunk: trunk.name.clone(), text: text.clone() }),
                }
            }
        }
    }

    /// The trunk whose calls come from that address without a password, by the smallest network that holds it.
    pub fn trunk_at(&self, source: IpAddr) -> Option<&Trunk> {
        let holding = self.networks.iter().filter(|(address, prefix, _)| holds(*address, *prefix, source));
        holding.max_by_key(|(_, prefix, _)| *prefix).and_then(|(_, _, at)| self.plan.trunks.get(*at))
    }

    /// Networks of all trunks, for the limits of the endpoint.
    pub fn trunk_networks(&self) -> Vec<(IpAddr, u8)> {
        self.networks.iter().map(|(address, prefix, _)| (*address, *prefix)).collect()
    }

    /// What it means that this caller dials that. A call from the telephone network never goes back out to it, so nobody
    /// outside can call at our cost.
    pub fn route(&self, dialled: &str, caller: Caller<'_>) -> Route<'_> {
        let Ok(number) = Number::read(dialled) else { return Route::Refused(Refusal::NotANumber) };
        match caller {
            Caller::Stranger => Route::Refused(Refusal::Forbidden),
            Caller::Trunk(name) => self.route_in(&number, name),
            Caller::User(inside) => self.route_from(&number, inside),
        }
    }

    fn route_in(&self, number: &Number, trunk: &str) -> Route<'_> {
        // Providers send what they like: with `+`, with the country code alone, or as dialled.
        let rules = &self.plan.dialling;
        let with_plus = format!("+{}", number.as_str());
        let inside = self.entry(number.as_str()).or_else(|| self.entry(&with_plus));
        let inside = inside.or_else(|| self.entry(number.international(rules)?.as_str()));
        let default = || {
            let trunk = self.plan.trunks.iter().find(|known| known.name == trunk)?;
            self.entry(trunk.default.as_deref()?)
        };
        inside.or_else(default).unwrap_or(Route::Refused(Refusal::Unknown))
    }

    fn route_from(&self, number: &Number, inside: &str) -> Route<'_> {
        let rules: &Dialling = &self.plan.dialling;
        let Some(Entry::User(at)) = self.entries.get(inside) else {
            return Route::Refused(Refusal::Forbidden);
        };
        let Some(user) = self.plan.users.get(*at) else { return Route::Refused(Refusal::Forbidden) };
        let outside = number.as_str().strip_prefix(rules.outside_prefix.as_str()).unwrap_or(number.as_str());
        // First of all, and with or without the prefix: nobody in need thinks of prefixes.
        if let Some(emergency) =
            self.plan.emergency.iter().find(|known| *known == number.as_str() || *known == outside)
        {
            let Some(trunk) = self.plan.trunks.first() else { return Route::Refused(Refusal::NoWay) };
            let shown = user.public.as_deref().or(trunk.caller_number.as_deref());
            return Route::Trunk { trunk, number: emergency.clone(), shown, emergency: true };
        }
        if let Some(route) = self.entry(number.as_str()) {
            return route;
        }
        let needs_prefix = !rules.outside_prefix.is_empty() && !number.as_str().starts_with('+');
        if needs_prefix && outside.len() == number.as_str().len() {
            return Route::Refused(Refusal::Unknown);
        }
        let far = Number::read(outside).ok().and_then(|number| number.international(rules));
        let Some(far) = far else { return Route::Refused(Refusal::Unknown) };
        // Somebody inside dialled a colleague's public number.
        if let Some(route) = self.entry(far.as_str()) {
            return route;
        }
        if !user.outside || self.plan.blocked.iter().any(|begin| far.as_str().starts_with(begin.as_str())) {
            return Route::Refused(Refusal::Forbidden);
        }
        match self.trunk_to(far.as_str()) {
            None => Route::Refused(Refusal::NoWay),
            Some(trunk) => {
                let shown = user.public.as_deref().or(trunk.caller_number.as_deref());
                Route::Trunk { trunk, number: far.as_str().to_owned(), shown, emergency: false }
            }
        }
    }

    /// The trunk with the longest beginning of that number; among equals the first.
    fn trunk_to(&self, number: &str) -> Option<&Trunk> {
        let fit = |trunk: &Trunk| {
            let lengths =
                trunk.prefixes.iter().filter(|begin| number.starts_with(begin.as_str())).map(String::len);
            if trunk.prefixes.is_empty() { Some(0) } else { lengths.max() }
        };
        let fitting = self.plan.trunks.iter().filter_map(|trunk| Some((fit(trunk)?, trunk)));
        fitting.rev().max_by_key(|(length, _)| *length).map(|(_, trunk)| trunk)
    }

    fn entry(&self, number: &str) -> Option<Route<'_>> {
        Some(match self.entries.get(number)? {
            Entry::User(at) => Route::User(self.plan.users.get(*at)?),
            Entry::Group(at) => Route::Group(self.plan.groups.get(*at)?),
            Entry::Queue(at) => Route::Queue(self.plan.queues.get(*at)?),
        })
    }
}

impl RingGroup {
    /// Whom to ring, step by step; afterwards the call goes to [`RingGroup::overflow`].
    pub fn stages(&self) -> Vec<RingStage<'_>> {
        let members: Vec<&str> = self.members.iter().map(String::as_str).collect();
        let secs = self.ring_secs;
        match self.order {
            RingOrder::All => vec![RingStage { numbers: members, secs }],
            RingOrder::InTurn => {
                members.into_iter().map(|number| RingStage { numbers: vec![number], secs }).collect()
            }
        }
    }
}

fn is_plain(text: &str) -> bool {
    Number::read(text).is_ok_and(|number| number.as_str() == text)
}

fn is_international(text: &str) -> bool {
    text.starts_with('+') && is_plain(text)
}
