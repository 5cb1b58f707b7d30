//! Finds `covers(CONTRACT): ROW, ROW` comments and the tests below them, in Rust and in Python.

/// A contract row and the test that covers it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) row: String,
    pub(crate) test: String,
}

/// What differs between the two languages.
#[derive(Clone, Copy)]
pub(crate) enum Language {
    Rust,
    Python,
}

impl Language {
    const fn comment(self) -> &'static str {
        match self {
            Self::Rust => "//",
            Self::Python => "#",
        }
    }

    /// Whether an attribute or decorator begins here.
    fn begins_attribute(self, line: &str) -> bool {
        match self {
            Self::Rust => line.starts_with("#["),
            Self::Python => line.starts_with('@'),
        }
    }

    /// The function that a line begins to define.
    fn function(self, line: &str) -> Option<&str> {
        let keyword = match self {
            Self::Rust => "fn",
            Self::Python => "def",
        };
        let mut rest = line;
        loop {
            let (word, after) = rest.split_once(' ')?;
            if word == keyword {
                return after.split(|c: char| !c.is_alphanumeric() && c != '_').next();
            }
            if !matches!(word, "pub" | "pub(crate)" | "async") {
                return None;
            }
            rest = after;
        }
    }

    /// Why a function with these attributes is no test that runs.
    /// `listed` are functions that a macro turns into tests.
    fn objection(self, function: &str, attributes: &[String], listed: &[&str]) -> Option<&'static str> {
        let name = |attribute: &String| {
            attribute
                .trim_start_matches(['#', '[', '@'])
                .split(['(', ']', ' ', '='])
                .next()
                .map(str::to_owned)
        };
        let names: Vec<_> = attributes.iter().filter_map(name).collect();
        let is_test = match self {
            Self::Rust => names.iter().any(|name| name.contains("test")) || listed.contains(&function),
            Self::Python => function.starts_with("test"),
        };
        if !is_test {
            return Some("no test");
        }
        names
            .iter()
            .any(|name| name == "ignore" || name.contains("skip"))
            .then_some("a test that is left out")
    }
}

/// The functions that `on_both_engines!(one, two);` turns into tests.
fn listed(text: &str) -> Vec<&str> {
    let lists = text.split("on_both_engines!(").skip(1).filter_map(|rest| rest.split_once(");"));
    lists.flat_map(|(list, _)| list.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// All tags of a source file.
///
/// # Errors
/// A line number and what is wrong there: a tag that does not stand directly above a test.
pub(crate) fn find(text: &str, contract: &str, language: Language) -> Result<Vec<Tag>, (usize, String)> {
    let opening = format!("covers({contract}):");
    let listed = listed(text);
    let mut found = Vec::new();
    let mut pending: Option<(usize, Vec<String>)> = None;
    let mut attributes: Vec<String> = Vec::new();
    let mut open_brackets = 0;
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if let Some(comment) = line.strip_prefix(language.comment()).filter(|_| open_brackets == 0) {
            if let Some(rows) = comment.trim_start().strip_prefix(&opening) {
                let rows = rows.split(',').map(|row| row.trim().trim_end_matches('.').to_owned());
                pending.get_or_insert_with(|| (number + 1, Vec::new())).1.extend(rows);
            }
            continue;
        }
        let Some((tagged_at, rows)) = &mut pending else {
            continue;
        };
        if open_brackets > 0 || language.begins_attribute(line) {
            if open_brackets == 0 {
                attributes.push(line.to_owned());
            }
            open_brackets += brackets(line);
            continue;
        }
        let Some(function) = language.function(line) else {
            return Err((*tagged_at, "no test directly below".to_owned()));
        };
        if let Some(objection) = language.objection(function, &attributes, &listed) {
            return Err((*tagged_at, format!("`{function}` is {objection}")));
        }
        found.extend(rows.drain(..).map(|row| Tag { row, test: function.to_owned() }));
        pending = None;
        attributes.clear();
    }
    match pending {
        Some((tagged_at, _)) => Err((tagged_at, "no test directly below".to_owned())),
        None => Ok(found),
    }
}

/// Brackets opened less brackets closed.
fn brackets(line: &str) -> i32 {
    line.chars().fold(0, |depth, c| match c {
        '(' | '[' => depth + 1,
        ')' | ']' => depth - 1,
        _ => depth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Result<Vec<Tag>, (usize, String)> {
        find(text, "c360", Language::Rust)
    }
    fn python(text: &str) -> Result<Vec<Tag>, (usize, String)> {
        find(text, "c360", Language::Python)
    }
    fn tag(row: &str, test: &str) -> Tag {
        Tag { row: row.to_owned(), test: test.to_owned() }
    }

    #[test]
    fn a_tag_names_rows_and_the_test_below() {
        let text =
            "fn helper() {}\n\n    // covers(c360): X-1, V-3\n    #[test]\n    fn paging_ends() {\n    }\n";
        assert_eq!(rust(text).unwrap(), [tag("X-1", "paging_ends"), tag("V-3", "paging_ends")]);
    }

    #[test]
    fn attributes_comments_and_further_tags_may_stand_between() {
        let text = "// covers(c360): X-1\n// covers(c360): X-2\n/// Why.\n#[tokio::test(\n    flavor = \"x\",\n)]\n\
                    #[expect(clippy::x, reason = \"y\")]\npub(crate) async fn story<T>(t: T) {}\n";
        assert_eq!(rust(text).unwrap(), [tag("X-1", "story"), tag("X-2", "story")]);
    }

    #[test]
    fn a_story_that_a_macro_tells_on_both_engines_is_a_test() {
        let story = "// covers(c360): X-1\nasync fn told(world: World) {";
        assert_eq!(find(story, "c360", Language::Rust).unwrap_err().1, "`told` is no test");
        let tags =
            find(&format!("on_both_engines!(\n    told,\n    other,\n);\n{story}"), "c360", Language::Rust);
        assert_eq!(tags.unwrap(), [Tag { row: "X-1".into(), test: "told".into() }]);
    }

    #[test]
    fn python_tests_count_too() {
        let text = "# covers(c360): OP-5\n@pytest.mark.parametrize(\n  'a', [1],\n)\nasync def test_pages(a):\n    pass\n";
        assert_eq!(python(text).unwrap(), [tag("OP-5", "test_pages")]);
    }

    #[test]
    fn other_contracts_are_left_alone() {
        assert_eq!(rust("// covers(gladly): X-1\n#[test]\nfn other() {}\n").unwrap(), []);
        assert_eq!(rust("// covers(c360) is how tags begin\nlet x = 1;\n").unwrap(), []);
    }

    #[test]
    fn a_tag_without_a_running_test_is_an_error() {
        let below = |text| rust(text).unwrap_err();
        assert_eq!(below("\n// covers(c360): X-1\n\n#[test]\nfn t() {}").0, 2);
        assert_eq!(below("// covers(c360): X-1\nlet x = 1;").1, "no test directly below");
        assert_eq!(below("// covers(c360): X-1").1, "no test directly below");
        assert_eq!(below("// covers(c360): X-1\nfn helper() {}").1, "`helper` is no test");
        assert_eq!(
            below("// covers(c360): X-1\n#[test]\n#[ignore = \"slow\"]\nfn t() {}").1,
            "`t` is a test that is left out"
        );
        assert_eq!(python("# covers(c360): X-1\ndef helper():").unwrap_err().1, "`helper` is no test");
        let skipped = "# covers(c360): X-1\n@pytest.mark.skip\ndef test_a():";
        assert_eq!(python(skipped).unwrap_err().1, "`test_a` is a test that is left out");
    }
}
