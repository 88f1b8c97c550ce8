//! The page as sections: a run replaces those it measured and leaves the others.

use super::cells::{BASELINE, Cell, LATENCIES, MATRIX, NKAFKA};

const TITLE: &str = "# Beside the peers, measured\n\n\
    Written by `cargo xtask bench peers`; each section by the run that measured it last, and \
    the notes at the end by hand. README.md of `bench/peers` tells how to run it and what \
    each figure means.\n";
/// Written by hand, and last.
const NOTES: &str = "Notes";

/// What a heading of the second level begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    heading: String,
    body: String,
}

impl Section {
    pub(super) fn of(cell: &Cell, body: String) -> Self {
        Self {
            heading: cell.name.to_owned(),
            body,
        }
    }

    pub(super) fn text(&self) -> String {
        format!("## {}\n\n{}\n", self.heading, self.body.trim())
    }

    /// Where it belongs: as the cells are listed, what else there is after them, notes
    /// last.
    fn place(&self) -> usize {
        let cells = [&BASELINE]
            .into_iter()
            .chain(LATENCIES)
            .chain([&NKAFKA])
            .chain(MATRIX);
        let place = cells.clone().position(|cell| cell.name == self.heading);
        let other = cells.count() + usize::from(self.heading == NOTES);
        place.unwrap_or(other)
    }
}

/// All sections there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Page(Vec<Section>);

impl Page {
    pub(super) fn parse(text: &str) -> Self {
        let parts = text.split("\n## ").skip(1);
        let sections = parts.map(|part| {
            let (heading, body) = part.split_once('\n').unwrap_or((part, ""));
            Section {
                heading: heading.trim().to_owned(),
                body: body.trim().to_owned(),
            }
        });
        Self(sections.collect())
    }

    /// Puts a section in the place of the one of the same heading.
    pub(super) fn put(&mut self, section: Section) {
        self.0.retain(|one| one.heading != section.heading);
        self.0.push(section);
        if !self.0.iter().any(|section| section.heading == NOTES) {
            self.0.push(Section {
                heading: NOTES.to_owned(),
                body: String::new(),
            });
        }
        self.0.sort_by_key(Section::place);
    }

    pub(super) fn text(&self) -> String {
        let sections: Vec<String> = self.0.iter().map(Section::text).collect();
        format!("{TITLE}\n{}", sections.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(heading: &str, body: &str) -> Section {
        Section {
            heading: heading.to_owned(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_run_replaces_what_it_measured_and_leaves_the_rest() {
        let mut page = Page::default();
        page.put(section("lz4", "old"));
        page.put(section("baseline", "a\n\n### b\n\nc"));
        let written = page
            .text()
            .replace("## Notes\n\n", "## Notes\n\na thought\n");
        let mut page = Page::parse(&written);
        page.put(section("lz4", "new"));
        page.put(section("nkafka", "rows"));
        let text = page.text();
        let order = [
            "# Beside",
            "## baseline",
            "### b",
            "## nkafka",
            "## lz4",
            "## Notes",
            "a thought",
        ];
        let places: Vec<_> = order.iter().map(|part| text.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        assert!(text.contains("new") && !text.contains("old"));
        assert_eq!(Page::parse(&text).text(), text, "written as it is read");
    }
}
