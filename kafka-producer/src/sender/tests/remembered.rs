//! What brokers remember of the batches they have had.

use crate::config::Idempotence;

use super::*;

fn config() -> ProducerConfig {
    ProducerConfig::default().linger(Duration::ZERO)
}

const LATER: Duration = Duration::from_secs(2);

#[test]
fn a_broker_that_remembers_one_batch_gets_one_numbered_request_at_a_time() {
    for (mode, beside) in [(Idempotence::Auto, false), (Idempotence::Disabled, true)] {
        let mut world = World::new(config().idempotence(mode), &[1, 1]);
        let mut a = world.send_batch(0, &["a"]);
        let first = world.request(1);
        world.sender.set_forgetful(1, true);
        let mut b = world.send_batch(1, &["b"]);
        world.pass(LATER);
        let second = world.next(1);
        assert_eq!(second.is_some(), beside, "{mode:?}");
        world.ack(&first, 0);
        let second = second.unwrap_or_else(|| world.request(1));
        world.ack(&second, 0);
        assert_eq!(stands(&mut a[0]), Stands::At(Some(0)));
        assert_eq!(stands(&mut b[0]), Stands::At(Some(0)));
    }
}
