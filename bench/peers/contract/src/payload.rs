//! The records.

use crate::{Job, Texture};

/// How many different values there are; record `n` has value `n % VALUES`.
const VALUES: usize = 1024;

/// Values made ahead, so that making them is no part of what is measured, and the same
/// in every run.
#[derive(Clone, Debug)]
pub struct Payload {
    values: Vec<Vec<u8>>,
}

impl Payload {
    pub fn of(job: &Job) -> Self {
        let values = (0..VALUES as u64).map(|n| match job.texture {
            Texture::Random => random(n, job.size),
            Texture::Text => text(n, job.size),
        });
        Self {
            values: values.collect(),
        }
    }

    /// The value of record `n`.
    pub fn value(&self, n: u64) -> &[u8] {
        &self.values[n as usize % VALUES]
    }

    /// All values in order, for clients that want them in a form of their own.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().map(Vec::as_slice)
    }

    /// What a [`Check`] says after these many records have been read, in any order.
    pub fn expected(&self, records: u64) -> u64 {
        let sums = self.values.iter().map(|value| head(value));
        let whole = sums.clone().fold(0_u64, u64::wrapping_add);
        let rounds = records / VALUES as u64;
        let rest = sums.take(records as usize % VALUES);
        rest.fold(whole.wrapping_mul(rounds), u64::wrapping_add)
    }
}

/// Counts what is read and looks at the beginning of each value, so that no client can
/// get by without finding it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Check {
    pub records: u64,
    pub bytes: u64,
    pub sum: u64,
}

impl Check {
    /// A record was read.
    pub fn read(&mut self, value: &[u8]) {
        self.records += 1;
        self.bytes += value.len() as u64;
        self.sum = self.sum.wrapping_add(head(value));
    }

    /// What several have read together.
    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// # Errors
    ///
    /// When not every record was read once. What a null broker replays has no end, and
    /// no order over its partitions: only the count is checked there, which the topic's
    /// name tells.
    pub fn verify(&self, job: &Job) -> Result<(), String> {
        let expected = Payload::of(job).expected(job.records);
        if self.records < job.records || (!replayed(job) && self.records > job.records) {
            return Err(format!(
                "{} records read, not {}",
                self.records, job.records
            ));
        }
        if !replayed(job) && self.sum != expected {
            return Err(format!("sum {}, not {expected}", self.sum));
        }
        Ok(())
    }
}

fn replayed(job: &Job) -> bool {
    job.topic.starts_with("null-")
}

fn head(value: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(value) {
        *to = *from;
    }
    u64::from_le_bytes(first)
}

/// splitmix64
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn random(n: u64, size: usize) -> Vec<u8> {
    let mut state = n;
    let mut value = Vec::with_capacity(size + 8);
    while value.len() < size {
        value.extend_from_slice(&next(&mut state).to_le_bytes());
    }
    value.truncate(size);
    value
}

/// Orders as a shop would write them, as long as wanted; the first eight bytes have a
/// number, for [`Check`].
fn text(n: u64, size: usize) -> Vec<u8> {
    const PLACES: [&str; 6] = ["Lisbon", "Osaka", "Nairobi", "Quito", "Oslo", "Perth"];
    const STATES: [&str; 4] = ["created", "paid", "shipped", "returned"];
    let mut state = n ^ 0x5eed;
    let mut value = String::new();
    while value.len() < size {
        let place = PLACES[(next(&mut state) % 6) as usize];
        let order = STATES[(next(&mut state) % 4) as usize];
        value.push_str(&format!(
            "[{},{{\"state\":\"{order}\",\"city\":\"{place}\",\"cents\":{},\"at\":17{:011}}}],",
            100_000 + next(&mut state) % 900_000,
            next(&mut state) % 50_000,
            next(&mut state) % 100_000_000_000,
        ));
    }
    value.truncate(size);
    value.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(arguments: &str) -> Job {
        let line = format!("consume --bootstrap b:1 {arguments}");
        Job::parse(line.split_whitespace().map(str::to_owned)).unwrap()
    }

    #[test]
    fn a_record_lost_or_doubled_is_noticed() {
        for texture in ["random", "text"] {
            let job = job(&format!(
                "--topic t --records 3000 --size 20 --payload {texture}"
            ));
            let payload = Payload::of(&job);
            let mut check = Check::default();
            (0..2999).for_each(|n| check.read(payload.value(n)));
            assert!(check.verify(&job).unwrap_err().contains("2999"));
            let mut doubled = check;
            doubled.read(payload.value(5));
            assert!(doubled.verify(&job).unwrap_err().contains("sum"));
            check.read(payload.value(2999));
            assert_eq!((check.verify(&job), check.bytes), (Ok(()), 60_000));
        }
    }

    #[test]
    fn a_null_brokers_records_are_counted_only() {
        let job = job("--topic null-6 --records 2 --size 9");
        let mut check = Check::default();
        check.read(b"123456789");
        assert!(check.verify(&job).is_err());
        check.read(b"");
        assert_eq!(check.verify(&job), Ok(()));
    }

    /// What the programs in Go and Java make of the same numbers.
    #[test]
    fn values_are_the_same_in_every_language() {
        let told = r#"[843033,{"state":"returned","city":"Nairobi","cents":7109,"at":1729222110609}],[745434,{"s"#;
        assert_eq!(text(5, 90), told.as_bytes());
        assert_eq!(
            random(5, 10),
            [0x5a, 0xc3, 0x89, 0xa3, 0x0c, 0x3b, 0x03, 0x63, 0xf8, 0x36]
        );
    }

    #[test]
    fn values_have_the_size_that_was_asked_for() {
        for size in [0, 1, 10, 100, 1000] {
            assert_eq!(random(3, size).len(), size);
            assert_eq!(text(3, size).len(), size);
        }
    }
}
