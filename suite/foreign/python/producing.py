"""Producers: plain, idempotent, each codec, and what the broker refuses."""

from confluent_kafka import Producer

from transcript import create_topic, dump, outcome, say

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def produce(bootstrap, records, **settings):
    """Produces and says each delivery report, in the order of the records.

    A record is `(topic, partition, key, value)` and perhaps headers.
    """
    reports = {}
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "message.max.bytes": 4_000_000,
            **{name.replace("_", "."): value for name, value in settings.items()},
        }
    )
    for at, (topic, partition, key, value, *headers) in enumerate(records):

        def report(error, message, at=at):
            place = f"{message.partition()}@{message.offset()}" if error is None else "-"
            reports[at] = f"{at} {outcome(error)} {place}"

        producer.produce(
            topic,
            value,
            key=key,
            partition=partition,
            headers=headers[0] if headers else None,
            timestamp=1_700_000_000_000 + at,
            on_delivery=report,
        )
    left = producer.flush(40)
    if left:
        say(f"{left} records never answered")
    for at in sorted(reports):
        say(reports[at])


def plain(bootstrap, name):
    create_topic(bootstrap, name, 3)
    for acks in ["1", "all"]:
        say(f"acks={acks}")
        records = [(name, at % 3, f"k{at}", f"v{at}") for at in range(9)]
        produce(bootstrap, records, acks=acks)
    say("keys, headers, nulls")
    produce(
        bootstrap,
        [
            (name, 0, None, "no key"),
            (name, 0, "no value", None),
            (name, 1, "h", "headers", [("a", b"1"), ("a", b"2"), ("n", None)]),
            (name, 2, "", ""),
        ],
    )
    dump(bootstrap, name, 3)


def unacknowledged(bootstrap, name):
    """acks=0: nothing comes back, the records are there all the same."""
    create_topic(bootstrap, name, 1)
    # Acknowledged records before and behind them: then the leader is there, and
    # then they have been appended.
    produce(bootstrap, [(name, 0, None, "before")], acks="all")
    produce(bootstrap, [(name, 0, None, f"first {at}") for at in range(3)], acks="0")
    produce(bootstrap, [(name, 0, None, "last")], acks="all")
    dump(bootstrap, name, 1)


def codecs(bootstrap, name):
    for idempotent in [False, True]:
        topic = f"{name}-{'idempotent' if idempotent else 'plain'}"
        create_topic(bootstrap, topic, 1)
        for codec in CODECS:
            say(f"{codec}, idempotent: {idempotent}")
            records = [(topic, 0, codec, f"{codec} {at} " + "x" * 100) for at in range(4)]
            produce(
                bootstrap, records, compression_type=codec, enable_idempotence=idempotent
            )
        dump(bootstrap, topic, 1)


def idempotent(bootstrap, name):
    """Many batches in flight stay in order and leave no gap."""
    create_topic(bootstrap, name, 2)
    reports = []

    def report(error, message):
        reports.append((outcome(error), message.partition(), message.offset(), message.value()))

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "batch.num.messages": 50,
            "linger.ms": 1,
        }
    )
    for at in range(4000):
        producer.produce(name, str(at // 2), partition=at % 2, on_delivery=report)
        producer.poll(0)
    producer.flush(40)
    in_order = all(
        outcome == "ok" and offset == int(value) for outcome, _, offset, value in reports
    )
    say(f"{len(reports)} reports, each at the offset of its turn: {in_order}")


def refused(bootstrap, name):
    create_topic(bootstrap, name, 1, {"max.message.bytes": "2000"})
    say("too large")
    produce(bootstrap, [(name, 0, None, "x" * 5000)])
    produce(bootstrap, [(name, 0, None, "x" * 5000)], enable_idempotence=True)
    say("small enough")
    produce(bootstrap, [(name, 0, None, "x" * 500)])
    say("no such partition")
    produce(bootstrap, [(name, 7, None, "nowhere")], message_timeout_ms=20_000)
    compacted = f"{name}-compacted"
    create_topic(bootstrap, compacted, 1, {"cleanup.policy": "compact"})
    say("a record without key in a compacted topic")
    produce(bootstrap, [(compacted, 0, None, "keyless")])
    produce(bootstrap, [(compacted, 0, "key", "keyed")])
    strict = f"{name}-min-isr"
    create_topic(bootstrap, strict, 1, {"min.insync.replicas": "2"})
    say("fewer in-sync replicas than wanted")
    produce(bootstrap, [(strict, 0, None, "x")], retries=0, acks="all")
    produce(bootstrap, [(strict, 0, None, "x")], retries=0, acks="1")
    recent = f"{name}-recent"
    create_topic(bootstrap, recent, 1, {"message.timestamp.before.max.ms": "60000"})
    say("a record from long ago where only recent ones are taken")
    produce(bootstrap, [(recent, 0, None, "old")])


SCENARIOS = {
    "rd-produce": plain,
    "rd-produce-acks-0": unacknowledged,
    "rd-codecs": codecs,
    "rd-idempotent": idempotent,
    "rd-refused": refused,
}
