//! The table of versions that brokers serve, by API and era.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use kafka_protocol::{ApiKey, VersionRange};

use super::Era;

/// One line for each API: its name, then `MIN-MAX` or `-` for each release.
const TABLE: &str = include_str!("api_versions.tsv");

/// The versions of one API, by era.
type Row = BTreeMap<Era, VersionRange>;

/// The versions in which brokers of `era` advertise an API.
pub(super) fn of(era: Era, key: ApiKey) -> Option<VersionRange> {
    static ROWS: OnceLock<BTreeMap<ApiKey, Row>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| TABLE.lines().filter_map(parse_line).collect());
    let row = rows.get(&key)?;
    match era {
        Era::EveryVersion => row
            .get(&Era::V4_3)
            .map(|newest| VersionRange::new(0, newest.max)),
        era => row.get(&era).copied(),
    }
}

fn parse_line(line: &str) -> Option<(ApiKey, Row)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let key = ApiKey::ALL.iter().find(|key| key.name() == name)?;
    let ranges = Era::RELEASES
        .into_iter()
        .zip(words)
        .filter_map(|(era, word)| {
            let (min, max) = word.split_once('-')?;
            Some((era, VersionRange::new(min.parse().ok()?, max.parse().ok()?)))
        });
    Some((*key, ranges.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_row() {
        let (head, rows) = TABLE.split_once('\n').unwrap();
        let releases: Vec<_> = Era::RELEASES.iter().map(|era| era.release()).collect();
        let columns: Vec<_> = head.split_whitespace().skip(1).map(Some).collect();
        assert_eq!(columns, releases);
        let mut last = None;
        for line in rows.lines() {
            let (key, row) = parse_line(line).unwrap();
            assert!(last < Some(key), "{key}");
            last = Some(key);
            assert_eq!(line.split_whitespace().count(), 13, "{line}");
            let given = line.split_whitespace().skip(1).filter(|word| *word != "-");
            assert_eq!(given.count(), row.len(), "{line}");
        }
    }
}
