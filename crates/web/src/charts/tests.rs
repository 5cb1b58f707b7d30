use super::*;

fn steps(count: usize) -> Vec<Step> {
    (0..count)
        .map(|at| Step {
            label: format!("day {at}"),
            tick: if at == 0 { "0".into() } else { String::new() },
            open: at + 1 == count,
        })
        .collect()
}

fn series(label: &str, values: &[f64]) -> Series {
    Series {
        label: label.to_owned(),
        tone: Tone::Subject,
        values: values.iter().copied().map(Some).collect(),
    }
}

#[test]
fn bars_stand_on_zero_and_their_numbers_are_in_the_table() {
    let chart =
        Chart::bars("Calls", "Most on day 1.".into(), Unit::Count, &steps(2), &series("calls", &[5.0, 10.0]));
    let page = chart.with_columns(&["n"], |at| vec![format!("n{at}")]).render().unwrap();
    // The scale ends at 10: half of it is half as high, and both end where zero is.
    assert!(page.contains(r#"y="80" height="64""#), "{page}");
    assert!(page.contains(r#"y="16" height="128""#), "{page}");
    assert!(
        page.contains("<th scope=\"row\">day 1</th><td class=\"number\">10</td><td class=\"number\">n1</td>"),
        "{page}"
    );
    assert!(page.contains("<title>day 0: calls: 5</title>"), "{page}");
    assert!(page.contains("aria-label=\"Calls. Most on day 1.\""), "{page}");
}

#[test]
fn lines_are_labelled_at_their_ends_and_labels_keep_apart() {
    let both = [series("you", &[0.5, 0.50]), series("team", &[0.4, 0.51])];
    let Drawing::Plot(plot) = Chart::lines("Ratio", String::new(), Unit::Share, &steps(2), &both).drawing
    else {
        panic!("a plot")
    };
    let labels: Vec<&str> = plot.lines.iter().map(|line| line.label.as_str()).collect();
    assert_eq!(labels, ["51 % team", "50 % you"], "from top to bottom");
    assert!(plot.lines[1].label_y - plot.lines[0].label_y >= APART);
}

#[test]
fn a_single_line_says_at_which_step_its_last_value_is() {
    let mut values = series("in time", &[0.8, 0.5, 0.9]);
    values.values[2] = None;
    let page = Chart::lines("Ratio", String::new(), Unit::Share, &steps(3), &[values]).render().unwrap();
    assert!(
        page.contains("50 % in time</text><text class=\"quiet\"") && page.contains(">day 1</text>"),
        "{page}"
    );
}

#[test]
fn every_other_word_under_an_axis_can_go_where_there_is_no_room_for_all() {
    let named = |count: usize| {
        let steps: Vec<Step> =
            steps(count).into_iter().map(|it| Step { tick: format!("t{}", it.label), ..it }).collect();
        let values = series("x", &vec![0.5; count]);
        Chart::lines("Ratio", String::new(), Unit::Share, &steps, &[values]).render().unwrap()
    };
    let week = named(7);
    assert_eq!(week.matches("<text class=\"quiet spare\"").count(), 3, "{week}");
    assert!(week.contains("class=\"plot ended\"") && week.contains(">tday 6</text>"), "{week}");
    assert!(!named(4).contains("spare"), "four have room");
}

#[test]
fn a_chart_of_nothing_has_its_sentence_and_no_drawing() {
    let page =
        Chart::smalls("Topics", "No topics yet.".into(), Unit::Share, &steps(3), vec![]).render().unwrap();
    assert!(page.contains("No topics yet."), "{page}");
    assert!(!page.contains("<svg") && !page.contains("<table"), "{page}");
}

#[test]
fn hostile_and_long_names_are_words_and_nothing_else() {
    let hostile = format!("<script>alert(1)</script>\"'&{}", "x".repeat(500));
    let small = Small {
        label: hostile.clone(),
        href: Some("/calls?topic=1".into()),
        note: hostile.clone(),
        class: "",
        values: vec![Some(0.1), None, Some(0.2)],
    };
    for page in [
        Chart::smalls(&hostile, hostile.clone(), Unit::Share, &steps(3), vec![small]).render().unwrap(),
        Chart::bars(&hostile, hostile.clone(), Unit::Count, &steps(1), &series(&hostile, &[1.0]))
            .render()
            .unwrap(),
    ] {
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
        assert!(page.contains('…') || page.contains(&"x".repeat(500)), "{page}");
    }
}
