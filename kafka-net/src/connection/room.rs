use super::in_flight::Released;

/// The bounds of one connection's queue, and how much of them is taken.
///
/// Requests count from being accepted to being answered, bytes from being
/// accepted to being written.
#[derive(Debug)]
pub(super) struct Room {
    max_requests: usize,
    max_bytes: usize,
    requests: usize,
    bytes: usize,
}

impl Room {
    pub(super) fn new(max_requests: usize, max_bytes: usize) -> Self {
        Self {
            max_requests,
            max_bytes,
            requests: 0,
            bytes: 0,
        }
    }

    /// Whether a request of `len` bytes would be taken. When no other bytes
    /// wait, one of any size is, or it could never be sent.
    pub(super) fn fits(&self, len: usize) -> bool {
        self.requests < self.max_requests
            && (self.bytes == 0 || self.bytes.saturating_add(len) <= self.max_bytes)
    }

    /// Takes the room for a request of `len` bytes, whether it fits or not.
    pub(super) fn take(&mut self, len: usize) {
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(len);
    }

    pub(super) fn release(&mut self, released: Released) {
        self.requests = self.requests.saturating_sub(released.requests);
        self.bytes = self.bytes.saturating_sub(released.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(room: &mut Room, len: usize) -> bool {
        let fits = room.fits(len);
        if fits {
            room.take(len);
        }
        fits
    }

    #[test]
    fn both_bounds_hold_and_give_way() {
        let mut room = Room::new(3, 100);
        assert!(take(&mut room, 60));
        assert!(!take(&mut room, 41), "the bytes are bounded");
        assert!(take(&mut room, 40));
        assert!(!take(&mut room, 1));
        room.release(Released {
            requests: 0,
            bytes: 60,
        });
        assert!(take(&mut room, 1));
        assert!(!take(&mut room, 1), "the requests are bounded");
        room.release(Released {
            requests: 1,
            bytes: 0,
        });
        assert!(take(&mut room, 59));
    }

    #[test]
    fn one_larger_than_the_bound_goes_alone() {
        let mut room = Room::new(3, 100);
        assert!(take(&mut room, 1000));
        assert!(!take(&mut room, 1));
        room.release(Released {
            requests: 1,
            bytes: 1000,
        });
        assert!(take(&mut room, 1));
        assert!(!take(&mut room, 1000));
    }
}
