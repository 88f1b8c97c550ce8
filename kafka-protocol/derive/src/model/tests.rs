use super::*;

fn model(text: &str) -> Result<Model> {
    Model::new(&syn::parse_str(text)?)
}

/// The errors of a struct with these attributes and fields, joined.
fn errors(attributes: &str, fields: &str) -> String {
    let text = format!("#[non_exhaustive] #[kafka({attributes})] struct M {{ {fields} }}");
    match model(&text) {
        Ok(_) => String::from("accepted"),
        Err(error) => error
            .into_iter()
            .map(|error| error.to_string())
            .collect::<Vec<_>>()
            .join("; "),
    }
}

fn check(attributes: &str, fields: &str, expected: &str) {
    let found = errors(attributes, fields);
    assert!(
        found.contains(expected),
        "{attributes} {{ {fields} }}: {found}"
    );
}

const PLAIN: &str = r#"versions = "0-5", flexible = "none""#;
const FLEXIBLE: &str = r#"versions = "0-5", flexible = "3+""#;
const UNKNOWN_FIELD: &str = "unknown_tagged_fields: TaggedFields,";

#[test]
fn a_whole_message() {
    let model = model(
        r#"
        #[non_exhaustive]
        #[kafka(key = 22, versions = "0-5", unstable = "6", flexible = "2+", response = Answer)]
        pub struct Ask {
            pub id: Option<StrBytes>,
            #[kafka(versions = "3+", default = -1)]
            pub epoch: i16,
            #[kafka(versions = "4+", tag = 0, tagged = "5+", ignorable)]
            pub nodes: Vec<Node>,
            pub unknown_tagged_fields: TaggedFields,
        }
        "#,
    )
    .unwrap();
    assert_eq!(model.all_versions(), Range { min: 0, max: 6 });
    assert_eq!(model.flexible, Some(Range { min: 2, max: 6 }));
    let [id, epoch, nodes] = &model.fields[..] else {
        panic!("{:?}", model.fields)
    };
    assert_eq!(
        (id.nullable, &id.default),
        (Some(Range { min: 0, max: 6 }), &Default::Null)
    );
    assert_eq!(
        (epoch.versions, &epoch.default),
        (Range { min: 3, max: 6 }, &Default::Int(-1))
    );
    assert_eq!(nodes.tag, Some((0, Range { min: 5, max: 6 })));
    assert!(nodes.ignorable);
    assert_eq!(
        nodes.is_plain(model.all_versions()).tokens().to_string(),
        "version == 4i16"
    );
}

#[test]
fn mistakes_on_the_struct() {
    check(
        r#"flexible = "none""#,
        "",
        "#[kafka(versions = …)] is missing",
    );
    check(
        r#"versions = "0-5""#,
        "",
        "#[kafka(flexible = …)] is missing",
    );
    check(
        r#"versions = "5-0", flexible = "none""#,
        "",
        "the first version is after the last",
    );
    check(
        r#"versions = "0-5", flexible = "2-3""#,
        "",
        "flexible versions go on to the last",
    );
    check(
        r#"versions = "0-5", flexible = "7+""#,
        "",
        "the struct has versions 0-5",
    );
    check(
        r#"versions = "0+", flexible = "none", key = 3"#,
        "",
        "names its last version",
    );
    check(
        r#"versions = "0-5", flexible = "none", response = R"#,
        "",
        "a request needs a `key`",
    );
    check(
        r#"versions = "0-5", flexible = "none", unstable = "7""#,
        "",
        "unstable versions follow",
    );
    check(r#"versions = "0-5", versions = "0-6""#, "", "given twice");
    check(
        r#"version = "0-5""#,
        "",
        "unknown attribute; there are: name, key, versions",
    );
    check(
        FLEXIBLE,
        "a: i32",
        "add `pub unknown_tagged_fields: TaggedFields`",
    );
    let error = model(r#"#[kafka(versions = "0", flexible = "none")] struct M {}"#).unwrap_err();
    assert!(error.to_string().contains("#[non_exhaustive]"), "{error}");
    let error = model("#[non_exhaustive] struct M(i32);").unwrap_err();
    assert!(error.to_string().contains("named fields"), "{error}");
    let error = model("enum M { A }").unwrap_err();
    assert!(
        error.to_string().contains("a message is a struct"),
        "{error}"
    );
}

#[test]
fn mistakes_on_fields() {
    check(
        PLAIN,
        r#"#[kafka(versions = "4-7")] a: i32"#,
        "versions 4-7 are not all among those the struct has: 0-5",
    );
    check(
        PLAIN,
        r#"#[kafka(versions = "6+")] a: i32"#,
        "versions 6+ are not all among",
    );
    check(
        PLAIN,
        r#"#[kafka(nullable = "2+")] a: StrBytes"#,
        "is an `Option`",
    );
    check(
        PLAIN,
        r#"#[kafka(versions = "3+", nullable = "2+")] a: Option<StrBytes>"#,
        "that carry the field: 3-5",
    );
    check(
        PLAIN,
        r#"#[kafka(tag = 0)] a: i32"#,
        "only flexible versions have tagged fields",
    );
    check(
        PLAIN,
        r#"#[kafka(tagged = "3+")] a: i32"#,
        "`tagged` needs a `tag`",
    );
    check(PLAIN, UNKNOWN_FIELD, "there are none");
    check(
        PLAIN,
        "a: String",
        "`String` is not a type of Kafka's protocol",
    );
    check(
        PLAIN,
        "a: Vec<Vec<i32>>",
        "is not a type of Kafka's protocol",
    );
    check(PLAIN, "a: Option<i32>", "never null");
    check(
        PLAIN,
        "#[kafka(ignored)] a: i32",
        "unknown attribute; there are: name, versions",
    );
    check(
        PLAIN,
        "rest: TaggedFields",
        "is called `unknown_tagged_fields`",
    );
    check(
        FLEXIBLE,
        "unknown_tagged_fields: i32",
        "is of type `TaggedFields`",
    );
    let tagged = |fields: &str| format!("{fields} {UNKNOWN_FIELD}");
    check(
        FLEXIBLE,
        &tagged("#[kafka(tag = 0)] a: i32,"),
        "only flexible versions have tagged fields",
    );
    check(
        FLEXIBLE,
        &tagged(r#"#[kafka(versions = "3+", tag = 0, tagged = "3-4")] a: i32,"#),
        "a field that is tagged stays so",
    );
    check(
        FLEXIBLE,
        &tagged(
            r#"#[kafka(versions = "3+", tag = 1)] a: i32, #[kafka(versions = "4+", tag = 1)] b: i32,"#,
        ),
        "tag 1 is taken",
    );
}

#[test]
fn mistakes_in_defaults() {
    check(
        PLAIN,
        "#[kafka(default = null)] a: StrBytes",
        "`null` is not a default for a field of type `StrBytes`",
    );
    check(
        PLAIN,
        "#[kafka(default = 40000)] a: i16",
        "`40000` is not a default",
    );
    check(
        PLAIN,
        "#[kafka(default = -1)] a: u16",
        "`-1` is not a default",
    );
    check(
        PLAIN,
        "#[kafka(default = true)] a: i8",
        "`true` is not a default",
    );
    check(
        PLAIN,
        "#[kafka(default = f())] a: i8",
        "a default is a number",
    );
    check(PLAIN, "#[kafka(default = 0x7fffffff)] a: i32", "accepted");
    check(
        PLAIN,
        "#[kafka(default = -9223372036854775808)] a: i64",
        "accepted",
    );
    check(
        PLAIN,
        "#[kafka(default = [])] a: Option<Vec<i32>>",
        "accepted",
    );
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let found = errors(
        PLAIN,
        r#"a: String, b: Option<i32>, #[kafka(versions = "9")] c: i32"#,
    );
    assert_eq!(found.matches("; ").count(), 2, "{found}");
}
