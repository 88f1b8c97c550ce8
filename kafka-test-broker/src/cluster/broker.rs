use kafka_protocol::StrBytes;

use super::MetadataView;

/// One broker of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    pub id: i32,
    /// Where clients are told to find it.
    pub host: StrBytes,
    pub port: u16,
    /// Where it stands, for clients that would rather read nearby (KIP-392).
    pub rack: Option<StrBytes>,
    /// Whether it serves. A broker that is down keeps its data.
    pub up: bool,
    /// Clients reach it, but neither the other brokers nor the controller do.
    pub cut_off: bool,
    /// It is frozen: it does nothing at all.
    pub paused: bool,
    /// The controller has not heard of it for long: it leads nothing.
    pub fenced: bool,
    /// What it follows, it follows no longer, though it can be reached.
    pub held_back: bool,
    /// Its disk has failed: it serves, but none of its partitions.
    pub disk_failed: bool,
    /// What it tells of the cluster while it hears of no changes.
    pub metadata_view: Option<Box<MetadataView>>,
}

impl Broker {
    pub(crate) fn new(id: i32, host: StrBytes, port: u16) -> Self {
        Self {
            id,
            host,
            port,
            rack: None,
            up: true,
            cut_off: false,
            paused: false,
            fenced: false,
            held_back: false,
            disk_failed: false,
            metadata_view: None,
        }
    }

    /// Whether the controller counts on it, and clients are told of it.
    pub(crate) fn is_active(&self) -> bool {
        self.up && !self.fenced
    }

    /// Whether the controller and other brokers hear of it.
    pub(crate) fn is_heard(&self) -> bool {
        self.up && !self.cut_off && !self.paused
    }

    /// Whether it may be in sync, and lead.
    pub(crate) fn can_lead(&self) -> bool {
        self.is_active() && !self.disk_failed
    }

    /// Whether other brokers can copy from it, or it from them.
    pub(crate) fn is_linked(&self) -> bool {
        self.is_heard() && !self.disk_failed
    }
}
