//! Two transcripts, line by line.

use std::fmt::Write as _;

/// Lines shown around a difference.
const CONTEXT: usize = 2;
/// Lines of a transcript that are looked at, and lines shown of a difference.
const MOST_COMPARED: usize = 4000;
const MOST_SHOWN: usize = 120;

/// What has to be taken from `stored` (`-`) and added to it (`+`) to get `left`;
/// nothing when they are equal.
pub(super) fn difference(stored: &str, left: &str) -> Option<String> {
    let stored: Vec<&str> = stored.lines().collect();
    let left: Vec<&str> = left.lines().collect();
    if stored == left {
        return None;
    }
    let head = |lines: &[&str]| lines.len().min(MOST_COMPARED);
    let steps = steps(
        stored.get(..head(&stored)).unwrap_or_default(),
        left.get(..head(&left)).unwrap_or_default(),
    );
    let is_near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        let near = steps.get(from..(at + CONTEXT + 1).min(steps.len()));
        near.is_some_and(|near| near.iter().any(|(mark, _)| *mark != ' '))
    };
    let mut text = String::new();
    let mut cut = false;
    let mut shown = 0;
    for (at, (mark, line)) in steps.iter().enumerate() {
        if shown == MOST_SHOWN {
            text.push_str("    ... and more\n");
            break;
        }
        if is_near(at) {
            shown += 1;
            if cut {
                text.push_str("    ...\n");
            }
            cut = false;
            let _ = writeln!(text, "  {mark} {line}");
        } else {
            cut = true;
        }
    }
    if text.is_empty() {
        let _ = writeln!(text, "    differ behind line {MOST_COMPARED}");
    }
    Some(text)
}

/// Both as one list: kept lines, lines of the first only, lines of the second only.
fn steps<'a>(stored: &[&'a str], left: &[&'a str]) -> Vec<(char, &'a str)> {
    // The longest common part of what begins at each pair of lines.
    let width = left.len() + 1;
    let mut longest = vec![0_usize; (stored.len() + 1) * width];
    let of = |longest: &[usize], row: usize, column: usize| {
        longest.get(row * width + column).copied().unwrap_or(0)
    };
    for row in (0..stored.len()).rev() {
        for column in (0..left.len()).rev() {
            let best = if stored.get(row) == left.get(column) {
                of(&longest, row + 1, column + 1) + 1
            } else {
                of(&longest, row + 1, column).max(of(&longest, row, column + 1))
            };
            if let Some(place) = longest.get_mut(row * width + column) {
                *place = best;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut all = Vec::with_capacity(stored.len() + left.len());
    loop {
        match (stored.get(row), left.get(column)) {
            (Some(one), Some(other)) if one == other => {
                all.push((' ', *one));
                row += 1;
                column += 1;
            }
            (Some(one), Some(_))
                if of(&longest, row + 1, column) >= of(&longest, row, column + 1) =>
            {
                all.push(('-', *one));
                row += 1;
            }
            (Some(one), None) => {
                all.push(('-', *one));
                row += 1;
            }
            (_, Some(other)) => {
                all.push(('+', *other));
                column += 1;
            }
            (None, None) => return all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_transcripts_leave_nothing() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("", ""), None);
    }

    #[test]
    fn a_difference_shows_both_sides_and_little_around_them() {
        let stored = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let left = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n";
        assert_eq!(
            difference(stored, left).unwrap(),
            "    ...\n    3\n    4\n  - 5\n  + five\n    6\n    7\n    8\n    9\n  + 10\n"
        );
        assert_eq!(difference("a\n", "").unwrap(), "  - a\n");
        assert_eq!(difference("", "a\n").unwrap(), "  + a\n");
    }
}
