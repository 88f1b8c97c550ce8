//! Compressed bodies that lie: bombs, and each codec's frames with false sizes.

use kafka_protocol::records::*;

use super::*;

/// What decompresses to far more than it is.
pub(super) fn bombs() {
    let zeros = vec![0; 16 << 20];
    for codec in Compression::ALL.into_iter().skip(1) {
        let bomb = compressed(codec, &zeros);
        assert!(bomb.len() < 1 << 20, "{codec}");
        refused_as_too_large(codec, &bomb);
        // Nor does it help to say that there are no more bytes than allowed.
        let edge = compressed(codec, &zeros[..FREE + 1]);
        let limits = TIGHT.with_max_decompressed(FREE);
        let batch = batch_of(codec, 1, &edge);
        let error = read_all(Bytes::from(batch), &limits)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("decompress to more than the 1048576 bytes that the limits allow"),
            "{error}"
        );
        // Just within, it is only not a record.
        let batch = batch_of(codec, 1, &compressed(codec, &zeros[..FREE]));
        let error = read_all(Bytes::from(batch), &limits).unwrap_err();
        assert!(
            matches!(error, RecordError::InvalidRecord { .. }),
            "{codec}: {error}"
        );
    }
    // What is ordinary, however large, is read.
    let large = Owned::value(Numbers::new(1).bytes(3 << 20));
    for codec in Compression::ALL {
        let bytes = encoded(std::slice::from_ref(&large), codec);
        let read = read_all(bytes, &LIMITS).unwrap();
        assert!(read[0] == large, "{codec}");
    }
}

pub(super) fn zstd_frames_that_lie() {
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
    let codec = Compression::Zstd;
    let frame = |descriptor: &[u8], blocks: &[u8]| [&MAGIC, descriptor, blocks].concat();
    // A block of `len` equal bytes, in four.
    let run = |len: u32, last: bool| {
        let header = u32::from(last) | 1 << 1 | len << 3;
        [&header.to_le_bytes()[..3], b"z"].concat()
    };
    // Claims 64 GiB in a single segment, and as content of a smaller window.
    let size = (64_u64 << 30).to_le_bytes();
    refused_as_too_large(
        codec,
        &frame(&[&[0b1110_0000], &size[..]].concat(), &run(1, true)),
    );
    refused_as_too_large(
        codec,
        &frame(&[&[0b1100_0000, 0], &size[..]].concat(), &run(1, true)),
    );
    // The largest window that is accepted, and then all that four bytes give.
    let many = [run(128 << 10, false).repeat(4_095), run(128 << 10, true)].concat();
    refused_as_too_large(codec, &frame(&[0, 17 << 3], &many));
    // Larger windows are refused though they hold little.
    for window in [17 << 3 | 1, 18 << 3, 31 << 3 | 7] {
        refused_as_malformed(codec, &frame(&[0, window], &run(1, true)), "");
    }
    // Many frames, each with its own claim.
    let frames = frame(&[0, 17 << 3], &run(100_000, true)).repeat(100);
    refused_as_too_large(codec, &frames);
    // A bomb is one only if it is whole.
    refused_as_malformed(codec, &frame(&[0, 17 << 3], &many[..many.len() - 4]), "cut");
    // More in a block than one may have, and content than the blocks can have.
    refused_as_malformed(
        codec,
        &frame(&[0, 0], &run((128 << 10) + 1, true)),
        "128 KiB",
    );
    let size = 100_000_u32.to_le_bytes();
    let stated = [&[0b1010_0000], &size[..]].concat();
    refused_as_malformed(codec, &frame(&stated, &run(99_999, true)), "can't have");
    // A dictionary that nobody has, a reserved block, wrong sums.
    refused_as_malformed(codec, &frame(&[0b0000_0001, 0, 9], &run(1, true)), "");
    refused_as_malformed(codec, &frame(&[0, 0], &[0b111, 0, 0]), "");
    refused_as_malformed(codec, &frame(&[0b0010_0000, 5], &run(4, true)), "");
    let mut sum = frame(&[0b0000_0100, 0], &run(9, true));
    sum.extend([0; 4]);
    refused_as_malformed(codec, &sum, "");
    refused_as_malformed(codec, b"not zstd at all", "");
    // Frames to skip are skipped, if they are there.
    let body = Owned::value("v").encoded(NOW, 0);
    let skip = |len: u32| {
        [
            &0x184d_2a53_u32.to_le_bytes(),
            &len.to_le_bytes()[..],
            b"abc",
        ]
        .concat()
    };
    let good = [skip(3), compressed(codec, &body), skip(3)].concat();
    assert_eq!(decompress(codec, 1, &good), Ok(()));
    refused_as_malformed(
        codec,
        &[skip(u32::MAX), compressed(codec, &body)].concat(),
        "",
    );
    // One body in two frames is one body.
    let (a, b) = body.split_at(3);
    let two = [compressed(codec, a), compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
}

pub(super) fn lz4_frames_that_lie() {
    let codec = Compression::Lz4;
    let xxh = |bytes: &[u8]| twox_hash_32(bytes);
    let frame = |flags: u8, size: u8, more: &[u8], blocks: &[u8]| {
        let descriptor = [&[flags, size], more].concat();
        let sum = (xxh(&descriptor) >> 8) as u8;
        [
            &0x184d_2204_u32.to_le_bytes(),
            &descriptor[..],
            &[sum],
            blocks,
        ]
        .concat()
    };
    let block = |bytes: &[u8], stored: bool| {
        let len = bytes.len() as u32 | u32::from(stored) << 31;
        [&len.to_le_bytes(), bytes].concat()
    };
    const END: [u8; 4] = [0; 4];
    let body = Owned::value("v").encoded(NOW, 0);
    let blocks = [block(&body, true), END.to_vec()].concat();
    assert_eq!(
        decompress(codec, 1, &frame(0x60, 0x40, &[], &blocks)),
        Ok(())
    );
    let mut good = frame(0x60, 0x40, &[], &blocks);
    good[6] ^= 1;
    refused_as_malformed(codec, &good, "header's checksum");
    refused_as_malformed(codec, &frame(0x20, 0x40, &[], &blocks), "version");
    refused_as_malformed(codec, &frame(0x62, 0x40, &[], &blocks), "version");
    refused_as_malformed(codec, &frame(0x60, 0x41, &[], &blocks), "version");
    refused_as_malformed(codec, &frame(0x60, 0x30, &[], &blocks), "block size");
    refused_as_malformed(codec, &frame(0x61, 0x40, &[0; 4], &blocks), "dictionary");
    refused_as_malformed(
        codec,
        &frame(0x60, 0x40, &[], &blocks[..blocks.len() - 1]),
        "too early",
    );
    refused_as_malformed(codec, &[&good[..0], b"LZ4!"].concat(), "magic");
    // A length beyond what is there, and beyond what a block may have.
    let beyond = [&u32::MAX.to_le_bytes()[..], &body].concat();
    refused_as_malformed(codec, &frame(0x60, 0x40, &[], &beyond), "too early");
    let long = block(&vec![7; (64 << 10) + 1], true);
    refused_as_malformed(codec, &frame(0x60, 0x40, &[], &long), "longer");
    // Content sizes.
    let size = |size: u64| frame(0x68, 0x40, &size.to_le_bytes(), &blocks);
    assert_eq!(decompress(codec, 1, &size(body.len() as u64)), Ok(()));
    refused_as_malformed(codec, &size(body.len() as u64 + 1), "content size");
    refused_as_malformed(codec, &size(u64::MAX), "content size");
    // Checksums of blocks and content.
    let sums = |block_sum: u32, content_sum: u32| {
        let blocks = [
            block(&body, true),
            block_sum.to_le_bytes().into(),
            END.into(),
        ]
        .concat();
        frame(
            0x74,
            0x40,
            &[],
            &[blocks, content_sum.to_le_bytes().into()].concat(),
        )
    };
    assert_eq!(decompress(codec, 1, &sums(xxh(&body), xxh(&body))), Ok(()));
    refused_as_malformed(codec, &sums(1, xxh(&body)), "block's checksum");
    refused_as_malformed(codec, &sums(xxh(&body), 1), "content's checksum");
    // Blocks that depend on those before: the second repeats bytes of the first.
    let value = b"some text of more than a few bytes, to be repeated";
    let record = Owned::value(&[&value[..], &value[..]].concat()[..]).encoded(NOW, 0);
    let (first, second) = record.split_at(record.len() - 1 - value.len());
    // No literals, a match of the value's length, then one literal.
    let repeat = [
        &[0x0f][..],
        &(value.len() as u16).to_le_bytes(),
        &[(value.len() - 19) as u8],
    ];
    let repeat = [repeat.concat(), vec![0x10, second[second.len() - 1]]].concat();
    let linked = [block(first, true), block(&repeat, false), END.to_vec()].concat();
    assert_eq!(
        decompress(codec, 1, &frame(0x40, 0x40, &[], &linked)),
        Ok(())
    );
    // The same, said to be independent, reaches before its block.
    refused_as_malformed(codec, &frame(0x60, 0x40, &[], &linked), "");
    // Four MiB claimed for each block, of which a few bytes come.
    let small = [block(&[0x10, b'a'], false).repeat(1_000), END.to_vec()].concat();
    assert!(decompress(codec, 1, &frame(0x60, 0x70, &[], &small)).is_err());
    // Two frames of one body, with a frame to skip between.
    let (a, b) = body.split_at(2);
    let skip = [
        &0x184d_2a5f_u32.to_le_bytes(),
        &2_u32.to_le_bytes()[..],
        b"xx",
    ]
    .concat();
    let two = [compressed(codec, a), skip, compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
}

pub(super) fn snappy_blocks_that_lie() {
    let codec = Compression::Snappy;
    let body = Owned::value("v").encoded(NOW, 0);
    let framed = compressed(codec, &body);
    let (header, block) = framed.split_at(16);
    let raw = &block[4..];
    // Other clients write it raw.
    assert_eq!(decompress(codec, 1, raw), Ok(()));
    // Streams one after the other, each with its header.
    let (a, b) = body.split_at(3);
    let two = [compressed(codec, a), compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
    // A block that claims 4 GiB, raw and framed; it can't have them.
    let claim = [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &raw[1..]].concat();
    refused_as_malformed(codec, &claim, "can't have");
    let length = (claim.len() as u32).to_be_bytes();
    refused_as_malformed(codec, &[header, &length, &claim].concat(), "can't have");
    // Blocks that are each in order, and too much together.
    let zeros = compressed(codec, &vec![0; 32 << 10]);
    let many = [&zeros[..16], &zeros[16..].repeat(200)].concat();
    refused_as_too_large(codec, &many);
    // Lengths.
    for length in [-1_i32, i32::MIN, i32::MAX, raw.len() as i32 + 1] {
        let lies = [header, &length.to_be_bytes(), raw].concat();
        refused_as_malformed(codec, &lies, "longer than what is left");
    }
    refused_as_malformed(codec, &[header, &[0; 4]].concat(), "empty");
    refused_as_malformed(codec, &[header, &[0; 3]].concat(), "length is cut");
    refused_as_malformed(codec, &framed[..12], "header is cut");
    refused_as_malformed(codec, &[0x80], "");
}

pub(super) fn gzip_members_that_lie() {
    let codec = Compression::Gzip;
    let body = Owned::value("v").encoded(NOW, 0);
    let good = compressed(codec, &body);
    assert_eq!(decompress(codec, 1, &good), Ok(()));
    // One body in two members is one body.
    let (a, b) = body.split_at(3);
    assert_eq!(
        decompress(
            codec,
            1,
            &[compressed(codec, a), compressed(codec, b)].concat()
        ),
        Ok(())
    );
    // Many in one of two members, whose length the end does not tell: read anew into
    // what the budget allows, not grown into twice that.
    let large = Owned::value(Numbers::new(3).bytes(2 << 20)).encoded(NOW, 0);
    let (a, b) = large.split_at(large.len() - 1);
    let two = [compressed(codec, a), compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
    let too_much = vec![0; 5 << 20];
    let two = [compressed(codec, &too_much), compressed(codec, b)].concat();
    refused_as_too_large(codec, &two);
    // The sum and the length at the end.
    for back in 1..=8 {
        let mut lies = good.clone();
        let at = lies.len() - back;
        lies[at] ^= 0x40;
        refused_as_malformed(codec, &lies, "");
    }
    for end in 0..good.len() {
        let result = decompress(codec, 1, &good[..end]);
        assert!(result.is_err(), "cut to {end}");
    }
    refused_as_malformed(codec, &[&good[..], b"more"].concat(), "");
    refused_as_malformed(codec, b"not gzip at all, but longer", "");
}

/// A compressor keeps its tables and buffers: after a large batch, after a refused
/// one, a small one is compressed as if it were the first, and reads as it was.
pub(super) fn nothing_of_one_batch_is_in_the_next() {
    let secret = b"of one batch, never of the next; ".repeat(40_000);
    let small = Owned::value("small").encoded(NOW, 0);
    for codec in Compression::ALL {
        let fresh = compressed(codec, &small);
        let mut reused = Compressor::new(codec).unwrap();
        for before in [&secret[..], &secret[..9], &Numbers::new(4).bytes(5 << 20)] {
            let _ = reused.compress(before).unwrap();
            let packed = reused.compress(&small).unwrap();
            assert!(packed == fresh, "{codec}: {packed:x?} for {fresh:x?}");
            // Nor does what decompresses keep more than tables, to its end or not.
            let large = compressed(codec, before);
            let _ = decompress(codec, 1, &large);
            let _ = decompress(codec, 1, &large[..large.len() / 2]);
            assert_eq!(decompress(codec, 1, &packed), Ok(()), "{codec}");
            let batch = Bytes::from(batch_of(codec, 1, &packed));
            assert_eq!(read_all(batch, &LIMITS), Ok(vec![Owned::value("small")]));
        }
        assert!(reused.compress(&[]).unwrap().len() < 64, "{codec}");
    }
}

/// XXH32 with seed 0, of less than 16 bytes or any number.
fn twox_hash_32(bytes: &[u8]) -> u32 {
    const P: [u32; 5] = [
        0x9e37_79b1,
        0x85eb_ca77,
        0xc2b2_ae3d,
        0x27d4_eb2f,
        0x1656_67b1,
    ];
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut rest = bytes;
    let mut hash = P[4];
    if bytes.len() >= 16 {
        let mut lanes = [P[0].wrapping_add(P[1]), P[1], 0, 0_u32.wrapping_sub(P[0])];
        while rest.len() >= 16 {
            for (index, lane) in lanes.iter_mut().enumerate() {
                let input = word(&rest[4 * index..4 * index + 4]).wrapping_mul(P[1]);
                *lane = lane.wrapping_add(input).rotate_left(13).wrapping_mul(P[0]);
            }
            rest = &rest[16..];
        }
        let rotations = [1, 7, 12, 18];
        hash = lanes
            .iter()
            .zip(rotations)
            .fold(0, |sum: u32, (lane, rotation)| {
                sum.wrapping_add(lane.rotate_left(rotation))
            });
    }
    hash = hash.wrapping_add(bytes.len() as u32);
    while rest.len() >= 4 {
        hash = hash.wrapping_add(word(&rest[..4]).wrapping_mul(P[2]));
        hash = hash.rotate_left(17).wrapping_mul(P[3]);
        rest = &rest[4..];
    }
    for byte in rest {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(P[4]));
        hash = hash.rotate_left(11).wrapping_mul(P[0]);
    }
    hash = (hash ^ hash >> 15).wrapping_mul(P[1]);
    hash = (hash ^ hash >> 13).wrapping_mul(P[2]);
    hash ^ hash >> 16
}
