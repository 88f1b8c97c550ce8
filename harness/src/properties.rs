//! What goes into the properties files: pure text, no files.

use std::path::Path;

use crate::version::Dialect;

/// One broker of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: u32,
    pub(crate) port: u16,
    /// Only where the brokers form their own quorum.
    pub(crate) controller_port: u16,
    /// A listener for clients that something stands in front of.
    pub(crate) behind: Option<Behind>,
    /// Besides the harness's own.
    pub(crate) listeners: Vec<Listener>,
}

/// A listener of the test's own.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) name: String,
    /// As in `listener.security.protocol.map`.
    pub(crate) protocol: String,
    pub(crate) port: u16,
}

/// A listener whose clients are told another port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind {
    pub(crate) port: u16,
    pub(crate) advertised: u16,
}

type Property = (String, String);

/// Properties of a KRaft node that is broker and controller in one.
pub(crate) fn kraft(node: &Node, nodes: &[Node], data: &Path) -> Vec<Property> {
    let voters: Vec<_> = nodes
        .iter()
        .map(|node| format!("{}@127.0.0.1:{}", node.id, node.controller_port))
        .collect();
    let mut properties = vec![
        property("process.roles", "broker,controller"),
        property("node.id", node.id),
        property("controller.quorum.voters", voters.join(",")),
        property(
            "listeners",
            format!(
                "PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}",
                node.port, node.controller_port
            ),
        ),
        property("controller.listener.names", "CONTROLLER"),
        property(
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        ),
        property("log.dirs", slashes(data)),
        property("group.initial.rebalance.delay.ms", 0),
    ];
    if let Some(behind) = node.behind {
        for (name, value) in client_listener(node, behind) {
            properties.retain(|(existing, _)| *existing != name);
            properties.push((name, value));
        }
    }
    let replicas = nodes.len().min(3);
    for topic in [
        "offsets.topic",
        "transaction.state.log",
        "share.coordinator.state.topic",
    ] {
        properties.push(property(&format!("{topic}.replication.factor"), replicas));
    }
    for topic in ["transaction.state.log", "share.coordinator.state.topic"] {
        properties.push(property(&format!("{topic}.min.isr"), replicas.min(2)));
    }
    properties
}

/// Clients come in by a listener of their own and are told where its proxy is; brokers
/// talk to each other directly. Replaces what [`kraft`] says of listeners.
fn client_listener(node: &Node, behind: Behind) -> Vec<Property> {
    let (own, controller) = (node.port, node.controller_port);
    let Behind { port, advertised } = behind;
    vec![
        property(
            "listeners",
            format!(
                "PLAINTEXT://127.0.0.1:{own},CONTROLLER://127.0.0.1:{controller},\
                 CLIENT://127.0.0.1:{port}"
            ),
        ),
        property(
            "advertised.listeners",
            format!("PLAINTEXT://127.0.0.1:{own},CLIENT://127.0.0.1:{advertised}"),
        ),
        property("inter.broker.listener.name", "PLAINTEXT"),
        property(
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT",
        ),
    ]
}

/// How brokers were told where they are before they had listeners.
const HOST_AND_PORT: [&str; 4] = [
    "port",
    "host.name",
    "advertised.host.name",
    "advertised.port",
];

/// Puts the test's listeners beside the harness's own.
pub(crate) fn add_listeners(properties: &mut Vec<Property>, listeners: &[Listener]) {
    if listeners.is_empty() {
        return;
    }
    // Where these stand, brokers tell clients of no listener but the first.
    properties.retain(|(name, _)| !HOST_AND_PORT.contains(&name.as_str()));
    let map = "listener.security.protocol.map";
    if !properties.iter().any(|(name, _)| name == map) {
        properties.push(property(map, "PLAINTEXT:PLAINTEXT"));
    }
    for Listener {
        name,
        protocol,
        port,
    } in listeners
    {
        let address = format!(",{name}://127.0.0.1:{port}");
        for (key, value) in properties.iter_mut() {
            match key.as_str() {
                "listeners" | "advertised.listeners" => value.push_str(&address),
                key if key == map => value.push_str(&format!(",{name}:{protocol}")),
                _ => {}
            }
        }
    }
}

/// Properties of a broker beside a ZooKeeper.
pub(crate) fn zookeeper_era(
    dialect: Dialect,
    node: &Node,
    nodes: usize,
    zookeeper: u16,
    data: &Path,
) -> Vec<Property> {
    let mut properties = vec![
        property("broker.id", node.id),
        property("zookeeper.connect", format!("127.0.0.1:{zookeeper}")),
        property("log.dirs", slashes(data)),
        property("offsets.topic.replication.factor", nodes.min(3)),
    ];
    if dialect < Dialect::Modern {
        properties.extend([
            property("port", node.port),
            property("host.name", "127.0.0.1"),
            property("advertised.host.name", "127.0.0.1"),
            property("advertised.port", node.port),
        ]);
    }
    if dialect >= Dialect::Listeners {
        properties.push(property(
            "listeners",
            format!("PLAINTEXT://127.0.0.1:{}", node.port),
        ));
    }
    if dialect >= Dialect::Transactions {
        properties.extend([
            property("transaction.state.log.replication.factor", nodes.min(3)),
            property("transaction.state.log.min.isr", nodes.min(2)),
            property("group.initial.rebalance.delay.ms", 0),
        ]);
    }
    properties
}

/// The ZooKeeper's own properties.
pub(crate) fn zookeeper(port: u16, data: &Path) -> Vec<Property> {
    vec![
        property("dataDir", slashes(data)),
        property("clientPort", port),
        property("clientPortAddress", "127.0.0.1"),
        property("admin.enableServer", false),
        // A session of a killed broker ends sooner: its new self may register.
        property("tickTime", 1000),
        property("maxClientCnxns", 0),
    ]
}

/// The file's text; an override replaces the property of its name.
pub(crate) fn render(mut properties: Vec<Property>, overrides: &[Property]) -> String {
    for (name, value) in overrides {
        properties.retain(|(existing, _)| existing != name);
        properties.push((name.clone(), value.clone()));
    }
    properties
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

fn property(name: &str, value: impl ToString) -> Property {
    (name.to_owned(), value.to_string())
}

/// A backslash is an escape in a properties file.
fn slashes(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: u32) -> Vec<Node> {
        (1..=count)
            .map(|id| Node {
                id,
                port: 9000 + u16::try_from(id).unwrap(),
                controller_port: 9500,
                behind: None,
                listeners: Vec::new(),
            })
            .collect()
    }

    fn has(properties: &[Property], name: &str, value: &str) {
        let found = properties
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        assert_eq!(found, Some(value), "{name}");
    }

    fn lacks(properties: &[Property], name: &str) {
        assert!(properties.iter().all(|(key, _)| key != name), "{name}");
    }

    #[test]
    fn one_kraft_node_keeps_single_replicas_and_three_keep_three() {
        let one = kraft(&nodes(1)[0], &nodes(1), Path::new("data"));
        has(&one, "offsets.topic.replication.factor", "1");
        has(&one, "transaction.state.log.min.isr", "1");
        has(&one, "controller.quorum.voters", "1@127.0.0.1:9500");
        let three = kraft(&nodes(3)[1], &nodes(3), Path::new("data"));
        has(&three, "node.id", "2");
        has(
            &three,
            "share.coordinator.state.topic.replication.factor",
            "3",
        );
        has(&three, "transaction.state.log.min.isr", "2");
        has(
            &three,
            "controller.quorum.voters",
            "1@127.0.0.1:9500,2@127.0.0.1:9500,3@127.0.0.1:9500",
        );
    }

    #[test]
    fn behind_a_proxy_clients_and_brokers_have_listeners_of_their_own() {
        let mut nodes = nodes(1);
        nodes[0].behind = Some(Behind {
            port: 9100,
            advertised: 9200,
        });
        let properties = kraft(&nodes[0], &nodes, Path::new("data"));
        has(
            &properties,
            "listeners",
            "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9500,CLIENT://127.0.0.1:9100",
        );
        has(
            &properties,
            "advertised.listeners",
            "PLAINTEXT://127.0.0.1:9001,CLIENT://127.0.0.1:9200",
        );
        let listeners = properties.iter().filter(|(name, _)| name == "listeners");
        assert_eq!(listeners.count(), 1);
    }

    #[test]
    fn listeners_of_the_test_join_the_harness_own() {
        let secure = [Listener {
            name: "SECURE".to_owned(),
            protocol: "SSL".to_owned(),
            port: 9300,
        }];
        let nodes = nodes(1);
        let mut kraft = kraft(&nodes[0], &nodes, Path::new("data"));
        add_listeners(&mut kraft, &secure);
        has(
            &kraft,
            "listeners",
            "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9500,SECURE://127.0.0.1:9300",
        );
        let map = "listener.security.protocol.map";
        has(
            &kraft,
            map,
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SSL",
        );
        let mut old = zookeeper_era(Dialect::Modern, &nodes[0], 1, 2181, Path::new("data"));
        add_listeners(&mut old, &secure);
        has(&old, map, "PLAINTEXT:PLAINTEXT,SECURE:SSL");
        has(
            &old,
            "listeners",
            "PLAINTEXT://127.0.0.1:9001,SECURE://127.0.0.1:9300",
        );
    }

    #[test]
    fn each_dialect_gets_what_its_broker_understands() {
        let of = |dialect| zookeeper_era(dialect, &nodes(1)[0], 1, 2181, Path::new("data"));
        let oldest = of(Dialect::HostAndPort);
        has(&oldest, "port", "9001");
        lacks(&oldest, "listeners");
        let listeners = of(Dialect::Listeners);
        has(&listeners, "listeners", "PLAINTEXT://127.0.0.1:9001");
        has(&listeners, "advertised.port", "9001");
        lacks(&listeners, "transaction.state.log.min.isr");
        let modern = of(Dialect::Modern);
        lacks(&modern, "port");
        has(&modern, "transaction.state.log.min.isr", "1");
    }

    #[test]
    fn further_listeners_are_told_to_clients_in_each_dialect() {
        let listeners = [Listener {
            name: "TLS".to_owned(),
            protocol: "SSL".to_owned(),
            port: 9300,
        }];
        for dialect in [Dialect::Listeners, Dialect::Modern] {
            let mut own = zookeeper_era(dialect, &nodes(1)[0], 1, 2181, Path::new("data"));
            add_listeners(&mut own, &listeners);
            let both = "PLAINTEXT://127.0.0.1:9001,TLS://127.0.0.1:9300";
            has(&own, "listeners", both);
            let map = "PLAINTEXT:PLAINTEXT,TLS:SSL";
            has(&own, "listener.security.protocol.map", map);
            lacks(&own, "advertised.host.name");
            lacks(&own, "port");
        }
    }

    #[test]
    fn an_override_replaces() {
        let text = render(
            vec![property("a", 1), property("b", 2)],
            &[property("a", 3), property("c", 4)],
        );
        assert_eq!(text, "b=2\na=3\nc=4\n");
    }
}
