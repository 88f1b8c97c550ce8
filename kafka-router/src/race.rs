//! Trying several things, the next one without waiting long for the one before.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kafka_net::Error;

/// A broker that is silent for this long is not given up, but no longer waited
/// for alone: an address that swallows packets, or a broker that hangs, must not
/// cost the caller's whole deadline.
pub(crate) const STAGGER: Duration = Duration::from_secs(1);

/// The first success. The next attempt begins when one fails, or when all that
/// run have been silent for `stagger`; the losers are dropped. When all fail,
/// their errors in the order they came.
pub(crate) async fn first_ok<C, T, F, Fut>(
    candidates: Vec<C>,
    stagger: Duration,
    attempt: F,
) -> Result<T, Vec<Error>>
where
    F: Fn(C) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let mut waiting = candidates.into_iter();
    let mut running = FuturesUnordered::new();
    let mut errors = Vec::new();
    running.extend(waiting.next().map(&attempt));
    loop {
        let more = waiting.len() > 0;
        tokio::select! {
            biased;
            result = running.next() => match result {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => errors.push(error),
                None => return Err(errors),
            },
            () = tokio::time::sleep(stagger), if more => {}
        }
        running.extend(waiting.next().map(&attempt));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use kafka_net::ErrorKind;
    use kafka_net::clock::now;

    use super::*;

    /// What an attempt does: fail or succeed after some milliseconds.
    async fn play(name: &str, millis: u64, good: bool) -> Result<String, Error> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        if good {
            Ok(name.to_owned())
        } else {
            Err(Error::new(ErrorKind::Connect).with_message(name.to_owned()))
        }
    }

    /// Candidates are (name, milliseconds, good); the expected start times in
    /// milliseconds, the winner, and when it was there.
    async fn check(script: &[(&'static str, u64, bool)], starts: &[u128], winner: &str, at: u128) {
        let begin = now();
        let started = RefCell::new(Vec::new());
        let result = first_ok(script.to_vec(), STAGGER, |(name, millis, good)| {
            started.borrow_mut().push((now() - begin).as_millis());
            play(name, millis, good)
        })
        .await;
        assert_eq!(started.into_inner(), starts);
        assert_eq!(result.unwrap_or_default(), winner);
        assert_eq!((now() - begin).as_millis(), at);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_is_enough() {
        check(&[("a", 400, true), ("b", 1, true)], &[0], "a", 400).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_starts_the_next_at_once() {
        check(
            &[("a", 10, false), ("b", 20, false), ("c", 30, true)],
            &[0, 10, 30],
            "c",
            60,
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_one_is_overtaken_but_may_still_win() {
        check(
            &[("a", 90_000, true), ("b", 5, true)],
            &[0, 1000],
            "b",
            1005,
        )
        .await;
        check(
            &[("a", 1500, true), ("b", 90_000, true)],
            &[0, 1000],
            "a",
            1500,
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn all_errors_come_back() {
        let script = vec![("a", 10_u64), ("b", 3000), ("c", 1)];
        let errors = first_ok(script, STAGGER, |(name, millis)| play(name, millis, false))
            .await
            .unwrap_err();
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["a", "c", "b"]);
        let none = first_ok(Vec::<u64>::new(), STAGGER, |_| play("a", 0, true)).await;
        assert!(none.unwrap_err().is_empty());
    }
}
