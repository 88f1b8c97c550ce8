//! Where two texts about a buffer differ.

/// Ours and Kafka's text about the same bytes.
pub(super) fn check(ours: &str, kafkas: &str) -> Result<(), String> {
    // How what is inside looks unpacked, Kafka's records tell already.
    first(ours, kafkas, &["inner"]).map_or(Ok(()), Err)
}

/// Kafka's texts about bytes of ours and of Kafka, made of the same records.
/// Nobody compresses to the same length.
pub(super) fn check_remade(ours: &str, kafkas: &str) -> Result<(), String> {
    first(ours, kafkas, &["len"]).map_or(Ok(()), Err)
}

/// The first field that differs, beside those of these names.
fn first(ours: &str, kafkas: &str, ignored: &[&str]) -> Option<String> {
    let (our_batches, kafkas_batches) = (split(ours, '|'), split(kafkas, '|'));
    for (index, (a, b)) in our_batches.iter().zip(&kafkas_batches).enumerate() {
        let (a, b) = (split(a, ';'), split(b, ';'));
        for (record, (a, b)) in a.iter().zip(&b).enumerate() {
            let place = match record {
                0 => format!("batch {index}"),
                record => format!("batch {index}, record {}", record - 1),
            };
            if let Some(text) = of_fields(&place, a, b, ignored) {
                return Some(text);
            }
        }
        if a.len() != b.len() {
            return Some(format!(
                "batch {index}: ours has {} records, Kafka's {}",
                a.len() - 1,
                b.len() - 1
            ));
        }
    }
    // The last is what is left.
    (our_batches.len() != kafkas_batches.len()).then(|| {
        format!(
            "ours has {} batches, Kafka's {}",
            our_batches.len() - 1,
            kafkas_batches.len() - 1
        )
    })
}

fn of_fields(place: &str, ours: &str, kafkas: &str, ignored: &[&str]) -> Option<String> {
    let fields = |text| -> Vec<&str> {
        let is_compared = |field: &&str| !ignored.contains(&name(field));
        split(text, ' ').into_iter().filter(is_compared).collect()
    };
    let (ours, kafkas) = (fields(ours), fields(kafkas));
    let count = ours.len().max(kafkas.len());
    (0..count).find_map(|index| match (ours.get(index), kafkas.get(index)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) if name(a) == name(b) => {
            Some(format!("{place}: {a} is ours, {b} is Kafka's"))
        }
        (a, b) => Some(format!("{place}: ours has {a:?}, Kafka's {b:?}")),
    })
}

fn name(field: &str) -> &str {
    field.split_once('=').map_or(field, |(name, _)| name)
}

fn split(text: &str, at: char) -> Vec<&str> {
    text.split(at).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{hex, text};
    use super::*;

    /// As the Java program answered: a batch of three records, two with headers,
    /// and a cut one.
    const MAGIC_2: (&str, &str) = (
        "00000000000000000000008bffffffff023befdedb0000000000020000019aa4b645000000019aa4b64502\
         ffffffffffffffffffffffffffff000000036e000000026b02760a02610231026102320000086e756c6c01\
         1ad0bad0bbd18ed1872df09f949120d0b7d0bdd0b0d187d0b5d0bdd0b8d0b524000202010102086f6e6c79\
         0c6865616465721c000404086e6f6e65086e6f6e650000000000000000",
        "magic=2 codec=none base=0 last=2 clock=create max=1763700000002 \
         first-time=1763700000000 leader-epoch=-1 producer=-1 producer-epoch=-1 sequence=-1 \
         transactional=false control=false horizon=- count=3 len=151;offset=0 \
         time=1763700000000 key=6b value=76 header=61:31 header=61:32 header=: \
         header=6e756c6c:- \
         header=d0bad0bbd18ed1872df09f9491:d0b7d0bdd0b0d187d0b5d0bdd0b8d0b5;offset=1 \
         time=1763700000001 key=- value=- header=6f6e6c79:686561646572;offset=2 \
         time=1763700000002 key=6e6f6e65 value=6e6f6e65|rest=7",
    );
    /// The wrapper of a gzipped message set, by the clients of 0.10.2.2.
    const MAGIC_1: (&str, &str) = (
        "00000000000c06ee000000dc54747e7b010900000154817fe6c2ffffffff000000c61f8b08000000000000\
         ff6360808394a3479a021939181818431aeb9f1d828afa6dd70ee1d1ea135a6396e71fa45c96f8a82ac1a2\
         7dbf8570c2d122f788ae859b967d33fae3d87cf3c9f3aa6fb77af746449e5cf1ef5bce369f091c3a6f9a66\
         3d7fc71a96e395b728e118db55ae551b59331ba0a63202b1728c91e50b14fbd88c8f9efab15918c8620f31\
         297b3237ae10aa9c09880dbaae64192094ff0702a0a8d4191df725258716aed82f2eb2daf969f8ba45a6d5\
         1d753acb26b798030055b77313db000000",
        "magic=1 codec=gzip last=788206 clock=log max=1462461523650 len=232 \
         inner=#219.84b8e894;offset=788204 time=1462461523650 key= \
         value=#78.b947a40f;offset=788205 time=1462461523650 key=33c5caf8b313 \
         value=543476e49d5e71;offset=788206 time=1462461523650 key=- value=#26.a0806e42|rest=0",
    );

    fn ours((bytes, _): (&str, &str)) -> String {
        text::of(&hex::parse(bytes).unwrap()).unwrap()
    }

    #[test]
    fn what_agrees_passes() {
        for recorded in [MAGIC_2, MAGIC_1] {
            check(&ours(recorded), recorded.1).unwrap();
        }
    }

    #[test]
    fn any_planted_difference_fails() {
        for recorded in [MAGIC_2, MAGIC_1] {
            let ours = ours(recorded);
            let mut planted = 0;
            for (at, digit) in recorded.1.bytes().enumerate() {
                if !digit.is_ascii_digit()
                    || at + 1 < recorded.1.len() && is_inside_inner(recorded.1, at)
                {
                    continue;
                }
                let mut other = recorded.1.to_owned();
                let digit = if digit == b'7' { "8" } else { "7" };
                other.replace_range(at..=at, digit);
                check(&ours, &other).expect_err(&other);
                planted += 1;
            }
            assert!(planted > 50, "{planted}");
        }
    }

    /// That one field is told of Kafka's only.
    fn is_inside_inner(text: &str, at: usize) -> bool {
        let start = text[..at].rfind([' ', ';', '|']).map_or(0, |at| at + 1);
        text[start..].starts_with("inner=")
    }

    #[test]
    fn what_is_missing_fails_and_is_named() {
        let ours = ours(MAGIC_2);
        let says = |other: &str, expected: &str| {
            let error = check(&ours, other).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        let (batch, rest) = MAGIC_2.1.split_once('|').unwrap();
        says(rest, "batch 0");
        says(&format!("{batch}|{batch}|{rest}"), "batch 1");
        let (shorter, _) = batch.rsplit_once(';').unwrap();
        says(
            &format!("{shorter}|{rest}"),
            "ours has 3 records, Kafka's 2",
        );
        let (headless, _) = batch.rsplit_once(" header").unwrap();
        says(&format!("{headless}|{rest}"), "batch 0, record 1");
        says(&MAGIC_2.1.replace("value=", "value=00"), "value=");
    }

    #[test]
    fn lengths_alone_may_differ_in_what_is_made_anew() {
        let longer = MAGIC_1.1.replace("len=", "len=1");
        check_remade(&longer, MAGIC_1.1).unwrap();
        check(&longer, MAGIC_1.1).unwrap_err();
        check_remade("codec=lz4 inner=00|rest=0", "codec=lz4 inner=01|rest=0").unwrap_err();
    }
}
