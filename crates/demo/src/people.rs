//! Who works at Larkmoor, a regional broadband company of our own invention, and how each of them works.

use crate::dice::{Dice, mix};
use touchline_model::{Group, GroupId, GroupKind, User, UserId};

/// What a team mostly does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    Billing,
    Technical,
    Appointments,
    Retention,
    Sales,
    Business,
}

impl Queue {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::Technical => "technical support",
            Self::Appointments => "appointments",
            Self::Retention => "customer relations",
            Self::Sales => "sales",
            Self::Business => "business care",
        }
    }
}

pub(crate) struct Team {
    pub(crate) id: &'static str,
    name: &'static str,
    department: &'static str,
    pub(crate) queue: Queue,
    pub(crate) manager: &'static str,
    members: [&'static str; 5],
}

impl Team {
    /// The name of one of its people.
    pub(crate) fn member(&self, place: usize) -> Option<&'static str> {
        self.members.get(place).copied()
    }
}

/// The team that takes the new prices badly.
pub(crate) const SHAKEN_TEAM: &str = "t-billing-2";

pub(crate) const TEAMS: [Team; 8] = [
    Team {
        id: "t-billing-1",
        name: "Billing North",
        department: "d-care",
        queue: Queue::Billing,
        manager: "Helen Achterberg",
        members: ["Ana Ruiz", "Marcus Webb", "Priya Nair", "Tom Ashdown", "Leila Haddad"],
    },
    Team {
        id: "t-billing-2",
        name: "Billing South",
        department: "d-care",
        queue: Queue::Billing,
        manager: "Derek Omondi",
        members: ["Joel Carver", "Siobhan Keane", "Kenji Mori", "Fatou Diallo", "Craig Pettifer"],
    },
    Team {
        id: "t-retention",
        name: "Customer Relations",
        department: "d-care",
        queue: Queue::Retention,
        manager: "Yvonne Castellan",
        members: ["Rosa Lindqvist", "Dominic Vale", "Amara Okafor", "Gareth Pryce", "Nina Petrova"],
    },
    Team {
        id: "t-tech-1",
        name: "Technical Support Early",
        department: "d-tech",
        queue: Queue::Technical,
        manager: "Martin Szabo",
        members: ["Ben Tolliver", "Chidi Eze", "Sofia Marques", "Hamish Rennie", "Jade Whitlock"],
    },
    Team {
        id: "t-tech-2",
        name: "Technical Support Late",
        department: "d-tech",
        queue: Queue::Technical,
        manager: "Farah Qureshi",
        members: ["Oliver Stanton", "Mei Tanaka", "Luke Brannigan", "Zara Sheikh", "Piotr Wolski"],
    },
    Team {
        id: "t-field",
        name: "Engineer Appointments",
        department: "d-tech",
        queue: Queue::Appointments,
        manager: "Sandra Oyelaran",
        members: ["Callum Frost", "Ingrid Solheim", "Dev Chauhan", "Maria Ferreira", "Ewan Lockhart"],
    },
    Team {
        id: "t-sales",
        name: "Home Sales",
        department: "d-sales",
        queue: Queue::Sales,
        manager: "Russell Dane",
        members: ["Chloe Underhill", "Ibrahim Sesay", "Kate Marlowe", "Andre Baptiste", "Tess Holloway"],
    },
    Team {
        id: "t-business",
        name: "Business Care",
        department: "d-sales",
        queue: Queue::Business,
        manager: "Lorna MacAskill",
        members: ["Victor Almeida", "Hannah Brandt", "Samir Patel", "Emily Rourke", "Noel Kwarteng"],
    },
];

pub(crate) const DEPARTMENTS: [(&str, &str, Option<&str>); 5] = [
    ("d-service", "Larkmoor Customer Operations", None),
    ("d-care", "Customer Care", Some("d-service")),
    ("d-tech", "Technical Operations", Some("d-service")),
    ("d-sales", "Sales and Business", Some("d-service")),
    ("d-quality", "Quality and Coaching", Some("d-service")),
];

/// Head of service.
pub(crate) const HEAD: &str = "Margaret Thornbury";
/// Listens to contacts all day and scores them.
pub(crate) const ANALYST: &str = "Julian Fairweather";
/// Takes calls beside the coached agent of the first team.
pub(crate) const COLLEAGUE: &str = "Ana Ruiz";
/// One for each department below the head of service.
pub(crate) const COACHES: [&str; 3] = ["Bea Morrow", "Winston Clarke", "Elif Demir"];

/// How somebody handles contacts; every value from 0 (poor) to 1 (excellent) unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) empathy: f64,
    pub(crate) knowledge: f64,
    pub(crate) identity: f64,
    /// Lets customers finish.
    pub(crate) listening: f64,
    /// Keeps talking or explains while looking things up.
    pub(crate) flow: f64,
    /// Says what happens next, and when.
    pub(crate) ownership: f64,
    /// Speaks without "um" and "you know".
    pub(crate) clarity: f64,
    pub(crate) upsell: f64,
    /// Speed of speech; 1 is about 165 words a minute.
    pub(crate) pace: f64,
}

/// What a coaching plan wants to make better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Empathy,
    Knowledge,
    Identity,
    Listening,
    Flow,
    Ownership,
}

/// How a plan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    Complete,
    Open,
    Behind,
}

/// Who is coached: name, on what, from which week of the eight (may be fractional), and how it goes.
pub(crate) const COACHED: [(&str, Focus, f64, Course); 12] = [
    ("Marcus Webb", Focus::Listening, 1.2, Course::Complete),
    ("Chidi Eze", Focus::Flow, 1.6, Course::Complete),
    ("Gareth Pryce", Focus::Empathy, 2.1, Course::Complete),
    ("Tess Holloway", Focus::Identity, 2.4, Course::Complete),
    ("Leila Haddad", Focus::Ownership, 2.6, Course::Open),
    ("Luke Brannigan", Focus::Knowledge, 3.1, Course::Open),
    ("Ewan Lockhart", Focus::Empathy, 3.3, Course::Open),
    ("Samir Patel", Focus::Flow, 3.6, Course::Open),
    ("Kate Marlowe", Focus::Listening, 4.1, Course::Open),
    ("Craig Pettifer", Focus::Empathy, 4.4, Course::Behind),
    ("Jade Whitlock", Focus::Identity, 3.2, Course::Behind),
    ("Dominic Vale", Focus::Ownership, 2.9, Course::Behind),
];

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) user: User,
    pub(crate) team: usize,
    base: Traits,
    coached: Option<(Focus, f64, Course)>,
}

pub(crate) fn user_id(name: &str) -> UserId {
    UserId(format!("u-{}", name.to_lowercase().replace(' ', "-")))
}

fn user(name: &str, team: Option<&str>, department: &str, extension: usize) -> User {
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    User {
        id: user_id(name),
        email: format!("{}@larkmoor.example.com", name.to_lowercase().replace(' ', ".")),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        team_id: team.map(GroupId::from),
        department_id: Some(department.into()),
        system_ids: vec![format!("LM{}", 4100 + extension)],
        // 01632 96xxxx is kept free for fiction by the British regulator.
        phone_numbers: vec![format!("+441632960{extension:03}")],
        active: true,
    }
}

pub(crate) fn groups() -> Vec<Group> {
    let department = |(id, name, parent): &(&str, &str, Option<&str>)| Group {
        id: GroupId::from(*id),
        name: (*name).to_owned(),
        kind: GroupKind::Department,
        parent_id: parent.map(GroupId::from),
        manager_id: Some(user_id(match *id {
            "d-care" => TEAMS[0].manager,
            "d-tech" => TEAMS[3].manager,
            "d-sales" => TEAMS[6].manager,
            _ => HEAD,
        })),
        active: true,
    };
    let team = |id: &str, name: &str, parent: &str, manager: &str| Group {
        id: id.into(),
        name: name.to_owned(),
        kind: GroupKind::Team,
        parent_id: Some(parent.into()),
        manager_id: Some(user_id(manager)),
        active: true,
    };
    let mut groups: Vec<Group> = DEPARTMENTS.iter().map(department).collect();
    groups.extend(TEAMS.iter().map(|t| team(t.id, t.name, t.department, t.manager)));
    groups.push(team("t-coaching", "Coaching and Quality", "d-quality", COACHES[0]));
    groups
}

/// Everybody who is not an agent.
pub(crate) fn staff() -> Vec<User> {
    let mut staff = vec![user(HEAD, None, "d-service", 1)];
    staff.extend(TEAMS.iter().enumerate().map(|(at, t)| user(t.manager, Some(t.id), t.department, 10 + at)));
    staff.extend(
        COACHES.iter().enumerate().map(|(at, name)| user(name, Some("t-coaching"), "d-quality", 30 + at)),
    );
    staff.push(user(ANALYST, Some("t-coaching"), "d-quality", 40));
    staff
}

pub(crate) fn agents(seed: u64) -> Vec<Agent> {
    let places =
        TEAMS.iter().enumerate().flat_map(|(team, t)| t.members.iter().map(move |name| (team, *name)));
    places
        .enumerate()
        .map(|(at, (team, name))| {
            let mut dice = Dice::new(mix(seed, 1_000 + at as u64));
            let coached = COACHED.iter().find(|row| row.0 == name).map(|row| (row.1, row.2, row.3));
            // Good people are good at most things, but not at all of them.
            let level = if coached.is_some() { dice.range(0.42, 0.56) } else { dice.range(0.5, 0.92) };
            let mut roll = |spread: f64| (level + spread * dice.normal()).clamp(0.08, 0.97);
            let mut base = Traits {
                empathy: roll(0.14),
                knowledge: roll(0.1),
                identity: (roll(0.1) + 0.25).min(0.98),
                listening: roll(0.14),
                flow: roll(0.14),
                ownership: roll(0.14),
                clarity: roll(0.18),
                upsell: roll(0.25) * 0.7,
                pace: 1.0,
            };
            base.pace = dice.range(0.88, 1.16);
            if let Some((focus, ..)) = coached {
                *focus.of(&mut base) = dice.range(0.12, 0.24);
            }
            Agent {
                user: user(name, Some(TEAMS[team].id), TEAMS[team].department, 100 + at),
                team,
                base,
                coached,
            }
        })
        .collect()
}

impl Focus {
    fn of(self, traits: &mut Traits) -> &mut f64 {
        match self {
            Self::Empathy => &mut traits.empathy,
            Self::Knowledge => &mut traits.knowledge,
            Self::Identity => &mut traits.identity,
            Self::Listening => &mut traits.listening,
            Self::Flow => &mut traits.flow,
            Self::Ownership => &mut traits.ownership,
        }
    }
}

impl Agent {
    /// How the agent works in a week of the eight: 0 is the first moment, 8 is today.
    pub(crate) fn traits(&self, week: f64) -> Traits {
        let mut now = self.base;
        if let Some((focus, start, course)) = self.coached {
            let strength = if course == Course::Behind { 0.12 } else { 0.9 };
            let gain = ((week - start) / 2.5).clamp(0.0, 1.0) * strength;
            let lift = |value: &mut f64, share: f64| *value += (0.95 - *value).max(0.0) * gain * share;
            for (other, share) in [
                (Focus::Empathy, 0.55),
                (Focus::Knowledge, 0.5),
                (Focus::Identity, 0.5),
                (Focus::Listening, 0.4),
                (Focus::Flow, 0.4),
                (Focus::Ownership, 0.55),
            ] {
                lift(other.of(&mut now), if other == focus { 1.0 } else { share });
            }
        }
        if TEAMS[self.team].id == SHAKEN_TEAM && week >= 4.0 {
            let shock = (1.0 - (week - 4.0) * 0.12).max(0.4);
            for focus in [Focus::Empathy, Focus::Knowledge, Focus::Flow, Focus::Ownership, Focus::Listening] {
                *focus.of(&mut now) *= 1.0 - 0.45 * shock;
            }
        }
        now
    }

    pub(crate) fn first_name(&self) -> &str {
        &self.user.first_name
    }
}

impl Team {
    pub(crate) fn members(&self) -> &[&'static str] {
        &self.members
    }
    pub(crate) fn department(&self) -> &'static str {
        self.department
    }
}
