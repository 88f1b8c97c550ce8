use std::fmt;

/// Text from a peer or a user, safe to put into a log line or an error: control
/// characters escaped, at most [`Untrusted::MAX_CHARS`] characters shown.
pub(crate) struct Untrusted<'a>(pub(crate) &'a str);

impl Untrusted<'_> {
    /// Longer than any legal topic (249) or host name (253).
    const MAX_CHARS: usize = 256;
}

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(Self::MAX_CHARS) {
            if char == '\\' || is_unsafe(char) {
                write!(f, "{}", char.escape_default())?;
            } else {
                fmt::Write::write_char(f, char)?;
            }
        }
        if chars.next().is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// Control characters break log lines; the directional ones let a name show as
/// another.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_stay_one_line() {
        let text = Untrusted("a\nb\u{1b}[31m\u{202e}é\\").to_string();
        assert_eq!(text, "a\\nb\\u{1b}[31m\\u{202e}é\\\\");
    }

    #[test]
    fn long_text_is_cut() {
        let long = "x".repeat(10_000);
        let shown = Untrusted(&long).to_string();
        assert_eq!(shown.chars().count(), Untrusted::MAX_CHARS + 1);
        assert!(shown.ends_with('…'));
        let exact = "y".repeat(Untrusted::MAX_CHARS);
        assert_eq!(Untrusted(&exact).to_string(), exact);
    }
}
