//! Which values a setting takes.

use super::Kind;

/// What a value has to keep to besides its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    Anything,
    /// A number within bounds, or exactly another one.
    Between {
        least: Option<&'static str>,
        most: Option<&'static str>,
        or: Option<&'static str>,
    },
    /// One of these words, or a list of them. A word that ends with `*` stands
    /// for all that begin so.
    Of(Vec<&'static str>),
    /// Partitions and brokers, `0:1,1:2`, or `*`.
    Replicas,
}

impl Rule {
    /// `-`, `1..`, `1..9|-1`, `of:a,b` or `replicas`.
    pub(super) fn parse(text: &'static str) -> Option<Self> {
        if text == "-" {
            return Some(Self::Anything);
        }
        if text == "replicas" {
            return Some(Self::Replicas);
        }
        if let Some(words) = text.strip_prefix("of:") {
            return Some(Self::Of(words.split(',').collect()));
        }
        let (bounds, or) = match text.split_once('|') {
            Some((bounds, or)) => (bounds, Some(or)),
            None => (text, None),
        };
        let (least, most) = bounds.split_once("..")?;
        let bound = |text: &'static str| (!text.is_empty()).then_some(text);
        Some(Self::Between {
            least: bound(least),
            most: bound(most),
            or,
        })
    }
}

/// Whether a setting takes `value`; what is wrong with it otherwise.
pub(super) fn check(name: &str, kind: Kind, rule: &Rule, value: &str) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("{name} cannot be '{value}': {what}"));
    let trimmed = value.trim();
    match kind {
        Kind::Boolean => {
            let is = |word| trimmed.eq_ignore_ascii_case(word);
            if !is("true") && !is("false") {
                return refuse("it is true or false");
            }
        }
        Kind::Int => match trimmed.parse::<i32>() {
            Ok(number) => return bounded(name, rule, i64::from(number)),
            Err(_) => return refuse("it is a number of 32 bits"),
        },
        Kind::Short => match trimmed.parse::<i16>() {
            Ok(number) => return bounded(name, rule, i64::from(number)),
            Err(_) => return refuse("it is a number of 16 bits"),
        },
        Kind::Long => match trimmed.parse::<i64>() {
            Ok(number) => return bounded(name, rule, number),
            Err(_) => return refuse("it is a number of 64 bits"),
        },
        Kind::Double => match trimmed.parse::<f64>() {
            Ok(number) => return bounded(name, rule, number),
            Err(_) => return refuse("it is a number"),
        },
        Kind::String | Kind::Class | Kind::Password => {
            if let Rule::Of(words) = rule
                && !names(words, value)
            {
                return refuse(&format!("it is one of {}", words.join(", ")));
            }
        }
        Kind::List => return check_list(name, rule, value),
    }
    Ok(())
}

fn check_list(name: &str, rule: &Rule, value: &str) -> Result<(), String> {
    let mut items = items(value);
    let refuse = |what: String| Err(format!("{name} cannot be '{value}': {what}"));
    match rule {
        Rule::Of(words) => match items.find(|item| !names(words, item)) {
            Some(item) => refuse(format!("{item} is none of {}", words.join(", "))),
            None => Ok(()),
        },
        Rule::Replicas if value.trim() != "*" && !items.all(is_replica) => {
            refuse("it lists replicas as partition:broker, or is *".to_owned())
        }
        _ => Ok(()),
    }
}

/// The items of a list, as it is written.
fn items(value: &str) -> impl Iterator<Item = &str> {
    let items = value.split(',').map(str::trim);
    items.filter(|item| !item.is_empty())
}

/// A list with more items, each once.
pub(crate) fn with_items(list: &str, more: &str) -> String {
    let mut all: Vec<&str> = items(list).collect();
    for item in items(more) {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all.join(",")
}

/// A list without some of its items.
pub(crate) fn without_items(list: &str, fewer: &str) -> String {
    let gone: Vec<&str> = items(fewer).collect();
    let left: Vec<&str> = items(list).filter(|item| !gone.contains(item)).collect();
    left.join(",")
}

fn is_replica(item: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().is_ok();
    item.split_once(':')
        .is_some_and(|(partition, broker)| number(partition) && number(broker))
}

fn names(words: &[&str], value: &str) -> bool {
    words.iter().any(|word| match word.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => *word == value,
    })
}

fn bounded<N>(name: &str, rule: &Rule, value: N) -> Result<(), String>
where
    N: PartialOrd + std::str::FromStr + std::fmt::Display,
{
    let Rule::Between { least, most, or } = rule else {
        return Ok(());
    };
    let number = |text: &Option<&str>| text.and_then(|text| text.parse::<N>().ok());
    if number(or).is_some_and(|or| or == value) {
        return Ok(());
    }
    let too_small = number(least).is_some_and(|least| value < least);
    let too_large = number(most).is_some_and(|most| value > most);
    if too_small || too_large {
        let bounds = format!(
            "{} to {}",
            least.unwrap_or("any"),
            most.unwrap_or("any number")
        );
        return Err(format!("{name} cannot be {value}: it is from {bounds}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(kind: Kind, rule: &'static str, good: &[&str], bad: &[&str]) {
        let rule = Rule::parse(rule).unwrap();
        for value in good {
            assert_eq!(check("x.y", kind, &rule, value), Ok(()), "{rule:?}");
        }
        for value in bad {
            let refused = check("x.y", kind, &rule, value);
            assert!(
                refused.is_err_and(|text| text.contains("x.y")),
                "{value} {rule:?}"
            );
        }
    }

    #[test]
    fn lists_grow_and_shrink() {
        assert_eq!(with_items("delete", "compact, delete"), "delete,compact");
        assert_eq!(with_items("", "a"), "a");
        assert_eq!(without_items("a,b,c", "b,x"), "a,c");
        assert_eq!(without_items("a", "a"), "");
    }

    #[test]
    fn values_keep_to_their_types_and_bounds() {
        check_all(Kind::Boolean, "-", &["true", "FALSE"], &["yes", ""]);
        check_all(
            Kind::Int,
            "1..9|-1",
            &["1", "9", "-1", " 5 "],
            &["0", "10", "x", "", "5000000000"],
        );
        check_all(
            Kind::Long,
            "-1..",
            &["-1", "9223372036854775807"],
            &["-2", "1.5"],
        );
        check_all(Kind::Short, "-", &["-5"], &["40000"]);
        check_all(Kind::Double, "0..1", &["0", "0.5", "1.0"], &["1.01", "-1"]);
        check_all(Kind::String, "of:a,b:*", &["a", "b:c"], &["b", "A", ""]);
        check_all(
            Kind::List,
            "of:compact,delete",
            &["", "compact", "delete, compact"],
            &["delete,nope"],
        );
        check_all(
            Kind::List,
            "replicas",
            &["*", "", "0:1", "0:1,1:2"],
            &["0", "0:1,x", "a:b"],
        );
        check_all(Kind::Password, "-", &["", "x"], &[]);
        assert_eq!(Rule::parse("what"), None);
    }
}
