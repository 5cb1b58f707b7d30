//! The table of contract rows and the tests that cover them.

use crate::tags::{self, Language};
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// A contract that the tests are held against.
struct Contract {
    /// The name in `covers(NAME)` and of its files.
    name: &'static str,
    title: &'static str,
    /// What the prefixes of its rows stand for.
    legend: &'static str,
}

const CONTRACTS: [Contract; 5] = [
    Contract {
        name: "bayeux",
        title: "Bayeux 1.0, as CometD serves it",
        legend: "`S` sections, `B` choices where specification and reference server are silent, `R` rulings, `T` tests \
                 of the reference server's own suite, in our words",
    },
    Contract {
        name: "c360",
        title: "Coach360 Conversation Intelligence API, version 2",
        legend: "`OP` operations, `S` sections (fields, paging), `B` behaviour rules, `V` test vectors, `X` choices \
                 where the public documentation is silent, `R` rulings",
    },
    Contract {
        name: "genesys",
        title: "Genesys Web Services: voice and supervision",
        legend: "`S` sections (`S7` stories, `S8` sound), `T` traps of public clients, `C` check-list of the operation that \
                 everything began with, `OC` choices where the public documentation is silent, `R` rulings",
    },
    Contract {
        name: "gladly",
        title: "Gladly contact-centre performance reporting API",
        legend: "`OP` operations, `S` sections (`S9` behaviour rules), `C` columns of the reports of sections 4 to 6, \
                 `W` window examples, `X` choices where the public documentation is silent, `R` rulings",
    },
    Contract {
        name: "sip",
        title: "telephones and trunks by SIP and RTP",
        legend: "`L` lines, `T` trunks, `M` sound, `G` what stands in front. No contract of ours prescribes these; they are \
                 the parts of the standards that are served. What becomes of broken messages is in sip-torture.md",
    },
];

/// One requirement of the contract.
struct Row {
    id: String,
    text: String,
    /// The ruling that took its place.
    superseded_by: Option<String>,
}

/// A test, by its file (relative to the repository) and name.
type Test = (String, String);

/// Writes the tables.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    for contract in &CONTRACTS {
        let (table, report) = contract.generate(root)?;
        let path = contract.table_path(root);
        fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{report}");
    }
    Ok(())
}

/// Fails when a table in the repository is not what the sources say.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    for contract in &CONTRACTS {
        let (table, report) = contract.generate(root)?;
        if fs::read_to_string(contract.table_path(root)).ok().as_deref() != Some(&table) {
            let name = contract.name;
            return Err(format!("docs/conformance/{name}.md is out of date: run `cargo xtask conformance`"));
        }
        println!("{report}");
    }
    Ok(())
}

impl Contract {
    fn table_path(&self, root: &Path) -> PathBuf {
        root.join(format!("docs/conformance/{}.md", self.name))
    }

    fn generate(&self, root: &Path) -> Result<(String, String), String> {
        let name = self.name;
        let path = root.join(format!("docs/conformance/{name}.rows.tsv"));
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let rows = rows_of(name, &text)?;
        let mut tests: BTreeMap<String, Vec<Test>> = BTreeMap::new();
        for file in sources(root)? {
            let shown = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&file).map_err(|error| format!("{shown}: {error}"))?;
            let language = if shown.ends_with(".py") { Language::Python } else { Language::Rust };
            let tags = tags::find(&text, name, language)
                .map_err(|(line, problem)| format!("{shown}:{line}: covers({name}): {problem}"))?;
            for tag in tags {
                if !rows.iter().any(|row| row.id == tag.row) {
                    return Err(format!(
                        "{shown}: `{}` covers `{}`, which is no row of {name}",
                        tag.test, tag.row
                    ));
                }
                tests.entry(tag.row).or_default().push((shown.clone(), tag.test));
            }
        }
        Ok(self.render(&rows, &tests))
    }
}

/// Rows from lines of `id TAB text [TAB superseding row]`; lines that begin with `#` are comments.
fn rows_of(contract: &str, text: &str) -> Result<Vec<Row>, String> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in
        text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let wrong = |what: &str| format!("{contract}.rows.tsv:{}: {what}", number + 1);
        let mut columns = line.split('\t').map(str::trim);
        let (Some(id), Some(text)) = (columns.next(), columns.next().filter(|text| !text.is_empty())) else {
            return Err(wrong("needs an id and a text, with a tab between"));
        };
        if rows.iter().any(|row| row.id == id) {
            return Err(wrong(&format!("`{id}` is there twice")));
        }
        let superseded_by = columns.next().map(str::to_owned);
        rows.push(Row { id: id.to_owned(), text: text.to_owned(), superseded_by });
    }
    Ok(rows)
}

/// All Rust and Python files below `crates` and `clients`, in a stable order.
fn sources(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut folders = vec![root.join("crates"), root.join("clients")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !name.starts_with('.') && !matches!(&*name, "target" | "node_modules" | "__pycache__") {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") || name.ends_with(".py") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

impl Contract {
    /// The page, and one line that sums it up.
    fn render(&self, rows: &[Row], tests: &BTreeMap<String, Vec<Test>>) -> (String, String) {
        let Self { name, title, legend } = self;
        let mut table = String::new();
        let (mut tested, mut missing, mut superseded) = (0, 0, 0);
        for row in rows {
            let found = tests.get(&row.id).map_or(&[][..], Vec::as_slice);
            let state = match &row.superseded_by {
                Some(by) => {
                    superseded += 1;
                    format!("superseded by {by}")
                }
                None if found.is_empty() => {
                    missing += 1;
                    "**missing**".to_owned()
                }
                None => {
                    tested += 1;
                    "tested".to_owned()
                }
            };
            let links: Vec<_> =
                found.iter().map(|(file, test)| format!("[`{test}`](../../{file})")).collect();
            let text = row.text.replace('|', "\\|");
            let _infallible = writeln!(table, "| {} | {text} | {} | {state} |", row.id, links.join("<br>"));
        }
        let sum = format!("{tested} rows tested, {missing} missing, {superseded} superseded");
        let page = format!(
            "# Conformance: {title}\n\n\
         <!-- Written by `cargo xtask conformance` from {name}.rows.tsv and the `covers({name})` comments \
         above tests. Do not edit. -->\n\n\
         {sum}. {legend}.\n\n\
         | row | what it asks | tests | state |\n| --- | --- | --- | --- |\n{table}"
        );
        (page, format!("conformance {name}: {sum}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_says_how_it_stands() {
        let rows = rows_of("c360", "# comment\nX-1\ta | b\nX-2\told\tR-1\nR-1\tnew\n").unwrap();
        let test = |name: &str| ("crates/a/tests/b.rs".to_owned(), name.to_owned());
        let tests = BTreeMap::from([("X-1".to_owned(), vec![test("one"), test("two")])]);
        let (page, sum) = CONTRACTS[1].render(&rows, &tests);
        assert!(page.contains(
            "| X-1 | a \\| b | [`one`](../../crates/a/tests/b.rs)<br>[`two`](../../crates/a/tests/b.rs) | tested |\n"
        ));
        assert!(page.contains("| X-2 | old |  | superseded by R-1 |\n"));
        assert!(page.contains("| R-1 | new |  | **missing** |\n"));
        assert_eq!(sum, "conformance c360: 1 rows tested, 1 missing, 1 superseded");
    }

    #[test]
    fn broken_rows_are_refused() {
        assert!(rows_of("c360", "X-1 text\n").is_err_and(|message| message.contains(":1:")));
        assert!(rows_of("c360", "X-1\ta\nX-1\tb\n").is_err_and(|message| message.contains("twice")));
    }

    #[test]
    fn the_committed_rows_are_the_whole_contract() {
        let rows = rows_of("c360", include_str!("../../docs/conformance/c360.rows.tsv")).unwrap();
        for (kind, last) in [("OP-", 21), ("S4.", 17), ("B-", 10), ("V-", 16), ("X-", 33), ("R-", 19)] {
            let ids: Vec<_> =
                rows.iter().filter_map(|row| row.id.strip_prefix(kind)?.parse::<u32>().ok()).collect();
            assert_eq!(ids, (1..=last).collect::<Vec<u32>>(), "{kind}");
        }
        let old: Vec<_> = rows.iter().filter(|row| row.superseded_by.is_some()).map(|row| &*row.id).collect();
        assert_eq!(old, ["X-2", "X-3", "X-4", "X-5", "X-31"]);
    }

    #[test]
    fn the_committed_rows_of_genesys_are_the_whole_contract() {
        let rows = rows_of("genesys", include_str!("../../docs/conformance/genesys.rows.tsv")).unwrap();
        for (kind, last) in [("S7.", 14), ("T-", 7), ("C-", 10), ("OC-", 87), ("R-", 15)] {
            let ids: Vec<_> =
                rows.iter().filter_map(|row| row.id.strip_prefix(kind)?.parse::<u32>().ok()).collect();
            assert_eq!(ids, (1..=last).collect::<Vec<u32>>(), "{kind}");
        }
    }

    #[test]
    fn the_committed_rows_of_gladly_are_the_whole_contract() {
        let rows = rows_of("gladly", include_str!("../../docs/conformance/gladly.rows.tsv")).unwrap();
        for (kind, last) in [
            ("OP-", 11),
            ("C4-", 19),
            ("C5-", 36),
            ("C6-", 8),
            ("S9.", 13),
            ("W-", 8),
            ("X-", 31),
            ("R-", 33),
        ] {
            let ids: Vec<_> =
                rows.iter().filter_map(|row| row.id.strip_prefix(kind)?.parse::<u32>().ok()).collect();
            assert_eq!(ids, (1..=last).collect::<Vec<u32>>(), "{kind}");
        }
    }
}
