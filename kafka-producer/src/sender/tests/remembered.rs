//! What brokers remember of the batches they have had.

use crate::config::Idempotence;

use super::*;

fn config() -> ProducerConfig {
    ProducerConfig::default().linger(Duration::ZERO)
}

const LATER: Duration = Duration::from_secs(2);

#[test]
fn a_broker_that_remembers_one_batch_gets_one_numbered_batch_at_a_time() {
    for (mode, beside) in [(Idempotence::Auto, false), (Idempotence::Disabled, true)] {
        let mut world = World::new(config().idempotence(mode), &[1, 1]);
        world.remembers = 1;
        let mut a = world.send_batch(0, &["a"]);
        let first = world.request(1);
        let mut b = world.send_batch(0, &["b"]);
        world.pass(LATER);
        let second = world.next(1);
        assert_eq!(second.is_some(), beside, "{mode:?}");
        // What it remembers of one partition does not hold up another.
        let mut c = world.send_batch(1, &["c"]);
        let third = world.request(1);
        world.ack(&first, 0);
        let second = second.unwrap_or_else(|| world.request(1));
        world.ack(&second, 1);
        world.ack(&third, 0);
        assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));
        assert_eq!(stands(&mut b[0]), Stands::At(Some(1)));
        assert_eq!(stands(&mut c[0]), Stands::At(Some(0)));
    }
}

#[test]
fn no_batch_falls_out_of_what_the_broker_remembers() {
    let mut world = World::new(config(), &[1]);
    let doubt = [(ErrorCode::NotEnoughReplicasAfterAppend, -1)];
    let mut first = world.send_batch(0, &["first"]);
    let mut again = world.request(1);
    let mut later = Vec::new();
    // It is appended and answered with a doubt each time, while what is sent
    // behind it is accepted at once.
    for _ in 0..4 {
        while let Some(request) = {
            let value = format!("later {}", later.len());
            later.extend(world.send_batch(0, &[&value]));
            world.pass(Duration::from_millis(1));
            world.next(1)
        } {
            world.ack(&request, later.len() as i64);
        }
        world.answer(&again, &doubt);
        world.pass(LATER);
        again = world.request(1);
        assert_eq!(again.parts[0].values, ["first"]);
    }
    let delivered = later
        .iter_mut()
        .map(stands)
        .filter(|stands| matches!(stands, Stands::At(_)))
        .count();
    assert_eq!(delivered, 4, "with the first they are five");
    world.ack(&again, 0);
    assert_eq!(stands(&mut first[0]), Stands::At(Some(0)));
    let next = world.request(1);
    assert_eq!(next.parts[0].values[0], "later 4");
}
