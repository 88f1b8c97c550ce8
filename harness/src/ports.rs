//! Free ports that stay free while a broker is down.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

// Below the ephemeral ranges of the common systems (32768 up on Linux): the
// kernel must not lend a killed broker's port to some outgoing connection
// before the broker is back.
const LOWEST: u16 = 15_000;
const HIGHEST: u16 = 32_000;

static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of 127.0.0.1 on which nobody listens, never handed out twice by
/// this process.
pub(crate) fn free_port() -> Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let span = HIGHEST - LOWEST;
    // Each process starts at another place, so that parallel ones rarely meet.
    let start = u16::try_from(RandomState::new().hash_one(std::process::id()) % u64::from(span))
        .unwrap_or(0);
    (0..span)
        .map(|step| LOWEST + (start + step) % span)
        .find(|port| !taken.contains(port) && is_free(*port))
        .inspect(|port| {
            taken.insert(*port);
        })
        .ok_or_else(|| Error::new(format!("no free port between {LOWEST} and {HIGHEST}")))
}

/// Claims a port that the user chose.
pub(crate) fn claim_port(port: u16) -> Result<u16> {
    if !is_free(port) {
        return Err(Error::new(format!("port {port} of 127.0.0.1 is in use")));
    }
    TAKEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(port);
    Ok(port)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_distinct_free_and_below_the_ephemeral_range() {
        let ports: BTreeSet<u16> = (0..50).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 50);
        assert!(ports.iter().all(|port| (LOWEST..HIGHEST).contains(port)));
    }

    #[test]
    fn a_port_in_use_is_refused() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = claim_port(port).unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains("in use"),
            "{error}"
        );
    }
}
