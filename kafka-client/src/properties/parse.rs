//! Reading `name=value` text as Java's `Properties` does, and typed values out of it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use kafka_net::Error;

/// Settings under the names that the Java client uses.
///
/// Built from pairs, or parsed from the text of a `.properties` file (comments with `#`
/// or `!`, `name=value`, `name: value` or `name value`, a trailing backslash continues a
/// line, the escapes `\t \n \r \f \\ \: \= \# \! \uXXXX`). Nothing is ever read from the
/// environment or from files.
///
/// Hand it to [`Kafka::from_properties`](crate::Kafka::from_properties). `Debug` shows
/// the names only, since values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties {
    values: BTreeMap<String, String>,
}

impl Properties {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses the text of a `.properties` file. A later line wins over an earlier one of
    /// the same name.
    ///
    /// # Errors
    /// `Config` for a broken `\u` escape, naming the line.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut properties = Self::new();
        for (number, line) in logical_lines(text) {
            let (name, value) = split(&line);
            properties
                .values
                .insert(unescape(name, number)?, unescape(value, number)?);
        }
        Ok(properties)
    }

    /// Sets one; replaces an earlier value.
    pub fn set(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.values.insert(name.into(), value.to_string());
        self
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    pub(super) fn typed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Error> {
        self.get(name)
            .map(|value| {
                value
                    .trim()
                    .parse()
                    .map_err(|_| bad_value(name, value, expected))
            })
            .transpose()
    }

    pub(super) fn millis(&self, name: &str) -> Result<Option<Duration>, Error> {
        Ok(self
            .typed(name, "a whole number of milliseconds, 0 or more")?
            .map(Duration::from_millis))
    }
}

impl std::fmt::Debug for Properties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self {
            values: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

/// The error for a value that can't be understood. The value is shown: none of the names
/// that reach this hold secrets.
pub(super) fn bad_value(name: &str, value: &str, expected: &str) -> Error {
    Error::config(format!("{name} = \"{value}\" is not {expected}"))
}

/// Lines with continuations joined, blank ones and comments dropped, numbered from 1.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, raw) in text.lines().enumerate() {
        let part = raw.trim_start();
        let (number, mut line) = match open.take() {
            Some(started) => started,
            None if part.is_empty() || part.starts_with(['#', '!']) => continue,
            None => (index + 1, String::new()),
        };
        let backslashes = part.len() - part.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            line.push_str(part.get(..part.len() - 1).unwrap_or_default());
            open = Some((number, line));
        } else {
            line.push_str(part);
            lines.push((number, line));
        }
    }
    lines.extend(open);
    lines
}

/// Name and value, both still escaped: the name ends at the first unescaped `=`, `:` or
/// white space.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '=' || c == ':' || c.is_whitespace() {
            let (name, rest) = line.split_at(at);
            let rest = rest.trim_start();
            let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
            return (name, rest.trim_start());
        }
    }
    (line, "")
}

fn unescape(text: &str, line: usize) -> Result<String, Error> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let decoded = (digits.len() == 4)
                    .then(|| u32::from_str_radix(&digits, 16).ok())
                    .flatten()
                    .and_then(char::from_u32)
                    .ok_or_else(|| {
                        Error::config(format!(
                            "line {line}: \\u needs four hexadecimal digits of a character"
                        ))
                    })?;
                plain.push(decoded);
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let parsed = Properties::parse(text).unwrap();
        assert_eq!(parsed, expected.iter().copied().collect(), "{text:?}");
    }

    #[test]
    fn separators_comments_and_continuations() {
        check("a=1", &[("a", "1")]);
        check(
            "a : 1\nb 2\n  c\t=\t3",
            &[("a", "1"), ("b", "2"), ("c", "3")],
        );
        check("# note\n! note\n\n a=1 ", &[("a", "1 ")]);
        check("a=1,\\\n   2", &[("a", "1,2")]);
        check("a=1\\\\\nb=2", &[("a", "1\\"), ("b", "2")]);
        check("a", &[("a", "")]);
        check("a=", &[("a", "")]);
        check("a=b=c", &[("a", "b=c")]);
        check("a\\:b=1", &[("a:b", "1")]);
        check("a=\\u0041\\t", &[("a", "A\t")]);
        check("a=1\na=2", &[("a", "2")]);
        check("a=1\\", &[("a", "1")]);
    }

    #[test]
    fn broken_escape_names_the_line() {
        let error = Properties::parse("a=1\nb=\\u12").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn debug_hides_values() {
        let shown = format!("{:?}", Properties::new().set("sasl.jaas.config", "hunter2"));
        assert!(shown.contains("sasl.jaas.config"));
        assert!(!shown.contains("hunter2"));
    }
}
