//! Dropping any public future loses nothing: each has a test, or a reason
//! (invariant 10).

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::visit::{self, Visit};

use super::{Finding, Rule, Workspace, tokens};
use crate::tidy::workspace::Source;

pub(super) const RULE: Rule = Rule {
    name: "cancel-safety",
    holds: "every public async function, function that returns a future, and stream has a row in xtask/cancel_safety.txt",
    check,
    planted: &[
        ("kafka-x/Cargo.toml", "[package]\nname = \"kafka-x\"\n"),
        (
            "kafka-x/src/lib.rs",
            "pub struct A;\nimpl A { pub async fn send(&self) {} }\n",
        ),
    ],
};

const TABLE: &str = "xtask/cancel_safety.txt";

fn check(workspace: &Workspace) -> Vec<Finding> {
    let public = public_futures(workspace);
    let table = workspace
        .texts
        .iter()
        .find(|(path, _)| path == TABLE)
        .map_or("", |(_, text)| text);
    let (rows, mut findings) = parse(table);
    let tests = tests_by_name(workspace);
    for (name, (path, line)) in &public {
        if !rows.contains_key(name) {
            findings.push(Finding::new(
                path,
                *line,
                format!("{name} has no row in {TABLE}"),
            ));
        }
    }
    for (name, (line, proof)) in &rows {
        if !public.contains_key(name) {
            findings.push(Finding::new(
                TABLE,
                *line,
                format!("{name} is no public future any more"),
            ));
        } else if let Proof::Test(test) = proof {
            findings.extend(judge_test(name, test, *line, &tests));
        }
    }
    findings
}

/// What a row states.
enum Proof {
    Test(String),
    Reason,
}

/// The named test exists, in a file that names the function at all.
fn judge_test(
    name: &str,
    test: &str,
    line: usize,
    tests: &BTreeMap<String, Vec<&Source>>,
) -> Option<Finding> {
    let function = name.rsplit("::").next().unwrap_or(name);
    match tests.get(test) {
        None => Some(Finding::new(
            TABLE,
            line,
            format!("there is no test {test}"),
        )),
        Some(files)
            if !files
                .iter()
                .any(|file| !tokens::find(&file.all_tokens, function).is_empty()) =>
        {
            Some(Finding::new(
                TABLE,
                line,
                format!("the file of test {test} never mentions {function}"),
            ))
        }
        Some(_) => None,
    }
}

/// Rows `crate::Type::function = test NAME` or `… = reason TEXT`.
fn parse(table: &str) -> (BTreeMap<String, (usize, Proof)>, Vec<Finding>) {
    let mut rows = BTreeMap::new();
    let mut findings = Vec::new();
    for (index, line) in table.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let row = line.split_once(" = ").and_then(|(name, proof)| {
            let (kind, text) = proof.trim().split_once(' ')?;
            match kind {
                "test" if !text.contains(' ') => Some((name, Proof::Test(text.to_owned()))),
                "reason" => Some((name, Proof::Reason)),
                _ => None,
            }
        });
        match row {
            Some((name, proof)) => {
                if rows
                    .insert(name.trim().to_owned(), (index + 1, proof))
                    .is_some()
                {
                    findings.push(Finding::new(
                        TABLE,
                        index + 1,
                        format!("{} has two rows", name.trim()),
                    ));
                }
            }
            None => findings.push(Finding::new(
                TABLE,
                index + 1,
                "not `name = test NAME` or `name = reason TEXT`",
            )),
        }
    }
    (rows, findings)
}

/// Functions with a `#[test]` attribute of any kind, and the files they are in.
fn tests_by_name(workspace: &Workspace) -> BTreeMap<String, Vec<&Source>> {
    let mut tests: BTreeMap<String, Vec<&Source>> = BTreeMap::new();
    for source in &workspace.sources {
        for pattern in ["test ] ", "test ( "] {
            for index in tokens::positions(&source.all_tokens, pattern.trim()) {
                let rest = source.all_tokens.get(index..).unwrap_or_default();
                // The attribute's end is near; so is the function's name.
                let near = rest.get(..rest.len().min(40)).unwrap_or_default();
                if let Some(found) = near.iter().position(|token| token.text == "fn")
                    && let Some(name) = near.get(found + 1)
                {
                    tests.entry(name.text.clone()).or_default().push(source);
                }
            }
        }
    }
    tests
}

/// Every public future of the library crates: its name, file and line.
fn public_futures(workspace: &Workspace) -> BTreeMap<String, (String, usize)> {
    let sources: Vec<&Source> = workspace
        .library_sources()
        .filter(|source| !source.path.contains("/src/bin/") && !source.path.ends_with("/main.rs"))
        .collect();
    let mut named = BTreeSet::from(["BoxFuture".to_owned(), "LocalBoxFuture".to_owned()]);
    for source in &sources {
        let mut finder = FutureTypes { names: &mut named };
        finder.visit_file(&source.library);
    }
    let mut found = BTreeMap::new();
    for source in &sources {
        let krate = source.package.clone().unwrap_or_default();
        let hidden = hidden_types(&sources, &krate);
        let mut collector = PublicFutures {
            krate,
            path: &source.path,
            named: &named,
            hidden: &hidden,
            found: &mut found,
        };
        collector.visit_file(&source.library);
    }
    found
}

/// Names of the crate's types and traits that are not `pub`.
fn hidden_types(sources: &[&Source], krate: &str) -> BTreeSet<String> {
    struct Hidden(BTreeSet<String>);
    impl Hidden {
        fn note(&mut self, visibility: &syn::Visibility, name: &syn::Ident) {
            if !is_public(visibility) {
                self.0.insert(name.to_string());
            }
        }
    }
    impl<'ast> Visit<'ast> for Hidden {
        fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
            self.note(&item.vis, &item.ident);
        }
        fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
            self.note(&item.vis, &item.ident);
        }
        fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
            self.note(&item.vis, &item.ident);
        }
    }
    let mut hidden = Hidden(BTreeSet::new());
    for source in sources.iter().filter(|source| source.in_package(krate)) {
        hidden.visit_file(&source.library);
    }
    hidden.0
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// The last name of a type's path.
fn type_name(kind: &syn::Type) -> Option<String> {
    match kind {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Collects the types that implement `Future` or `Stream`.
struct FutureTypes<'a> {
    names: &'a mut BTreeSet<String>,
}

impl<'ast> Visit<'ast> for FutureTypes<'_> {
    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if let (Some(_), Some(name)) = (future_trait(block), type_name(&block.self_ty)) {
            self.names.insert(name);
        }
    }
}

/// `Future` or `Stream` where the block implements one of them.
fn future_trait(block: &syn::ItemImpl) -> Option<&'static str> {
    let (_, path, _) = block.trait_.as_ref()?;
    let name = path.segments.last()?.ident.to_string();
    // kafka-net has a trait of its own called Stream, implemented for any T.
    let blanket = type_name(&block.self_ty).is_some_and(|name| name.len() == 1);
    ["Future", "Stream"]
        .into_iter()
        .find(|wanted| *wanted == name && !blanket)
}

struct PublicFutures<'a> {
    krate: String,
    path: &'a str,
    named: &'a BTreeSet<String>,
    hidden: &'a BTreeSet<String>,
    found: &'a mut BTreeMap<String, (String, usize)>,
}

impl PublicFutures<'_> {
    fn add(&mut self, owner: Option<&str>, name: &syn::Ident) {
        let path = match owner {
            Some(owner) => format!("{}::{owner}::{name}", self.krate),
            None => format!("{}::{name}", self.krate),
        };
        self.found
            .insert(path, (self.path.to_owned(), name.span().start().line));
    }

    fn is_future(&self, signature: &syn::Signature) -> bool {
        if signature.asyncness.is_some() {
            return true;
        }
        let syn::ReturnType::Type(_, kind) = &signature.output else {
            return false;
        };
        let tokens = tokens::flatten(kind.to_token_stream());
        let anonymous = ["impl Future", "impl Stream", "dyn Future"];
        anonymous
            .iter()
            .any(|pattern| !tokens::find(&tokens, pattern).is_empty())
            || tokens.iter().any(|token| self.named.contains(&token.text))
    }
}

impl<'ast> Visit<'ast> for PublicFutures<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if is_public(&item.vis) && self.is_future(&item.sig) {
            self.add(None, &item.sig.ident);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if !is_public(&item.vis) {
            return;
        }
        for member in &item.items {
            if let syn::TraitItem::Fn(function) = member
                && self.is_future(&function.sig)
            {
                self.add(Some(&item.ident.to_string()), &function.sig.ident);
            }
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let Some(owner) = type_name(&block.self_ty) else {
            return;
        };
        if self.hidden.contains(&owner) {
            return;
        }
        if let Some((_, path, _)) = &block.trait_ {
            if future_trait(block) == Some("Stream") {
                let line = path
                    .segments
                    .last()
                    .map_or(0, |segment| segment.ident.span().start().line);
                self.found.insert(
                    format!("{}::{owner}", self.krate),
                    (self.path.to_owned(), line),
                );
            }
            return;
        }
        for member in &block.items {
            if let syn::ImplItem::Fn(function) = member
                && is_public(&function.vis)
                && self.is_future(&function.sig)
            {
                self.add(Some(&owner), &function.sig.ident);
            }
        }
        visit::visit_item_impl(self, block);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    const MANIFEST: (&str, &str) = ("kafka-x/Cargo.toml", "[package]\nname = \"kafka-x\"\n");

    fn messages(source: &str, table: &str) -> Vec<String> {
        let files = [MANIFEST, ("kafka-x/src/lib.rs", source), (TABLE, table)];
        findings(&RULE, &files)
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn every_kind_of_public_future_is_seen() {
        let source = "
            pub struct A; pub struct Waiting<T>(T); struct Hidden; pub struct Rows;
            impl<T> std::future::Future for Waiting<T> {}
            impl futures_core::Stream for Rows {}
            impl A {
                pub async fn one(&self) {}
                pub fn two(&self) -> impl Future<Output = ()> + Send {}
                pub fn three(&self) -> Result<Waiting<u8>, u8> {}
                pub fn four(&self) -> std::pin::Pin<Box<dyn Future<Output = ()>>> {}
                pub fn plain(&self) -> u8 {}
                pub(crate) async fn inner(&self) {}
                async fn private(&self) {}
            }
            impl Hidden { pub async fn unseen(&self) {} }
            pub async fn five() {}
            pub trait Source { async fn six(&self); fn seven(&self) -> BoxFuture<'static, ()>; fn plain(&self); }
            #[cfg(test)] mod tests { pub async fn helper() {} }
        ";
        let seen: Vec<String> = messages(source, "")
            .into_iter()
            .map(|text| {
                text.split(' ')
                    .next()
                    .unwrap_or_default()
                    .replace("kafka-x::", "")
            })
            .collect();
        assert_eq!(
            seen,
            [
                "A::four",
                "A::one",
                "A::three",
                "A::two",
                "Rows",
                "Source::seven",
                "Source::six",
                "five"
            ]
        );
    }

    #[test]
    fn a_row_is_a_test_that_exists_or_a_reason() {
        let source = "pub struct A; impl A { pub async fn send(&self) {} }
            #[cfg(test)] mod tests {
                #[tokio::test(start_paused = true)] async fn dropped_sends() { A.send() }
            }";
        assert!(messages(source, "# rows\nkafka-x::A::send = test dropped_sends\n").is_empty());
        assert!(messages(source, "kafka-x::A::send = reason holds no state\n").is_empty());
        assert_eq!(
            messages(source, "kafka-x::A::send = test gone\n"),
            ["there is no test gone"]
        );
        assert_eq!(
            messages(source, "kafka-x::A::send\n").len(),
            2,
            "malformed, so also missing"
        );
        let stale = "kafka-x::A::send = reason r\nkafka-x::A::old = reason r\n";
        assert_eq!(
            messages(source, stale),
            ["kafka-x::A::old is no public future any more"]
        );
        let twice = "kafka-x::A::send = reason r\nkafka-x::A::send = reason r\n";
        assert_eq!(messages(source, twice), ["kafka-x::A::send has two rows"]);
    }

    #[test]
    fn a_test_that_never_names_the_function_proves_nothing() {
        let files = [
            MANIFEST,
            ("kafka-x/src/lib.rs", "pub async fn send() {}"),
            ("kafka-x/tests/drop.rs", "#[test]\nfn other() { receive() }"),
            (TABLE, "kafka-x::send = test other\n"),
        ];
        let found = findings(&RULE, &files);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("never mentions send"),
            "{found:?}"
        );
    }
}
