//! Rust source as a flat list of tokens: what a rule looks for is a short
//! sequence, inside macro calls too, never in comments or strings.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// One token and the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Flattens a stream: groups become their brackets and contents, `::` is one
/// token, literals keep only their quotes.
pub(crate) fn flatten(stream: TokenStream) -> Vec<Token> {
    let mut flat = Vec::new();
    push_all(stream, &mut flat);
    flat
}

fn push_all(stream: TokenStream, flat: &mut Vec<Token>) {
    let mut joint_colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: &str| {
            flat.push(Token {
                text: text.to_owned(),
                line,
            })
        };
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                if !open.is_empty() {
                    push(open);
                }
                push_all(group.stream(), flat);
                if !close.is_empty() {
                    flat.push(Token {
                        text: close.to_owned(),
                        line: group.span_close().start().line,
                    });
                }
                joint_colon = false;
            }
            TokenTree::Punct(punct) => {
                let colon = punct.as_char() == ':';
                if colon && joint_colon {
                    if let Some(last) = flat.last_mut() {
                        last.text = "::".to_owned();
                    }
                    joint_colon = false;
                } else {
                    push(punct.as_char().encode_utf8(&mut [0; 4]));
                    joint_colon = colon && punct.spacing() == Spacing::Joint;
                }
            }
            TokenTree::Ident(ident) => {
                push(&ident.to_string());
                joint_colon = false;
            }
            TokenTree::Literal(_) => {
                push("\"\"");
                joint_colon = false;
            }
        }
    }
}

/// The lines on which this sequence begins; a pattern is written with spaces
/// between its tokens, such as `Instant :: now`.
pub(crate) fn find(tokens: &[Token], pattern: &str) -> Vec<usize> {
    positions(tokens, pattern)
        .into_iter()
        .filter_map(|index| Some(tokens.get(index)?.line))
        .collect()
}

/// As [`find`], as indexes into `tokens`.
pub(crate) fn positions(tokens: &[Token], pattern: &str) -> Vec<usize> {
    let wanted: Vec<&str> = pattern.split(' ').collect();
    tokens
        .windows(wanted.len())
        .enumerate()
        .filter(|(_, window)| {
            window
                .iter()
                .zip(&wanted)
                .all(|(token, wanted)| token.text == *wanted)
        })
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> Vec<Token> {
        flatten(source.parse().unwrap())
    }

    #[test]
    fn finds_sequences_with_their_lines_also_inside_macros() {
        let code = tokens(
            "fn f() {\n    select! {\n        x = a.unwrap() => std::time::Instant::now(),\n    }\n}",
        );
        assert_eq!(find(&code, ". unwrap ("), [3]);
        assert_eq!(find(&code, "Instant :: now"), [3]);
        assert_eq!(find(&code, "select ! {"), [2]);
    }

    #[test]
    fn comments_and_strings_hold_no_code() {
        let code = tokens("/// calls unwrap()\nfn f() { log(\"x.unwrap()\"); /* y.unwrap() */ }");
        assert!(find(&code, "unwrap").is_empty());
    }

    #[test]
    fn a_double_colon_is_one_token_and_a_type_is_not() {
        let code = tokens("let x: ::std::Foo = a::b;");
        assert_eq!(find(&code, "x : :: std :: Foo"), [1]);
    }
}
