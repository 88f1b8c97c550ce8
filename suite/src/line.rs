//! The lines in which the Java programs speak of records.

use crate::BoxError;

/// A record as `PrintRecords.java` prints it and `WriteRecords.java` reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The partition; `None` leaves it to the producer.
    pub partition: Option<i32>,
    /// The offset, where it was read.
    pub offset: Option<i64>,
    /// Milliseconds; `None` leaves it to the producer.
    pub timestamp: Option<i64>,
    /// The key; `None` is null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is null.
    pub value: Option<Vec<u8>>,
    /// The headers in order; a value of `None` is null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Line {
    /// The line for `WriteRecords.java`, with its line break.
    pub fn to_write(&self) -> String {
        let or_dash =
            |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{}={}", hex(name.as_bytes()), nullable(value.as_deref())))
            .collect();
        format!(
            "{}\t{}\t{}\t{}\t{}\n",
            or_dash(self.partition.map(i64::from)),
            or_dash(self.timestamp),
            nullable(self.key.as_deref()),
            nullable(self.value.as_deref()),
            if headers.is_empty() {
                ".".to_owned()
            } else {
                headers.join(";")
            }
        )
    }

    /// What `PrintRecords.java` printed, in the order of partition and offset.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, BoxError> {
        let mut lines = text
            .lines()
            .map(Self::parse)
            .collect::<Result<Vec<_>, _>>()?;
        lines.sort_by_key(|line| (line.partition, line.offset));
        Ok(lines)
    }

    fn parse(text: &str) -> Result<Self, BoxError> {
        let parts: Vec<&str> = text.split('\t').collect();
        let [partition, offset, kind, timestamp, key, value, headers] = parts.as_slice() else {
            return Err(format!("not a record: {text:?}").into());
        };
        if *kind != "CreateTime" {
            return Err(format!("timestamp type {kind} in {text:?}").into());
        }
        let headers = match *headers {
            "." => Vec::new(),
            all => all.split(';').map(header).collect::<Result<_, _>>()?,
        };
        Ok(Self {
            partition: Some(partition.parse()?),
            offset: Some(offset.parse()?),
            timestamp: Some(timestamp.parse()?),
            key: unhex(key)?,
            value: unhex(value)?,
            headers,
        })
    }
}

fn header(text: &str) -> Result<(String, Option<Vec<u8>>), BoxError> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("not a header: {text:?}"))?;
    let name = unhex(name)?.ok_or("a header's name is null")?;
    Ok((String::from_utf8(name)?, unhex(value)?))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn nullable(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), hex)
}

/// `-` is null.
fn unhex(text: &str) -> Result<Option<Vec<u8>>, BoxError> {
    if text == "-" {
        return Ok(None);
    }
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(format!("not hexadecimal: {text:?}").into());
    }
    let bytes: Result<Vec<u8>, _> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap_or_default(), 16))
        .collect();
    Ok(Some(bytes?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_empties_and_headers_keep_apart() {
        let text =
            "1\t7\tCreateTime\t-1\t-\t\t6831=7a;6831=-;68=\n0\t3\tCreateTime\t5\tff00\t-\t.\n";
        let lines = Line::parse_all(text).unwrap();
        assert_eq!(lines[0].key.as_deref(), Some(&[0xff, 0][..]));
        assert_eq!((&lines[0].value, lines[0].headers.len()), (&None, 0));
        assert_eq!(
            (&lines[1].key, lines[1].value.as_deref()),
            (&None, Some(&[][..]))
        );
        let headers: Vec<_> = lines[1]
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .collect();
        assert_eq!(
            headers,
            [("h1", Some(&b"z"[..])), ("h1", None), ("h", Some(&[][..]))]
        );
        assert_eq!(lines[1].to_write(), "1\t-1\t-\t\t6831=7a;6831=-;68=\n");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for wrong in [
            "",
            "1\t2",
            "1\t2\tLogAppendTime\t5\t-\t-\t.",
            "1\t2\tCreateTime\t5\tf\t-\t.",
        ] {
            assert!(Line::parse(wrong).is_err(), "{wrong}");
        }
    }
}
