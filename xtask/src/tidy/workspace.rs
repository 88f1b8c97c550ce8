//! The tree, parsed: packages, and Rust files with their tests told apart.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};

use super::tokens::{self, Token};
use super::tree::Tree;

/// Everything the rules look at.
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    pub(crate) sources: Vec<Source>,
    /// Every text file: path and text.
    pub(crate) texts: Vec<(String, String)>,
    /// Rust files that do not parse: path and why.
    pub(crate) unreadable: Vec<(String, String)>,
}

/// A Cargo package.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, without a slash at the end.
    pub(crate) dir: String,
    pub(crate) manifest: toml::Table,
}

/// A Rust file.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The package it belongs to, if any.
    pub(crate) package: Option<String>,
    /// The file without its tests; empty for a file that is a test.
    pub(crate) library: syn::File,
    /// Tokens of `library`.
    pub(crate) library_tokens: Vec<Token>,
    /// Tokens of the whole file.
    pub(crate) all_tokens: Vec<Token>,
}

impl Package {
    pub(crate) fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.dir)
    }

    /// Libraries that users depend on: the `kafka-*` folders, the derive
    /// included.
    pub(crate) fn is_library(&self) -> bool {
        self.dir.starts_with("kafka-")
    }
}

impl Source {
    /// In a `kafka-*` folder: code that users run.
    pub(crate) fn is_library(&self) -> bool {
        self.path.starts_with("kafka-")
    }

    pub(crate) fn in_package(&self, name: &str) -> bool {
        self.package.as_deref() == Some(name)
    }
}

impl Workspace {
    pub(crate) fn parse(tree: &Tree) -> Self {
        let packages = packages(tree);
        let mut sources = Vec::new();
        let mut unreadable = Vec::new();
        for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".rs")) {
            match syn::parse_file(text) {
                Ok(file) => sources.push(source(path, text, file, &packages)),
                Err(error) => unreadable.push((path.to_owned(), error.to_string())),
            }
        }
        drop_test_modules(&mut sources, tree);
        let texts = tree
            .iter()
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .collect();
        Self {
            packages,
            sources,
            texts,
            unreadable,
        }
    }

    /// Sources of the crates that users depend on.
    pub(crate) fn library_sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.is_library())
    }
}

/// The packages of the workspace: one that has a workspace of its own, as the fuzz
/// targets must, is not among them.
fn packages(tree: &Tree) -> Vec<Package> {
    tree.iter()
        .filter_map(|(path, text)| {
            let dir = path.strip_suffix("/Cargo.toml")?;
            let manifest: toml::Table = text.parse().ok()?;
            if manifest.contains_key("workspace") {
                return None;
            }
            let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
            Some(Package {
                name,
                dir: dir.to_owned(),
                manifest,
            })
        })
        .collect()
}

fn source(path: &str, text: &str, file: syn::File, packages: &[Package]) -> Source {
    let all_tokens = tokens::flatten(file.to_token_stream());
    let mut library = file;
    if is_test_path(path) {
        library.items.clear();
    } else {
        StripTests.visit_file_mut(&mut library);
    }
    let library_tokens = tokens::flatten(library.to_token_stream());
    // The innermost package: kafka-protocol/derive lies inside kafka-protocol.
    let package = packages
        .iter()
        .filter(|package| {
            path.strip_prefix(&package.dir)
                .is_some_and(|rest| rest.starts_with('/'))
        })
        .max_by_key(|package| package.dir.len())
        .map(|package| package.name.clone());
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
        package,
        library,
        library_tokens,
        all_tokens,
    }
}

fn is_test_path(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    file == "tests.rs"
        || parts
            .iter()
            .any(|part| matches!(*part, "tests" | "benches"))
        // A library's examples are programs: they may do what it must not.
        || (path.starts_with("kafka-") && parts.contains(&"examples"))
}

/// Empties the library part of files that are declared as
/// `#[cfg(test)] mod name;`, and of all below them.
fn drop_test_modules(sources: &mut [Source], tree: &Tree) {
    let mut test_files: BTreeSet<String> = BTreeSet::new();
    let mut test_dirs: Vec<String> = Vec::new();
    for source in sources.iter() {
        let Ok(file) = syn::parse_file(&source.text) else {
            continue;
        };
        let base = module_dir(&source.path);
        for item in &file.items {
            let syn::Item::Mod(module) = item else {
                continue;
            };
            if module.content.is_none() && is_test_only(&module.attrs) {
                let name = module.ident.to_string();
                for path in [format!("{base}/{name}.rs"), format!("{base}/{name}/mod.rs")] {
                    if tree.get(&path).is_some() {
                        test_files.insert(path);
                    }
                }
                test_dirs.push(format!("{base}/{name}/"));
            }
        }
    }
    for source in sources {
        if test_files.contains(&source.path)
            || test_dirs.iter().any(|dir| source.path.starts_with(dir))
        {
            source.library.items.clear();
            source.library_tokens.clear();
        }
    }
}

/// Where the modules that a file declares are found.
fn module_dir(path: &str) -> String {
    let (dir, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file {
        "lib.rs" | "main.rs" | "mod.rs" => dir.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    }
}

/// Whether these attributes keep an item out of ordinary builds: `#[test]`,
/// `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
pub(crate) fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg") {
            let condition = tokens::flatten(attribute.meta.to_token_stream());
            let negated = !tokens::find(&condition, "not ( test").is_empty();
            let any = !tokens::find(&condition, "any (").is_empty();
            return !negated && !any && !tokens::find(&condition, "test").is_empty();
        }
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == "test")
    })
}

/// Removes what only tests see.
struct StripTests;

impl VisitMut for StripTests {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items
            .retain(|item| !is_test_only(item_attributes(item)));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_test_only(item_attributes(item)));
        }
        visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, block: &mut syn::ItemImpl) {
        block.items.retain(|item| match item {
            syn::ImplItem::Fn(function) => !is_test_only(&function.attrs),
            syn::ImplItem::Const(constant) => !is_test_only(&constant.attrs),
            _ => true,
        });
        visit_mut::visit_item_impl_mut(self, block);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|statement| match statement {
            syn::Stmt::Item(item) => !is_test_only(item_attributes(item)),
            syn::Stmt::Local(local) => !is_test_only(&local.attrs),
            syn::Stmt::Macro(call) => !is_test_only(&call.attrs),
            syn::Stmt::Expr(..) => true,
        });
        visit_mut::visit_block_mut(self, block);
    }
}

fn item_attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tokens::find;

    const MANIFEST: &str = "[package]\nname = \"kafka-x\"\n";

    fn parse(files: &[(&str, &str)]) -> Workspace {
        let mut all = vec![("kafka-x/Cargo.toml", MANIFEST)];
        all.extend_from_slice(files);
        Workspace::parse(&Tree::of(&all))
    }

    #[test]
    fn what_only_tests_see_is_not_library_code() {
        let workspace = parse(&[
            (
                "kafka-x/src/lib.rs",
                "fn kept() { one() }\n#[cfg(test)] use a::b;\n#[cfg(test)] mod tests { fn f() { two() } }\n\
                 mod inner { #[cfg(all(test, unix))] fn g() { three() } }\n\
                 impl X { #[cfg(test)] fn h() { four() } #[cfg(not(test))] fn i() { five() } }\n\
                 #[cfg(test)]\nmod dialogue;\nmod real;\n",
            ),
            ("kafka-x/src/dialogue.rs", "fn f() { six() }"),
            ("kafka-x/src/dialogue/deep.rs", "fn f() { six() }"),
            ("kafka-x/src/real.rs", "fn f() { seven() }"),
            ("kafka-x/tests/all.rs", "fn f() { eight() }"),
            ("kafka-x/examples/all.rs", "fn f() { nine() }"),
        ]);
        let seen = |name: &str| {
            workspace
                .sources
                .iter()
                .any(|source| !find(&source.library_tokens, &format!("{name} (")).is_empty())
        };
        let library: Vec<_> = ["one", "five", "seven"]
            .into_iter()
            .filter(|name| seen(name))
            .collect();
        assert_eq!(library, ["one", "five", "seven"]);
        let tests: Vec<_> = ["two", "three", "four", "six", "eight", "nine"]
            .into_iter()
            .filter(|name| seen(name))
            .collect();
        assert!(tests.is_empty(), "{tests:?}");
    }

    #[test]
    fn a_file_belongs_to_its_innermost_package() {
        let workspace = parse(&[
            (
                "kafka-x/derive/Cargo.toml",
                "[package]\nname = \"kafka-x-derive\"\n",
            ),
            ("kafka-x/derive/src/lib.rs", ""),
            ("kafka-x/src/lib.rs", ""),
            ("kafka-xy/src/lib.rs", ""),
        ]);
        let of = |path: &str| {
            let source = workspace
                .sources
                .iter()
                .find(|source| source.path == path)
                .unwrap();
            source.package.clone()
        };
        assert_eq!(of("kafka-x/src/lib.rs").as_deref(), Some("kafka-x"));
        assert_eq!(
            of("kafka-x/derive/src/lib.rs").as_deref(),
            Some("kafka-x-derive")
        );
        assert_eq!(of("kafka-xy/src/lib.rs"), None);
    }

    #[test]
    fn a_file_that_does_not_parse_is_kept_in_mind() {
        assert_eq!(parse(&[("kafka-x/src/lib.rs", "fn {")]).unreadable.len(), 1);
    }
}
