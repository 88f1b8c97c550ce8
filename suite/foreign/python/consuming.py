"""A consumer that is assigned its partitions."""

from confluent_kafka import (
    Consumer,
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_STORED,
    TopicPartition,
)

from producing import produce
from transcript import attempt, committed, create_topic, outcome, read, record, say, wait_until


def consumer(bootstrap, group, **settings):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            **{name.replace("_", "."): value for name, value in settings.items()},
        }
    )


def fill(bootstrap, topic, partitions=1, count=10, config=None):
    """A topic of records `v0` to `v<count - 1>` in each partition."""
    create_topic(bootstrap, topic, partitions, config)
    say("filling")
    for partition in range(partitions):
        produce(bootstrap, [(topic, partition, None, f"v{at}") for at in range(count)])


def told(message):
    if message.error() is not None:
        return f"{message.partition()} {outcome(message.error())} at {message.offset()}"
    return record(message)


def assigned(bootstrap, name):
    fill(bootstrap, name)
    client = consumer(bootstrap, name, enable_partition_eof=True)
    for what, offset, count in [
        ("beginning", OFFSET_BEGINNING, 11),
        ("offset 7", 7, 4),
        ("end", OFFSET_END, 1),
        ("offset 10, the end", 10, 1),
    ]:
        say(f"from {what}")
        client.assign([TopicPartition(name, 0, offset)])
        for message in read(client, count):
            say(f"  {told(message)}")
        say(f"  position {client.position([TopicPartition(name, 0)])[0].offset}")
        client.unassign()
    say(f"watermarks {client.get_watermark_offsets(TopicPartition(name, 0), timeout=10)}")
    client.close()


def seeking(bootstrap, name):
    fill(bootstrap, name, partitions=2)
    client = consumer(bootstrap, name)
    client.assign([TopicPartition(name, p, 8) for p in range(2)])
    for message in read(client, 4):
        say(told(message))
    say("seek back in partition 1")
    client.seek(TopicPartition(name, 1, 6))
    for message in read(client, 4):
        say(told(message))
    say("partition 1 paused, both from 9")
    client.pause([TopicPartition(name, 1)])
    for partition in range(2):
        client.seek(TopicPartition(name, partition, 9))
    for message in read(client, 1):
        say(told(message))
    client.resume([TopicPartition(name, 1)])
    for message in read(client, 1):
        say(told(message))
    client.close()


def out_of_range(bootstrap, name):
    fill(bootstrap, name)
    for reset in ["error", "earliest", "latest"]:
        say(f"offset 500, auto.offset.reset={reset}")
        client = consumer(
            bootstrap, f"{name}-{reset}", auto_offset_reset=reset, enable_partition_eof=True
        )
        client.assign([TopicPartition(name, 0, 500)])
        # What comes first tells; the rest of the log follows for `earliest`.
        for message in read(client, 11 if reset == "earliest" else 1):
            say(f"  {told(message)}")
        client.close()


def times(bootstrap, name):
    """Offsets by timestamp: the record at `1700000000000 + n` is n."""
    fill(bootstrap, name)
    client = consumer(bootstrap, name)
    for what, stamp in [
        ("before all", 1),
        ("the first", 1_700_000_000_000),
        ("the fifth", 1_700_000_000_004),
        ("after all", 1_700_000_000_500),
    ]:
        found = client.offsets_for_times([TopicPartition(name, 0, stamp)], timeout=10)[0]
        say(f"{what}: {found.offset} {outcome(found.error)}")
    client.assign([TopicPartition(name, 0, OFFSET_BEGINNING)])
    say(f"stamps {[message.timestamp() for message in read(client, 3)][:3]}")
    appended = f"{name}-append"
    create_topic(bootstrap, appended, 1, {"message.timestamp.type": "LogAppendTime"})
    produce(bootstrap, [(appended, 0, None, "v")])
    client.assign([TopicPartition(appended, 0, OFFSET_BEGINNING)])
    kind, stamp = read(client, 1)[0].timestamp()
    say(f"append time: type {kind}, later than the producer's: {stamp > 1_700_000_001_000}")
    client.close()


def commits(bootstrap, name):
    """Commits without membership, and a consumer that starts from them."""
    fill(bootstrap, name, partitions=2)
    client = consumer(bootstrap, name, auto_offset_reset="earliest", enable_partition_eof=True)
    both = [TopicPartition(name, p) for p in range(2)]
    say(f"before {committed(client, both)}")
    attempt(
        "commit",
        lambda: client.commit(offsets=[TopicPartition(name, 0, 6)], asynchronous=False),
    )
    say(f"after {committed(client, both)}")
    client.assign([TopicPartition(name, p, OFFSET_STORED) for p in range(2)])
    for message in read(client, 16):
        say(told(message))
    missing = TopicPartition(f"{name}-missing", 0, 1)
    attempt("commit of a missing topic", lambda: client.commit(offsets=[missing], asynchronous=False))
    client.close()


def missing_topic(bootstrap, name):
    client = consumer(bootstrap, name, allow_auto_create_topics=False)
    client.subscribe([f"{name}-nowhere"])
    found = []

    def step():
        message = client.poll(0.2)
        if message is not None:
            found.append(outcome(message.error()))

    wait_until("an error", lambda: found, step)
    say(f"subscribed to nothing: {found[0] if found else '-'}")
    client.close()


SCENARIOS = {
    "rd-assigned": assigned,
    "rd-seeking": seeking,
    "rd-out-of-range": out_of_range,
    "rd-times": times,
    "rd-commits": commits,
    "rd-missing-topic": missing_topic,
}
