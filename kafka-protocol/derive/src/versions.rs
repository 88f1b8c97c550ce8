use std::fmt;
use std::str::FromStr;

use proc_macro2::TokenStream;
use quote::quote;

/// Versions `min..=max`, open ranges ending at `i16::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: i16,
    pub(crate) max: i16,
}

impl Range {
    pub(crate) fn is_open(self) -> bool {
        self.max == i16::MAX
    }

    pub(crate) fn covers(self, other: Self) -> bool {
        self.min <= other.min && other.max <= self.max
    }

    /// An open range ends where `outer` ends.
    pub(crate) fn closed_by(self, outer: Self) -> Self {
        if self.is_open() {
            Self {
                max: outer.max,
                ..self
            }
        } else {
            self
        }
    }

    /// A condition on `version` that holds in this range, given that `version`
    /// lies in `outer`.
    pub(crate) fn condition(self, outer: Self) -> Condition {
        let Self { min, max } = self;
        match (min > outer.min, max < outer.max) {
            (false, false) => Condition::Always,
            (true, false) => Condition::When(quote!(version >= #min)),
            (false, true) => Condition::When(quote!(version <= #max)),
            (true, true) if min == max => Condition::When(quote!(version == #min)),
            (true, true) => Condition::When(quote!((version >= #min && version <= #max))),
        }
    }

    pub(crate) fn tokens(self) -> TokenStream {
        let Self { min, max } = self;
        quote!(::kafka_protocol::VersionRange::new(#min, #max))
    }
}

/// When something applies.
pub(crate) enum Condition {
    Always,
    Never,
    When(TokenStream),
}

impl Condition {
    pub(crate) fn of(range: Option<Range>, outer: Range) -> Self {
        range.map_or(Self::Never, |range| range.condition(outer))
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Always => quote!(true),
            Self::Never => quote!(false),
            Self::When(condition) => condition.clone(),
        }
    }

    /// `yes` or `no`, whichever applies; no branch where it is known.
    pub(crate) fn choose(&self, yes: TokenStream, no: TokenStream) -> TokenStream {
        match self {
            Self::Always => yes,
            Self::Never => no,
            Self::When(condition) => quote!(if #condition { #yes } else { #no }),
        }
    }
}

/// `"3"`, `"0-12"` or `"9+"`.
impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| {
            digits
                .parse::<i16>()
                .ok()
                .filter(|version| *version >= 0 && *version != i16::MAX)
                .ok_or_else(|| {
                    format!("`{text}` is not a version range: write \"3\", \"0-12\" or \"9+\"")
                })
        };
        let range = if let Some(min) = text.strip_suffix('+') {
            Self {
                min: number(min)?,
                max: i16::MAX,
            }
        } else if let Some((min, max)) = text.split_once('-') {
            Self {
                min: number(min)?,
                max: number(max)?,
            }
        } else {
            Self {
                min: number(text)?,
                max: number(text)?,
            }
        };
        if range.min > range.max {
            return Err(format!(
                "`{text}` is empty: the first version is after the last"
            ));
        }
        Ok(range)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, i16::MAX) => write!(f, "{min}+"),
            (min, max) => write!(f, "{min}-{max}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_kafka_writes_them() {
        let range = |min, max| Ok(Range { min, max });
        assert_eq!("3".parse(), range(3, 3));
        assert_eq!("0-12".parse(), range(0, 12));
        assert_eq!("9+".parse(), range(9, i16::MAX));
        for wrong in ["", "-", "+", "a", "3-", "-3", "5-4", "1.2", "99999"] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn conditions_say_no_more_than_needed() {
        let outer = Range { min: 0, max: 13 };
        let check = |text: &str, expected: &str| {
            let range = text.parse::<Range>().unwrap().closed_by(outer);
            assert_eq!(range.condition(outer).tokens().to_string(), expected);
        };
        check("0-13", "true");
        check("0+", "true");
        check("9+", "version >= 9i16");
        check("0-3", "version <= 3i16");
        check("4-7", "(version >= 4i16 && version <= 7i16)");
        check("4", "version == 4i16");
    }
}
