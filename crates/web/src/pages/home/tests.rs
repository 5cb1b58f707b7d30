use super::*;
use touchline_app::overview::{TopicMove, Trends, WeekTalk};
use touchline_app::store::DayCount;
use touchline_model::{MediaTime, Timestamp, TopicId};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(n: i64, contacts: i64) -> (Timestamp, DayCount) {
    let none = MediaTime::default();
    let count = DayCount { day: n, contacts, analysed: contacts / 2, internal: none, external: none };
    (at("2026-03-02T00:00:00Z").plus_secs(n * 86_400), count)
}

fn week(n: i64, ratio: Option<f64>) -> WeekTalk {
    let monday = at("2026-03-02T00:00:00Z").plus_secs(n * 7 * 86_400);
    WeekTalk { monday, calls: 150, ratio, all_calls: 1_000, all_ratio: Some(0.5) }
}

fn moved(name: &str, before: f64, after: f64, z: f64) -> TopicMove {
    TopicMove { topic: TopicId(7), name: name.to_owned(), calls: vec![120, 180], before, after, z }
}

fn trends(whose: Whose, topics: Vec<TopicMove>) -> Trends {
    Trends {
        whose,
        days: (0..14).map(|n| day(n, if n == 8 { 1_061 } else { 20 })).collect(),
        weeks: vec![week(0, Some(0.41)), week(1, Some(0.47))],
        topics,
    }
}

const NOW: &str = "2026-03-15T12:00:00Z";

#[test]
fn each_chart_says_in_a_sentence_what_is_seen() {
    let it =
        trends(Whose::Everybody, vec![moved("Price", 0.12, 0.18, 4.0), moved("Fault", 0.08, 0.024, -3.0)]);
    let volume = trends::volume(&it, at(NOW)).render().unwrap();
    assert!(volume.contains("1,321 calls in 2 weeks, most on Tue 10 Mar (1,061)."), "{volume}");
    assert_eq!(volume.matches("open\"").count(), 1, "only today is not over: {volume}");
    assert!(volume.contains("Tue 10 Mar 2026: Calls: 1,061"), "{volume}");
    let talk = trends::talk(&it, at(NOW)).render().unwrap();
    assert!(talk.contains("Agents’ share of talk rose from 41 % to 47 %, n: 300 calls."), "{talk}");
    let topics = trends::topics(&it, at(NOW)).render().unwrap();
    assert!(topics.contains("“Price” rose most, from 12 % to 18 % of calls."), "{topics}");
    assert!(topics.contains("“Fault” fell most, from 8.0 % to 2.4 %."), "{topics}");
    assert!(topics.contains("href=\"/calls?from=2026-03-02T00:00:00Z&#38;topic=7\""), "{topics}");
}

#[test]
fn a_leader_sees_the_team_beside_everybody_and_an_agent_only_the_own() {
    let lines = |whose| trends::talk(&trends(whose, vec![]), at(NOW)).render().unwrap();
    let team = lines(Whose::Team(vec![]));
    assert!(
        team.contains("Your team’s share")
            && team.contains("47 % your team")
            && team.contains("50 % everybody")
    );
    let own = lines(Whose::Own);
    assert!(own.contains("Your share") && own.contains("47 % you") && !own.contains("everybody"), "{own}");
}

#[test]
fn without_anything_the_charts_say_so() {
    let nothing = Trends {
        whose: Whose::Everybody,
        days: vec![day(0, 0)],
        weeks: vec![WeekTalk { calls: 0, all_calls: 0, ..week(0, None) }],
        topics: vec![],
    };
    assert!(trends::volume(&nothing, at(NOW)).render().unwrap().contains("No calls in these weeks."));
    let talk = trends::talk(&nothing, at(NOW)).render().unwrap();
    assert!(talk.contains("Nothing was analysed") && !talk.contains("<svg"), "{talk}");
    assert!(trends::topics(&nothing, at(NOW)).render().unwrap().contains("No topic was found"));
    let steady = trends(Whose::Everybody, vec![moved("Price", 0.12, 0.13, 0.4)]);
    assert!(trends::topics(&steady, at(NOW)).render().unwrap().contains("No topic moved"));
}

#[test]
fn remarks_are_shown_without_marks_and_not_at_length() {
    assert_eq!(plain("<p>Well <b>done</b></p>"), "Well done");
    assert_eq!(plain("<b>5 < 6</b>, really"), "<b>5 < 6</b>, really");
    assert_eq!(plain("<p>waited</p><p>&gt; 5 min</p>"), "waited > 5 min");
    let long = plain(&"word ".repeat(100));
    assert!(long.ends_with('…') && long.chars().count() == MOST_SAID + 1, "{long}");
    assert_eq!(bounded("home.failed", 1), "1 recording could not be used");
    assert_eq!(bounded("home.failed", MOST_WAITING + 1), "1,000+ recordings could not be used");
}
