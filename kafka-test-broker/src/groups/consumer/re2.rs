//! What RE2 writes otherwise than the `regex` crate.
//!
//! Both have the same syntax for the most part. RE2 quotes between `\Q` and `\E`,
//! has no classes within classes nor operations on them, takes a brace that counts
//! nothing for itself, refuses a repetition of a repetition, counts to 1,000 at
//! most, and knows fewer escapes and flags.

/// The most repetitions that RE2 counts.
const MAX_REPEAT: u32 = 1_000;

/// The same expression for the `regex` crate; `None` when RE2 would refuse it.
/// What both refuse may come out as it is.
pub(super) fn translate(regex: &str) -> Option<String> {
    let mut translation = Translation {
        rest: regex,
        out: String::with_capacity(regex.len()),
    };
    // A repetition must not follow one.
    let mut repeated = false;
    while let Some(first) = translation.peek() {
        repeated = match first {
            '\\' => translation.escape()?,
            '[' => translation.class()?,
            '(' => translation.group()?,
            '*' | '+' | '?' | '{' => translation.repetition(repeated)?,
            _ => translation.copy(),
        };
    }
    Some(translation.out)
}

struct Translation<'a> {
    rest: &'a str,
    out: String,
}

/// Each method takes one piece, and says whether that is a repetition.
impl Translation<'_> {
    fn escape(&mut self) -> Option<bool> {
        if self.take("\\Q") {
            while !self.rest.is_empty() && !self.take("\\E") {
                let quoted = self.next()?;
                self.literal(quoted);
            }
            return Some(false);
        }
        self.simple_escape("AbBz")?;
        Some(false)
    }

    /// One of the escapes there are in classes too, or one of `more`. What is no
    /// letter and no digit stands for itself. Returns whether it is a character.
    fn simple_escape(&mut self, more: &str) -> Option<bool> {
        self.next()?;
        let escaped = self.next()?;
        let is_character = match escaped {
            'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' => true,
            'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P' => false,
            _ if more.contains(escaped) => false,
            _ if escaped.is_ascii_alphanumeric() => return None,
            _ => {
                self.literal(escaped);
                return Some(true);
            }
        };
        self.out.push('\\');
        self.out.push(escaped);
        // The number or name may be in braces, which repeat nothing.
        if matches!(escaped, 'x' | 'p' | 'P') && self.peek() == Some('{') {
            while let Some(within) = self.next() {
                self.out.push(within);
                if within == '}' {
                    break;
                }
            }
        }
        Some(is_character)
    }

    fn class(&mut self) -> Option<bool> {
        self.copy();
        if self.peek() == Some('^') {
            self.copy();
        }
        let mut first = true;
        while first || self.peek()? != ']' {
            first = false;
            if let Some(name_end) = self.rest.find(":]").filter(|_| self.rest.starts_with("[:")) {
                let (name, rest) = self.rest.split_at_checked(name_end + 2)?;
                self.out.push_str(name);
                self.rest = rest;
                continue;
            }
            let is_character = self.class_item()?;
            if is_character && self.peek() == Some('-') && !self.rest.starts_with("-]") {
                self.copy();
                self.class_item()?;
            }
        }
        self.copy();
        Some(false)
    }

    fn class_item(&mut self) -> Option<bool> {
        if self.peek()? == '\\' {
            return self.simple_escape("");
        }
        let character = self.next()?;
        self.literal(character);
        Some(true)
    }

    /// What begins a group, up to where its content begins.
    fn group(&mut self) -> Option<bool> {
        self.copy();
        if self.peek() != Some('?') {
            return Some(false);
        }
        self.copy();
        if matches!(self.peek(), Some('P' | '<')) {
            return Some(false);
        }
        loop {
            match self.peek()? {
                'i' | 'm' | 's' | 'U' | '-' => self.copy(),
                ':' | ')' => {
                    self.copy();
                    return Some(false);
                }
                _ => return None,
            };
        }
    }

    fn repetition(&mut self, repeated: bool) -> Option<bool> {
        if self.peek() == Some('{') {
            let Some((count, rest)) = counted(self.rest) else {
                self.next();
                self.literal('{');
                return Some(false);
            };
            let within = |bound: Option<u32>| bound.is_none_or(|bound| bound <= MAX_REPEAT);
            if !within(Some(count.0)) || !within(count.1) {
                return None;
            }
            let (braces, _) = self.rest.split_at_checked(self.rest.len() - rest.len())?;
            self.out.push_str(braces);
            self.rest = rest;
        } else {
            self.copy();
        }
        // As little as it can.
        if self.peek() == Some('?') {
            self.copy();
        }
        (!repeated).then_some(true)
    }

    fn literal(&mut self, character: char) {
        let mut buffer = [0; 4];
        let text = character.encode_utf8(&mut buffer);
        self.out.push_str(&regex::escape(text));
    }

    fn copy(&mut self) -> bool {
        if let Some(next) = self.next() {
            self.out.push(next);
        }
        false
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// The bounds of `{2}`, `{2,}` or `{2,3}` and what follows; `None` for a brace that
/// counts nothing.
fn counted(text: &str) -> Option<((u32, Option<u32>), &str)> {
    let (inner, rest) = text.strip_prefix('{')?.split_once('}')?;
    let digits = |text: &str| {
        let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More than fit are too many in any case.
        all.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let bounds = match inner.split_once(',') {
        None => {
            let exactly = digits(inner)?;
            (exactly, Some(exactly))
        }
        Some((least, "")) => (digits(least)?, None),
        Some((least, most)) => (digits(least)?, Some(digits(most)?)),
    };
    Some((bounds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_stays() {
        for regex in [
            "",
            "a.*b",
            "(a|b)+?",
            "[a-z0-9_]{2,3}",
            r"\d+\.\w",
            "(?i)x(?:y)",
            "(?P<n>a)",
            r"\x{41}\pL\p{Greek}",
            "[[:alpha:]]",
            r"\Aa\z",
            "a{1000}",
        ] {
            assert_eq!(translate(regex).as_deref(), Some(regex));
        }
    }

    #[test]
    fn what_is_written_otherwise_is_translated() {
        for (regex, expected) in [
            (r"\Qa.b\E.", r"a\.b."),
            (r"\Qa+", r"a\+"),
            ("a{,5}", r"a\{,5}"),
            ("a{x", r"a\{x"),
            ("[[a]", r"[\[a]"),
            ("[a&&b]", r"[a\&\&b]"),
            ("[--a]", r"[\--a]"),
            ("[+--]", r"[\+-\-]"),
            ("[]a]", r"[\]a]"),
            ("[^]a-]", r"[^\]a\-]"),
            ("[[:alpha:]-]", r"[[:alpha:]\-]"),
            (r"\<a\>", "<a>"),
        ] {
            let translated = translate(regex).unwrap();
            assert_eq!(translated, expected, "{regex}");
            assert!(regex::Regex::new(&translated).is_ok(), "{translated}");
        }
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for regex in [
            "a**",
            "a*?*",
            "a{2}{3}",
            "a+{2}",
            "a{1001}",
            "a{2,1001}",
            r"\E",
            r"\u0041",
            r"\1",
            "(?x)a",
            "(?=a)",
            "(?u)a",
            "[a",
            r"a\",
            r"[\b]",
        ] {
            assert_eq!(translate(regex), None, "{regex}");
        }
    }
}
