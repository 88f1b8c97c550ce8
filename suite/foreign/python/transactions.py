"""Transactions: commit, abort, offsets, fencing, and what readers see."""

from confluent_kafka import Consumer, IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec

from consuming import consumer, fill
from transcript import admin, attempt, committed, create_topic, dump, outcome, read, record, say, settled, wait_until


def transactional(bootstrap, identity, **settings):
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": identity,
            "linger.ms": 5,
            # Without it the binding raises a fatal error from whatever it is doing.
            "error_cb": lambda error: None,
            **{name.replace("_", "."): value for name, value in settings.items()},
        }
    )
    attempt(f"init {identity}", lambda: producer.init_transactions(30))
    return producer


def send(producer, topic, values, partition=0):
    reports = []

    def report(error, message):
        place = f"{message.partition()}@{message.offset()}" if error is None else "-"
        reports.append(f"{message.value().decode()} {outcome(error)} {place}")

    try:
        for value in values:
            producer.produce(topic, value, partition=partition, on_delivery=report)
    except KafkaException as error:
        say(f"  {value} not taken: {outcome(error)}")
    try:
        producer.flush(30)
    except KafkaException as error:
        say(f"  flush: {outcome(error)}")
    for line in reports:
        say(f"  {line}")


def send_fenced(producer, topic, value):
    """Sends what is refused for good, and says what `flush` raises of it.

    The binding raises a fatal error from the call during which it comes, and may
    serve a delivery callback after that in the same call: Python then refuses
    whatever the callback does, as there is an exception already. So there is none.
    """
    attempt(f"  {value}: produce", lambda: producer.produce(topic, value, partition=0))
    attempt("  flush", lambda: producer.flush(30))


def ends(bootstrap, topic, partition=0):
    """Log end offset and last stable offset."""
    client = admin(bootstrap)
    place = TopicPartition(topic, partition)
    found = []
    for isolation in [IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED]:
        asked = client.list_offsets({place: OffsetSpec.latest()}, isolation_level=isolation)
        status, about = settled(asked[place])
        found.append(f"{isolation.name} {about.offset if about else status}")
    say(f"  {topic}/{partition} ends: {', '.join(found)}")


def complete(bootstrap, topic, partition=0):
    """Waits for the markers, which are written after the commit is answered."""
    client = admin(bootstrap)
    place = TopicPartition(topic, partition)

    def end(isolation):
        asked = client.list_offsets({place: OffsetSpec.latest()}, isolation_level=isolation)
        about = settled(asked[place])[1]
        return about.offset if about else None

    wait_until(
        "the markers",
        lambda: end(IsolationLevel.READ_COMMITTED) == end(IsolationLevel.READ_UNCOMMITTED),
    )


def both_views(bootstrap, topic, partitions):
    for isolation in ["read_uncommitted", "read_committed"]:
        dump(bootstrap, topic, partitions, isolation)


def commit_and_abort(bootstrap, name):
    create_topic(bootstrap, name, 2)
    producer = transactional(bootstrap, name)
    say("committed")
    producer.begin_transaction()
    send(producer, name, ["a", "b"])
    send(producer, name, ["c"], partition=1)
    ends(bootstrap, name)
    attempt("commit", lambda: producer.commit_transaction(30))
    complete(bootstrap, name)
    ends(bootstrap, name)
    say("aborted")
    producer.begin_transaction()
    send(producer, name, ["d", "e"])
    attempt("abort", lambda: producer.abort_transaction(30))
    complete(bootstrap, name)
    ends(bootstrap, name)
    say("empty")
    producer.begin_transaction()
    attempt("commit", lambda: producer.commit_transaction(30))
    say("open while read")
    producer.begin_transaction()
    send(producer, name, ["f"])
    ends(bootstrap, name)
    both_views(bootstrap, name, 2)
    attempt("commit", lambda: producer.commit_transaction(30))
    both_views(bootstrap, name, 2)


def offsets(bootstrap, name):
    """Read, process, write: offsets become visible with the commit only."""
    source, target = f"{name}-source", f"{name}-target"
    fill(bootstrap, source, count=6)
    create_topic(bootstrap, target, 1)
    reader = consumer(
        bootstrap, name, auto_offset_reset="earliest", isolation_level="read_committed"
    )
    reader.subscribe([source])
    producer = transactional(bootstrap, name)
    for turn, ending in enumerate(["commit", "abort", "commit"]):
        say(f"turn {turn}: {ending}")
        producer.begin_transaction()
        seen = read(reader, 6 if turn == 0 else 0)
        for message in seen:
            say(f"  read {record(message)}")
        send(producer, target, [f"t{turn}"])
        places = [TopicPartition(source, 0, 2 + turn)]
        attempt(
            "send offsets",
            lambda: producer.send_offsets_to_transaction(
                places, reader.consumer_group_metadata(), 30
            ),
        )
        end = producer.commit_transaction if ending == "commit" else producer.abort_transaction
        attempt(ending, lambda: end(30))
        say(f"  committed offset {committed(reader, [TopicPartition(source, 0)])}")
    reader.close()
    both_views(bootstrap, target, 1)


def fenced(bootstrap, name):
    create_topic(bootstrap, name, 1)
    first = transactional(bootstrap, name)
    first.begin_transaction()
    send(first, name, ["first, open"])
    say("a second instance of the same transactional id")
    second = transactional(bootstrap, name)
    second.begin_transaction()
    send(second, name, ["second"])
    say("the first goes on")
    send_fenced(first, name, "first, fenced")
    attempt("its commit", lambda: first.commit_transaction(30))
    attempt("its abort", lambda: first.abort_transaction(30))
    attempt("the second's commit", lambda: second.commit_transaction(30))
    both_views(bootstrap, name, 1)


def interleaved(bootstrap, name):
    """Two producers in one partition: the last stable offset waits for the older."""
    create_topic(bootstrap, name, 1)
    one, two = (transactional(bootstrap, f"{name}-{which}") for which in ["one", "two"])
    one.begin_transaction()
    two.begin_transaction()
    send(one, name, ["one a"])
    send(two, name, ["two a"])
    send(one, name, ["one b"])
    attempt("two commits", lambda: two.commit_transaction(30))
    ends(bootstrap, name)
    dump(bootstrap, name, 1, "read_committed")
    attempt("one aborts", lambda: one.abort_transaction(30))
    ends(bootstrap, name)
    both_views(bootstrap, name, 1)


def timed_out(bootstrap, name):
    """Nobody ends it: the coordinator does, and the producer is told."""
    create_topic(bootstrap, name, 1)
    producer = transactional(bootstrap, name, transaction_timeout_ms=1000)
    producer.begin_transaction()
    send(producer, name, ["left open"])
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": name,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    reader.assign([TopicPartition(name, 0, 0)])
    ended = []

    def step():
        message = reader.poll(0.2)
        if message is not None and message.error() is not None and message.offset() > 0:
            ended.append(f"{outcome(message.error())} at {message.offset()}")

    wait_until("the coordinator's abort", lambda: ended, step)
    say(f"  read_committed {ended[0] if ended else '-'}")
    reader.close()
    attempt("commit", lambda: producer.commit_transaction(30))
    both_views(bootstrap, name, 1)


def refused(bootstrap, name):
    create_topic(bootstrap, name, 1)
    say("a timeout longer than the broker's limit")
    transactional(bootstrap, f"{name}-long", transaction_timeout_ms=2_000_000)


SCENARIOS = {
    "rd-transactions": commit_and_abort,
    "rd-transaction-offsets": offsets,
    "rd-transaction-fenced": fenced,
    "rd-transactions-interleaved": interleaved,
    "rd-transaction-timed-out": timed_out,
    "rd-transaction-refused": refused,
}
