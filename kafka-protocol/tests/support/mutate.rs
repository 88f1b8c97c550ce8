//! Changes to bytes that were good, and numbers that only look random.

/// The same numbers for the same seed, on every machine.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Lengths and counts that are none, in each of the ways they are written.
pub(crate) const LIES: [&[u8]; 16] = [
    &[0x7f, 0xff, 0xff, 0xff],
    &[0x80, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xfe],
    &[0, 0x0f, 0x42, 0x40],
    &[0, 0, 0, 0x40],
    &[0x7f, 0xff],
    &[0x80, 0],
    &[0xff, 0xff],
    &[0xff, 0xfe],
    // Variable-length: the largest, one beyond it, one that does not end, 10,000.
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0x1f],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    &[0x91, 0x4e],
    &[0x7f],
    &[0],
];

/// `bytes` with some change; `other` is what parts can come from.
pub(crate) fn mutated(bytes: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    // Most often one change, so that what follows it still means something.
    for _ in 0..1 + numbers.below(6) / 4 {
        change(&mut changed, other, numbers);
    }
    changed
}

fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() + 1);
    let len = 1 + numbers.below(8);
    let end = (at + len).min(bytes.len());
    match numbers.below(12) {
        0 => flip(bytes, 1, numbers),
        1 => flip(bytes, 1 + numbers.below(16), numbers),
        2 => {
            let value = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff][numbers.below(7)];
            bytes[at..end].fill(value);
        }
        3 => {
            let noise = numbers.bytes(end - at);
            bytes[at..end].copy_from_slice(&noise);
        }
        // A lie in the place of what is there, of its length or of one byte.
        4 | 5 => {
            let lie = LIES[numbers.below(LIES.len())];
            let end = (at + lie.len()).min(bytes.len());
            bytes.splice(at..end, lie.iter().copied());
        }
        6 => {
            let lie = LIES[numbers.below(LIES.len())];
            let end = (at + 1).min(bytes.len());
            bytes.splice(at..end, lie.iter().copied());
        }
        7 => bytes.truncate(at),
        8 => {
            let noise = numbers.bytes(len);
            bytes.splice(at..at, noise);
        }
        9 => {
            bytes.drain(at..end);
        }
        // A part once more, somewhere.
        10 => {
            let from = numbers.below(bytes.len() + 1);
            let to = (from + 1 + numbers.below(64)).min(bytes.len());
            let part = bytes[from..to].to_vec();
            bytes.splice(at..at, part);
        }
        // The start of this and the end of another.
        _ => {
            bytes.truncate(at);
            bytes.extend(&other[numbers.below(other.len() + 1)..]);
        }
    }
}

fn flip(bytes: &mut [u8], count: usize, numbers: &mut Numbers) {
    if bytes.is_empty() {
        return;
    }
    for _ in 0..count {
        let at = numbers.below(bytes.len());
        bytes[at] ^= 1 << numbers.below(8);
    }
}
