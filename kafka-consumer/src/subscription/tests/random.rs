//! Any order of events: every record once and in order, memory within its bound,
//! and everything read once the trouble is over.

use kafka_net::Random;
use proptest::prelude::*;

use super::world::asked;
use super::*;
use crate::batch::Batch;
use crate::decode::Decoded;
use crate::subscription::plan::FetchAsk;

const PARTITIONS: i32 = 4;
const RECORDS: i64 = 120;
const LARGEST: usize = 3 * P;

/// A cluster that serves logs of its own, and a caller that notes what it gets.
struct Run {
    world: World,
    random: Random,
    /// The batches of each partition's log, with their first offsets and the ones
    /// after them.
    logs: Vec<Vec<(i64, i64, bytes::Bytes)>>,
    leaders: Vec<i32>,
    in_flight: Vec<FetchAsk>,
    next: Vec<i64>,
    paused: Vec<bool>,
    held: Vec<(Lease, Batch)>,
    /// How many there were at once: each counts again when it is given back.
    most_held: usize,
    /// Who was woken: nobody is called upon without being.
    woken: Signals,
}

impl Run {
    fn new(seed: u64) -> Self {
        let random = Random::from_seed(seed);
        let log = |_| {
            let mut log = Vec::new();
            let mut base = 0;
            while base < RECORDS {
                let count = 1 + random.below(4) as i64;
                let bytes = [10, 500, 3_000, LARGEST][random.below(4)];
                let batch = made(base, count).padded(bytes / count as usize).bytes();
                // Compaction leaves gaps between batches.
                let gap = random.below(2) as i64;
                log.push((base, base + count, batch));
                base += count + gap;
            }
            log
        };
        let logs: Vec<_> = (0..PARTITIONS).map(log).collect();
        let mut world = World::new(
            ConsumerConfig::default()
                .partition_fetch_bytes(P)
                .fetch_max_bytes(3 * P)
                .prefetch_bytes(6 * P),
        );
        let leaders: Vec<i32> = (0..PARTITIONS).map(|p| p % 2).collect();
        for (partition, leader) in (0..).zip(&leaders) {
            world.lead("t", partition, *leader);
        }
        world.assign((0..PARTITIONS).map(|p| Assignment::new("t", p, Start::Offset(0))));
        Self {
            world,
            random,
            logs,
            leaders,
            in_flight: Vec::new(),
            next: vec![0; PARTITIONS as usize],
            paused: vec![false; PARTITIONS as usize],
            held: Vec::new(),
            most_held: 0,
            woken: Signals {
                callers: true,
                driver: true,
            },
        }
    }

    fn note_signals(&mut self) {
        let Signals { callers, driver } = self.world.state.take_signals();
        self.woken.callers |= callers;
        self.woken.driver |= driver;
    }

    fn step(&mut self) {
        match self.random.below(20) {
            0..=3 => self.plan(),
            4..=7 => self.answer(),
            8..=12 => self.take(),
            13 => self.lose(),
            14 => self.lead(),
            15 => self.pause_or_resume(),
            16 => self.seek(),
            17 => self.hold(),
            18 => self.give_back(),
            _ => self.world.pass(ms(60)),
        }
        self.note_signals();
        self.most_held = self.most_held.max(self.held.len());
        self.check_bound();
    }

    /// From what was planned for to one batch more for each fetch: answers bring a
    /// first batch whole, however large.
    fn check_bound(&self) {
        let most = 6 * P + (2 + self.most_held) * (LARGEST + 1_000);
        let gauges = self.world.state.gauges();
        assert!(gauges.peak_buffered_bytes <= most, "{gauges:?}");
        assert!(gauges.fetches_in_flight <= 2, "{gauges:?}");
    }

    /// As the driver does: when woken, when an answer came, when it is time.
    fn plan(&mut self) {
        self.note_signals();
        let due = self.world.wake_at.is_some_and(|at| at <= self.world.now);
        if !std::mem::take(&mut self.woken.driver) && !due {
            return;
        }
        for ask in self.world.plan() {
            if let Ask::Fetch(ask) = ask {
                assert!(
                    !self
                        .in_flight
                        .iter()
                        .any(|other| other.broker == ask.broker),
                    "a second one to the same broker"
                );
                self.in_flight.push(ask);
            }
        }
    }

    fn answer(&mut self) {
        if self.in_flight.is_empty() {
            return;
        }
        let ask = self
            .in_flight
            .remove(self.random.below(self.in_flight.len()));
        self.woken.driver = true;
        let mut room = ask.request.max_bytes as usize;
        let mut any = false;
        let (logs, leaders) = (&self.logs, &self.leaders);
        let random = &self.random;
        self.world.answer(&ask, |_, partition, offset| {
            if leaders[partition as usize] != ask.broker {
                return failed(ErrorCode::NotLeaderOrFollower);
            }
            if random.below(15) == 0 {
                return failed(ErrorCode::UnknownServerError);
            }
            let mut left = room.min(P);
            let mut data = Vec::new();
            for (_, next, batch) in &logs[partition as usize] {
                if *next <= offset {
                    continue;
                }
                if batch.len() > left {
                    // The first batch of the answer comes whole; later ones are
                    // left out or cut.
                    if !any {
                        data.extend_from_slice(batch);
                        any = true;
                    } else if !data.is_empty() && random.below(2) == 0 {
                        data.extend_from_slice(&batch[..left.min(batch.len() / 2)]);
                    }
                    break;
                }
                left -= batch.len();
                any = true;
                data.extend_from_slice(batch);
            }
            room = room.saturating_sub(data.len());
            records(data.into())
        });
    }

    fn lose(&mut self) {
        if !self.in_flight.is_empty() {
            let ask = self.in_flight.remove(0);
            let error = Error::new(ErrorKind::Disconnected);
            self.woken.driver = true;
            self.world.respond(&ask, Err(error));
        }
    }

    fn lead(&mut self) {
        let partition = self.random.below(self.leaders.len());
        self.leaders[partition] = self.random.below(2) as i32;
        self.world
            .lead("t", partition as i32, self.leaders[partition]);
        if self.random.below(2) == 0 {
            self.world.refresh();
            self.woken.driver = true;
        }
    }

    fn pause_or_resume(&mut self) {
        let partition = self.random.below(self.paused.len());
        let name = [TopicPartition::new("t", partition as i32)];
        self.paused[partition] = !self.paused[partition];
        if self.paused[partition] {
            self.world.state.pause(&name).unwrap();
        } else {
            self.world.state.resume(&name).unwrap();
        }
    }

    fn seek(&mut self) {
        let partition = self.random.below(self.next.len());
        let offset = self.random.below(RECORDS as usize) as i64;
        self.world.seek(partition as i32, Start::Offset(offset));
        self.next[partition] = offset;
    }

    fn take(&mut self) {
        self.note_signals();
        if !std::mem::take(&mut self.woken.callers) {
            return;
        }
        if let Some(next) = self.world.next() {
            // Called again before it waits.
            self.woken.callers = true;
            let batch = next.unwrap();
            let partition = batch.partition() as usize;
            assert!(!self.paused[partition], "handed out while paused");
            for record in &batch {
                self.note(partition, record.offset());
            }
            // Control of the position: what was handed out, to the batch's end.
            assert_eq!(
                self.world.position(partition as i32),
                Some(batch.next_offset())
            );
        }
    }

    /// What comes is the next record of the log, whatever happened before.
    fn note(&mut self, partition: usize, offset: i64) {
        let log = &self.logs[partition];
        let from = self.next[partition];
        let expected = log
            .iter()
            .find(|(_, end, _)| *end > from)
            .map(|(base, _, _)| (*base).max(from));
        assert_eq!(Some(offset), expected, "partition {partition}");
        self.next[partition] = offset + 1;
    }

    /// As a record stream does it: a record at a time, any number of them.
    fn hold(&mut self) {
        let mut lease = match self.world.state.take() {
            Taken::Chunk(lease) => lease,
            Taken::Batch(lease, batch) => {
                self.held.extend(self.world.state.hold(lease, batch));
                return;
            }
            Taken::Error(error) => panic!("{error}"),
            Taken::Nothing => return,
        };
        self.woken.callers = true;
        match self.world.decode(&mut lease) {
            Decoded::Batch(batch) => self.held.extend(self.world.state.hold(lease, batch)),
            other => {
                self.world.state.settle(lease, other);
            }
        }
    }

    fn give_back(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let (lease, batch) = self.held.remove(0);
        let mut at = batch.start();
        let wanted = self.random.below(batch.len() + 1);
        let partition = batch.partition() as usize;
        for _ in 0..wanted {
            if lease.cursor.gate() != Gate::Open {
                break;
            }
            let record = batch.inner().next_at(&mut at).unwrap();
            lease.cursor.move_to(record.offset() + 1);
            self.note(partition, record.offset());
        }
        self.world.state.give_back(lease, batch.rest(at));
    }

    /// No more trouble, and some partitions paused after the budget has filled: all
    /// that is left of the others comes, without a resume and by whatever wakes
    /// the driver.
    fn read_beside_paused(&mut self) {
        self.world.refresh();
        self.woken.driver = true;
        while !self.held.is_empty() {
            self.give_back();
        }
        for _ in 0..50 {
            self.plan();
            self.answer();
        }
        for partition in 0..self.paused.len() {
            if !self.paused[partition] && self.random.below(2) == 0 {
                self.paused[partition] = true;
                let name = [TopicPartition::new("t", partition as i32)];
                self.world.state.pause(&name).unwrap();
            }
        }
        let ends = self.ends();
        for _ in 0..3_000 {
            let open = (0..ends.len()).filter(|p| !self.paused[*p]);
            if open.into_iter().all(|p| self.next[p] == ends[p]) {
                return;
            }
            self.world.pass(ms(60));
            self.plan();
            while !self.in_flight.is_empty() {
                self.answer();
                self.check_bound();
            }
            for _ in 0..self.random.below(20) {
                if self.random.below(2) == 0 {
                    self.take();
                } else {
                    self.hold();
                    self.most_held = self.most_held.max(self.held.len());
                    self.give_back();
                }
            }
        }
        panic!(
            "stuck at {:?} of {ends:?}, paused {:?}",
            self.next, self.paused
        );
    }

    fn ends(&self) -> Vec<i64> {
        let ends = self.logs.iter().map(|log| log.last());
        ends.map(|last| last.map_or(0, |(_, end, _)| *end))
            .collect()
    }

    /// No more trouble: everything that is left comes.
    fn finish(mut self) {
        self.read_beside_paused();
        for partition in 0..self.paused.len() {
            if self.paused[partition] {
                let name = [TopicPartition::new("t", partition as i32)];
                self.paused[partition] = false;
                self.world.state.resume(&name).unwrap();
            }
        }
        self.world.refresh();
        self.woken.driver = true;
        let ends = self.ends();
        for _ in 0..3_000 {
            if self.next == ends {
                assert_eq!(self.world.state.gauges().buffered_bytes, 0);
                return;
            }
            self.world.pass(ms(60));
            self.plan();
            while !self.in_flight.is_empty() {
                self.answer();
                self.check_bound();
            }
            for _ in 0..self.random.below(20) {
                self.take();
            }
        }
        let asked: Vec<_> = self
            .in_flight
            .iter()
            .map(|ask| asked(&ask.request))
            .collect();
        panic!("stuck at {:?} of {ends:?}, asking {asked:?}", self.next);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_record_comes_once_in_order_and_within_the_bound(seed: u64, steps in 0..600_usize) {
        let mut run = Run::new(seed);
        for _ in 0..steps {
            run.step();
        }
        run.finish();
    }
}
