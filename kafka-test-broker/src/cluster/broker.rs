use kafka_protocol::StrBytes;

/// One broker of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    pub id: i32,
    /// Where clients are told to find it.
    pub host: StrBytes,
    pub port: u16,
    /// Whether it serves. A broker that is down keeps its data.
    pub up: bool,
}
