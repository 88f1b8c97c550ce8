"""What every scenario prints with, and the waiting that they share."""

import sys
import time

from confluent_kafka import Consumer, KafkaException, OFFSET_BEGINNING, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

# Longer than anything should take: a scenario that reaches it prints that it did.
PATIENCE_S = 40


def say(text):
    """One line of the transcript."""
    print(text, flush=True)


def outcome(error):
    """An error by its name in the protocol, without the text around it."""
    if error is None:
        return "ok"
    if isinstance(error, KafkaException):
        error = error.args[0]
    if hasattr(error, "name"):
        # A fatal error of a consumer hides the broker's behind a name of its own.
        told = f" ({error.str()})" if error.name() == "_FATAL" else ""
        return error.name() + told + (" fatal" if error.fatal() else "")
    return type(error).__name__


def attempt(what, call):
    """Says how `call` ended, and returns what it returned."""
    try:
        result = call()
    except (KafkaException, ValueError) as error:
        say(f"{what}: {outcome(error)}")
        return None
    say(f"{what}: ok")
    return result


def settled(future):
    """How a future of the admin client ends: its outcome and its value."""
    try:
        return "ok", future.result(timeout=PATIENCE_S)
    except KafkaException as error:
        return outcome(error), None


def admin(bootstrap):
    return AdminClient({"bootstrap.servers": bootstrap})


def create_topic(bootstrap, name, partitions, config=None):
    """Makes a topic and waits until the broker's metadata has all of it."""
    client = admin(bootstrap)
    new = NewTopic(name, partitions, 1, config=config or {})
    settled(client.create_topics([new])[name])
    wait_until(
        f"topic {name}",
        lambda: len(known_topics(client).get(name, EMPTY).partitions) == partitions,
    )


def known_topics(client):
    """Topics by name; none while the client lets go of the first connection.

    What it has asked there is then lost, and it does not ask again.
    """
    try:
        return client.list_topics(timeout=10).topics
    except KafkaException as error:
        if outcome(error) != "_TRANSPORT":
            raise
        return {}


class EMPTY:
    """A topic that is not there yet."""

    partitions = ()


def wait_until(what, condition, step=lambda: time.sleep(0.05)):
    """Calls `step` until `condition` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            say(f"waited in vain for {what}")
            return False
        step()
    return True


def committed(client, places):
    """Committed offsets; a coordinator that is being made is waited for."""
    found = []

    def known():
        try:
            found[:] = client.committed(places, timeout=10)
        except KafkaException as error:
            if "COORDINATOR" not in outcome(error):
                raise
        return found

    wait_until("committed offsets", known)
    return " ".join(str(place.offset) for place in found)


def record(message):
    """A record's contents and place, without times."""
    headers = message.headers()
    shown = "".join(f" {key}={show(value)}" for key, value in headers or [])
    return (
        f"{message.partition()}@{message.offset()}"
        f" {show(message.key())}={show(message.value())}{shown}"
    )


def show(data):
    if data is None:
        return "null"
    text = data.decode("utf-8", "replace")
    return text if len(text) <= 40 else f"{text[:8]}..({len(text)})"


def read(consumer, count):
    """Polls until there are `count` records or errors; sorted by place."""
    found = []

    def step():
        message = consumer.poll(0.2)
        if message is not None:
            found.append(message)

    wait_until(f"{count} records", lambda: len(found) >= count, step)
    return sorted(
        found, key=lambda m: (m.partition() or 0, m.offset() or 0, m.error() is not None)
    )


def dump(bootstrap, topic, partitions, isolation="read_uncommitted"):
    """Says what a reader from the start sees, up to the end of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}-dump",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": isolation,
        }
    )
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)])
    ended = {}
    lines = []

    def step():
        message = consumer.poll(0.2)
        if message is None:
            return
        if message.error() is None:
            lines.append((message.partition(), message.offset(), record(message)))
        else:
            ended[message.partition()] = f"{outcome(message.error())} at {message.offset()}"

    wait_until(f"the ends of {topic}", lambda: len(ended) == partitions, step)
    say(f"{topic} {isolation}")
    for _, _, line in sorted(lines):
        say(f"  {line}")
    for partition, end in sorted(ended.items()):
        say(f"  {partition} {end}")
    consumer.close()


def main(scenarios):
    """`main.py BOOTSTRAP SCENARIO...` or `main.py --list`."""
    if sys.argv[1:] == ["--list"]:
        for name in scenarios:
            say(name)
        return
    bootstrap, names = sys.argv[1], sys.argv[2:]
    for name in names:
        say(f"== {name}")
        try:
            scenarios[name](bootstrap, name)
        except Exception as error:  # The transcript tells; the other scenarios go on.
            say(f"scenario ended by {type(error).__name__}: {error}")
