//! Roles of clients (contract §2.1), from what people may do here.

use std::collections::BTreeSet;
use touchline_model::{Ability, Caller, Role};

/// What a request needs, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// To be somebody: `ROLE_LOGIN`.
    Login,
    /// To work at a telephone: `ROLE_AGENT`.
    Agent,
    /// To watch others: `ROLE_SUPERVISOR`.
    Supervisor,
    /// To run the organisation: `ROLE_ADMIN`.
    Admin,
}

/// Who may hear recordings and comment on others' work is a supervisor; the app has the same rule for its commands.
pub(crate) fn rank(own_only: bool, abilities: &BTreeSet<Ability>) -> Rank {
    let may = |ability| abilities.contains(&ability);
    if !may(Ability::ReadContacts) {
        Rank::Login
    } else if own_only {
        Rank::Agent
    } else if may(Ability::Administer) {
        Rank::Admin
    } else if may(Ability::ReadRecordings) && may(Ability::WriteCoaching) {
        Rank::Supervisor
    } else {
        Rank::Agent
    }
}

/// The rank of somebody who asks.
pub(crate) fn rank_of(caller: &Caller) -> Rank {
    rank(caller.own_only, &caller.abilities)
}

/// The roles of a rank.
pub(crate) fn names(rank: Rank) -> Vec<&'static str> {
    match rank {
        Rank::Login => vec!["ROLE_LOGIN"],
        Rank::Agent => vec!["ROLE_AGENT"],
        Rank::Supervisor => vec!["ROLE_AGENT", "ROLE_SUPERVISOR"],
        Rank::Admin => vec!["ROLE_AGENT", "ROLE_SUPERVISOR", "ROLE_ADMIN"],
    }
}

/// The roles of somebody with a log-in.
pub(crate) fn of_login(role: Role) -> Vec<&'static str> {
    names(rank(role.own_only(), &role.abilities()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): S2.1, OC-12
    #[test]
    fn our_roles_are_theirs() {
        assert_eq!(of_login(Role::Agent), ["ROLE_AGENT"]);
        for role in [Role::Manager, Role::Coach, Role::Analyst] {
            assert_eq!(of_login(role), ["ROLE_AGENT", "ROLE_SUPERVISOR"], "{role}");
        }
        assert_eq!(of_login(Role::Administrator), ["ROLE_AGENT", "ROLE_SUPERVISOR", "ROLE_ADMIN"]);
        assert_eq!(names(rank(false, &BTreeSet::new())), ["ROLE_LOGIN"]);
    }
}
