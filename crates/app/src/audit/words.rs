//! What entries about several records say.

use touchline_model::Kind;

/// Records that an entry names one by one, at most.
const NAMED: usize = 20;
/// Bytes that their names take, at most.
const NAMES: usize = 1_000;

/// How many records of a kind an entry is about, and which: `3 contacts: a, b, c`. Of many the first is named.
pub(crate) fn counted(kind: Kind, ids: &[impl AsRef<str>]) -> String {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    let what = format!("{} {}", ids.len(), noun(kind, ids.len()));
    match ids[..] {
        // The object of the entry is its name.
        [] | [_] => what,
        [first, ..] if ids.len() > NAMED || ids.iter().map(|id| id.len()).sum::<usize>() > NAMES => {
            format!("{what}, the first `{first}`")
        }
        _ => format!("{what}: {}", ids.join(", ")),
    }
}

fn noun(kind: Kind, count: usize) -> String {
    match (kind, count) {
        (Kind::Feedback, 1) => "piece of feedback".to_owned(),
        (Kind::Feedback, _) => "pieces of feedback".to_owned(),
        (Kind::Kpi, 1) => "KPI".to_owned(),
        (Kind::Kpi, _) => "KPIs".to_owned(),
        (Kind::Inbox, 2..) => "inboxes".to_owned(),
        (_, 1) => kind.to_string(),
        _ => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_how_many_and_which_in_plain_words() {
        assert_eq!(counted(Kind::User, &["u-1"]), "1 user");
        assert_eq!(counted(Kind::Contact, &["a", "b", "c"]), "3 contacts: a, b, c");
        assert_eq!(counted(Kind::Inbox, &["a", "b"]), "2 inboxes: a, b");
        assert_eq!(counted(Kind::Feedback, &["a"]), "1 piece of feedback");
        let many: Vec<String> = (0..21).map(|n| format!("call-{n}")).collect();
        assert_eq!(counted(Kind::Contact, &many), "21 contacts, the first `call-0`");
        assert!(counted(Kind::Contact, &many[..20]).ends_with(", call-18, call-19"));
        let long = ["x".repeat(600), "y".repeat(600)];
        assert_eq!(counted(Kind::Kpi, &long), format!("2 KPIs, the first `{}`", long[0]));
    }
}
