//! Lists to choose one from.

use super::people;
use crate::{Web, visit::Visit};
use touchline_app::AppError;
use touchline_model::Group;

/// One to choose.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// What there is to choose. What is chosen stays, known or not: somebody may be in a group that nobody has sent yet.
pub(super) fn choices(all: impl IntoIterator<Item = (String, String)>, chosen: Option<&str>) -> Vec<Choice> {
    let choice = |(id, label)| Choice { chosen: chosen == Some(id), label, id: id.to_owned() };
    let all: Vec<(String, String)> = all.into_iter().collect();
    let unknown = chosen.filter(|id| !all.iter().any(|it| it.0 == *id));
    let unknown = unknown.map(|id| (id, id.to_owned()));
    unknown
        .into_iter()
        .chain(all.iter().map(|(id, label)| (id.as_str(), label.clone())))
        .map(choice)
        .collect()
}

/// The label of what is chosen; empty when nothing is.
pub(super) fn chosen(all: &[Choice]) -> &str {
    all.iter().find(|it| it.chosen).map_or("", |it| it.label.trim())
}

/// A group of the tree.
pub(super) struct GroupChoice {
    pub(super) id: String,
    pub(super) team: bool,
    label: String,
}

/// All groups in the order of the tree, set off by their level.
pub(super) async fn groups(web: &Web, visit: &Visit) -> Result<Vec<GroupChoice>, AppError> {
    let groups = web.app.all::<Group>(&visit.caller).await?;
    let label = |it: &people::Branch| format!("{}{}", "\u{2007}\u{2007}".repeat(it.level.min(6)), it.name);
    let choice = |it: &people::Branch| GroupChoice { id: it.id.clone(), team: it.team, label: label(it) };
    Ok(people::tree(&groups, &[]).iter().map(choice).collect())
}

/// Those of the groups that may be chosen, and the one that is.
pub(super) fn of_groups(
    groups: &[GroupChoice],
    may: impl Fn(&GroupChoice) -> bool,
    chosen: Option<&str>,
) -> Vec<Choice> {
    let shown = groups.iter().filter(|it| may(it) || Some(it.id.as_str()) == chosen);
    choices(shown.map(|it| (it.id.clone(), it.label.clone())), chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_stays_though_nobody_knows_it_or_it_is_not_offered() {
        let shown = |all: &[Choice]| {
            let one = |it: &Choice| format!("{}{}", it.id, if it.chosen { "!" } else { "" });
            all.iter().map(one).collect::<Vec<_>>().join(" ")
        };
        let all = || [("a".to_owned(), "Ada".to_owned()), ("b".to_owned(), "Bo".to_owned())];
        assert_eq!(shown(&choices(all(), None)), "a b");
        assert_eq!(shown(&choices(all(), Some("b"))), "a b!");
        assert_eq!(shown(&choices(all(), Some("gone"))), "gone! a b");
        assert_eq!(
            (chosen(&choices(all(), Some("b"))), chosen(&choices(all(), Some("gone")))),
            ("Bo", "gone")
        );
        assert_eq!(chosen(&choices(all(), None)), "");
        let group = |id: &str, team| GroupChoice { id: id.to_owned(), team, label: id.to_owned() };
        let groups = [group("d", false), group("t", true), group("u", true)];
        assert_eq!(shown(&of_groups(&groups, |it| !it.team, Some("t"))), "d t!");
    }
}
