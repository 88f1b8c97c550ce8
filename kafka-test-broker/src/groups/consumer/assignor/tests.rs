use std::fmt::Write as _;

use super::*;

/// What Kafka's own assignors answered, one group a line; `suite` asks them, and
/// says what the fields are.
const VECTORS: &str = include_str!("vectors.txt");

#[test]
fn assigns_as_kafka_does() {
    check_all(VECTORS);
    // More of them, for once.
    if let Some(file) = std::env::var_os("ASSIGNOR_VECTORS") {
        check_all(&std::fs::read_to_string(file).unwrap());
    }
}

fn check_all(vectors: &str) {
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let (question, expected) = line.split_once(" => ").unwrap();
        let (assignor, spec, topics) = parse(question);
        let assignments = assignor.assign(&spec);
        let mut answer = String::new();
        let mut ids: Vec<&StrBytes> = spec.members.iter().map(|member| &member.id).collect();
        ids.sort();
        for id in ids {
            let index = |topic: &Uuid| topics.iter().position(|(id, _)| id == topic).unwrap();
            let mut assigned: Vec<(usize, Vec<String>)> = assignments
                .get(id)
                .into_iter()
                .flatten()
                .map(|(topic, partitions)| {
                    let partitions = partitions.iter().map(i32::to_string);
                    (index(topic), partitions.collect())
                })
                .collect();
            assigned.sort();
            let assigned: Vec<String> = assigned
                .into_iter()
                .map(|(topic, partitions)| format!("{topic}:{}", partitions.join(".")))
                .collect();
            let separator = if answer.is_empty() { "" } else { ";" };
            write!(answer, "{separator}{id}/{}", assigned.join("+")).unwrap();
        }
        assert_eq!(answer, expected, "{question}");
    }
}

type Topics = Vec<(Uuid, i32)>;

fn parse(question: &str) -> (Assignor, GroupSpec, Topics) {
    let parts: Vec<&str> = question.split(' ').collect();
    let [assignor, topics, members] = parts.as_slice() else {
        panic!("{question}");
    };
    let topics: Topics = topics
        .split(',')
        .map(|topic| {
            let (id, count) = topic.split_once(':').unwrap();
            (id.parse().unwrap(), count.parse().unwrap())
        })
        .collect();
    let topic = |index: &str| topics[index.parse::<usize>().unwrap()].0;
    let member = |text: &str| -> MemberSpec {
        let parts: Vec<&str> = text.split('/').collect();
        let [id, instance, subscribed, assigned] = parts.as_slice() else {
            panic!("{text}");
        };
        let assigned = some(assigned, '+').map(|part| {
            let (index, partitions) = part.split_once(':').unwrap();
            let partitions = some(partitions, '.').map(|partition| partition.parse().unwrap());
            (topic(index), partitions.collect())
        });
        MemberSpec {
            id: StrBytes::from(*id),
            instance_id: (!instance.is_empty()).then(|| StrBytes::from(*instance)),
            topics: some(subscribed, '.').map(topic).collect(),
            assigned: assigned.collect(),
        }
    };
    let members: Vec<MemberSpec> = members.split(';').map(member).collect();
    let mut assigned = Partitions::new();
    for (topic, partition) in members.iter().flat_map(|member| pairs(&member.assigned)) {
        add(&mut assigned, topic, partition);
    }
    let spec = GroupSpec {
        homogeneous: members.windows(2).all(|two| two[0].topics == two[1].topics),
        partition_counts: topics.iter().copied().collect(),
        assigned,
        members,
    };
    (Assignor::by_name(assignor).unwrap(), spec, topics)
}

fn some(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).filter(|part| !part.is_empty())
}

fn pairs(partitions: &Partitions) -> impl Iterator<Item = (Uuid, i32)> + '_ {
    partitions
        .iter()
        .flat_map(|(topic, partitions)| partitions.iter().map(|partition| (*topic, *partition)))
}
