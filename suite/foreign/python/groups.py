"""Consumer groups: classic and next-generation (KIP-848), static members too.

Which of two members gets which partitions follows from their ids, which are
drawn at random: shares are told in the order of their first partition.
"""

from confluent_kafka import Consumer, TopicPartition

from producing import produce
from transcript import admin, committed, create_topic, outcome, record, say, settled, wait_until


class Member:
    """A group's member and all that it has been told."""

    def __init__(self, bootstrap, group, topics, **settings):
        self.records = []
        self.errors = []
        self.events = []
        self.client = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                **{name.replace("_", "."): value for name, value in settings.items()},
            }
        )
        self.client.subscribe(topics, on_lost=lambda _, lost: self.events.append("lost"))

    def poll(self):
        message = self.client.poll(0.05)
        if message is None:
            return
        if message.error() is None:
            self.records.append(message)
        else:
            self.errors.append(outcome(message.error()))

    def share(self):
        return sorted((place.topic, place.partition) for place in self.client.assignment())

    def commit(self):
        # A rebalance that is still under way makes it try again.
        for _ in range(20):
            try:
                return self.client.commit(asynchronous=False)
            except Exception as error:
                if "REBALANCE" not in outcome(error) and "STALE" not in outcome(error):
                    say(f"commit: {outcome(error)}")
                    return None
                self.poll()
        return say("commit: a rebalance that does not end")

    def close(self):
        self.client.close()


def settle(members, sizes):
    """Polls all until their shares have these sizes, in any order; says them."""

    def settled_down():
        shares = [share for member in members for share in member.share()]
        fitting = sorted(len(member.share()) for member in members) == sorted(sizes)
        return fitting and len(set(shares)) == len(shares)

    def step():
        for member in members:
            member.poll()

    wait_until(f"shares of {sizes}", settled_down, step)
    for share in sorted(member.share() for member in members):
        say("  share " + " ".join(f"{topic}/{partition}" for topic, partition in share))


def gather(members, count):
    """Polls until `count` records have come to all members together; says them."""

    def step():
        for member in members:
            member.poll()

    wait_until(
        f"{count} records", lambda: sum(len(m.records) for m in members) >= count, step
    )
    found = sorted(
        (message for member in members for message in member.records),
        key=lambda message: (message.topic(), message.partition(), message.offset()),
    )
    for message in found:
        say(f"  {message.topic()} {record(message)}")
    for member in members:
        member.records.clear()


def describe(bootstrap, group):
    client = admin(bootstrap)
    status, about = settled(client.describe_consumer_groups([group])[group])
    if about is None:
        return say(f"group {group}: {status}")
    say(f"group {group}: {about.state.name} {about.type.name} assignor={about.partition_assignor}")
    shares = sorted(
        (
            sorted((p.topic, p.partition) for p in member.assignment.topic_partitions),
            member.group_instance_id,
            member.client_id,
        )
        for member in about.members
    )
    for share, instance, client in shares:
        places = " ".join(f"{topic}/{partition}" for topic, partition in share)
        # The coordinator of a classic group draws ids that begin with the client's.
        who = f" client={client}" if about.type.name == "CLASSIC" else ""
        say(f"  member{who} instance={instance} {places}")


def say_committed(bootstrap, group, topic, partitions):
    client = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    places = [TopicPartition(topic, p) for p in range(partitions)]
    say(f"committed {committed(client, places)}")
    client.close()


def two_members(bootstrap, name, **settings):
    """One member, a second that takes its share, the first leaves."""
    create_topic(bootstrap, name, 4)
    produce(bootstrap, [(name, at % 4, None, f"v{at}") for at in range(8)])
    first = Member(bootstrap, name, [name], client_id="first", **settings)
    say("one member")
    settle([first], [4])
    gather([first], 8)
    first.commit()
    say_committed(bootstrap, name, name, 4)
    second = Member(bootstrap, name, [name], client_id="second", **settings)
    say("two members")
    settle([first, second], [2, 2])
    describe(bootstrap, name)
    produce(bootstrap, [(name, at % 4, None, f"w{at}") for at in range(4)])
    gather([first, second], 4)
    first.commit()
    second.commit()
    say_committed(bootstrap, name, name, 4)
    say("the first leaves")
    first.close()
    settle([second], [4])
    produce(bootstrap, [(name, at % 4, None, f"x{at}") for at in range(4)])
    gather([second], 4)
    say(f"errors {second.errors}")
    second.close()
    describe(bootstrap, name)
    say("a new member starts from what is committed")
    third = Member(bootstrap, name, [name], client_id="third", **settings)
    settle([third], [4])
    gather([third], 4)
    third.close()


def classic(assignor):
    return lambda bootstrap, name: two_members(
        bootstrap, name, partition_assignment_strategy=assignor
    )


def next_generation(assignor):
    return lambda bootstrap, name: two_members(
        bootstrap, name, group_protocol="consumer", group_remote_assignor=assignor
    )


def static(bootstrap, name, **settings):
    """A static member comes back without a rebalance; its double fences it."""
    create_topic(bootstrap, name, 4)
    produce(bootstrap, [(name, at % 4, None, f"v{at}") for at in range(4)])
    one = Member(bootstrap, name, [name], group_instance_id="i1", client_id="c1", **settings)
    settle([one], [4])
    gather([one], 4)
    one.commit()
    two = Member(bootstrap, name, [name], group_instance_id="i2", client_id="c2", **settings)
    settle([one, two], [2, 2])
    describe(bootstrap, name)
    share = two.share()
    say("the second goes and comes back")
    two.close()
    two = Member(bootstrap, name, [name], group_instance_id="i2", client_id="c2", **settings)
    settle([one, two], [2, 2])
    say(f"the same share: {two.share() == share}")
    say("a double of the second")
    double = Member(bootstrap, name, [name], group_instance_id="i2", client_id="c3", **settings)

    def step():
        for member in (one, two, double):
            member.poll()

    wait_until("an error", lambda: two.errors or double.errors, step)
    say(f"the second: {sorted(set(two.errors))}; the double: {sorted(set(double.errors))}")
    for member in (double, two, one):
        member.close()
    describe(bootstrap, name)


def static_classic(bootstrap, name):
    static(bootstrap, name, partition_assignment_strategy="range")


def static_next_generation(bootstrap, name):
    static(bootstrap, name, group_protocol="consumer")


def subscriptions(bootstrap, name):
    """KIP-848: two topics, then one, then a regular expression."""
    for suffix in "abc":
        create_topic(bootstrap, f"{name}-{suffix}", 2)
    member = Member(bootstrap, name, [f"{name}-a", f"{name}-b"], group_protocol="consumer")
    settle([member], [4])
    say("only b")
    member.client.subscribe([f"{name}-b"])
    settle([member], [2])
    say("all by a regular expression")
    member.client.subscribe([f"^{name}-[abc]"])
    settle([member], [6])
    member.close()


def protocols(bootstrap, name):
    """Classic and KIP-848 members in one group, and assignors that do not fit."""
    create_topic(bootstrap, name, 4)
    classic_one = Member(bootstrap, name, [name], client_id="classic")
    settle([classic_one], [4])
    say("a member of the other protocol: the group is upgraded")
    new_one = Member(bootstrap, name, [name], client_id="new", group_protocol="consumer")
    settle([classic_one, new_one], [2, 2])
    describe(bootstrap, name)
    new_one.close()
    settle([classic_one], [4])
    describe(bootstrap, name)
    classic_one.close()
    say("assignors without one in common")
    group = f"{name}-assignors"
    ranged = Member(bootstrap, group, [name], partition_assignment_strategy="range")
    settle([ranged], [4])
    robin = Member(bootstrap, group, [name], partition_assignment_strategy="roundrobin")
    wait_until("an error", lambda: robin.errors, robin.poll)
    say(f"errors {sorted(set(robin.errors))}")
    robin.close()
    ranged.close()
    say("a remote assignor that is not there")
    odd = Member(
        bootstrap, f"{name}-odd", [name], group_protocol="consumer", group_remote_assignor="odd"
    )
    wait_until("an error", lambda: odd.errors, odd.poll)
    say(f"errors {sorted(set(odd.errors))}")
    odd.close()


SCENARIOS = {
    "rd-group-range": classic("range"),
    "rd-group-roundrobin": classic("roundrobin"),
    "rd-group-cooperative": classic("cooperative-sticky"),
    "rd-group-848-uniform": next_generation("uniform"),
    "rd-group-848-range": next_generation("range"),
    "rd-group-static": static_classic,
    "rd-group-848-static": static_next_generation,
    "rd-group-848-subscriptions": subscriptions,
    "rd-group-protocols": protocols,
}
