"""The admin client: topics, partitions, configurations, offsets, groups."""

import time

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    ElectionType,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from consuming import consumer, fill
from producing import produce
from transcript import (
    EMPTY,
    admin,
    create_topic,
    dump,
    known_topics,
    outcome,
    read,
    say,
    settled,
    wait_until,
)


def each(what, futures):
    """Says how each future of an answer ended."""
    for key, future in futures.items():
        status, value = settled(future)
        say(f"{what} {label(key)}: {status}")
        yield key, value


def label(key):
    if isinstance(key, TopicPartition):
        return f"{key.topic}/{key.partition}"
    if isinstance(key, ConfigResource):
        return f"{key.restype.name} {key.name}"
    return str(key)


def said(what, futures):
    for _ in each(what, futures):
        pass


def topics(bootstrap, name):
    client = admin(bootstrap)
    wanted = [
        NewTopic(f"{name}-a", 3, 1),
        NewTopic(f"{name}-b", 1, 1, config={"retention.ms": "60000"}),
        NewTopic(f"{name}-defaults"),
        NewTopic(f"{name}-assigned", 2, replica_assignment=[[1], [1]]),
        NewTopic(f"{name}-replicas", 1, 9),
        NewTopic(f"{name}-unknown-broker", 1, replica_assignment=[[77]]),
        NewTopic(f"{name}-config", 1, 1, config={"no.such.config": "1"}),
        NewTopic(f"{name}-value", 1, 1, config={"retention.ms": "soon"}),
        NewTopic(f"{name} with spaces", 1, 1),
        NewTopic("x" * 250, 1, 1),
        NewTopic("..", 1, 1),
    ]
    said("create", client.create_topics(wanted))
    said("create again", client.create_topics([NewTopic(f"{name}-a", 3, 1)]))
    said("collision", client.create_topics([NewTopic(f"{name}_a".replace("-", "."), 1, 1)]))
    said("collision", client.create_topics([NewTopic(f"{name}_a".replace("-", "_"), 1, 1)]))
    dry = [NewTopic(f"{name}-dry", 2, 1), NewTopic(f"{name}-a", 1, 1)]
    said("only validate", client.create_topics(dry, validate_only=True))
    names = [f"{name}-{suffix}" for suffix in ["a", "b", "defaults", "assigned", "dry"]]
    wait_until("the topics", lambda: set(names[:4]) <= set(known_topics(client)))
    described(client, names)
    said("more partitions", client.create_partitions([NewPartitions(f"{name}-a", 5)]))
    said("as many", client.create_partitions([NewPartitions(f"{name}-a", 5)]))
    said("fewer", client.create_partitions([NewPartitions(f"{name}-a", 2)]))
    said("of no topic", client.create_partitions([NewPartitions(f"{name}-dry", 2)]))
    dry = client.create_partitions([NewPartitions(f"{name}-a", 9)], validate_only=True)
    said("only validate", dry)
    wait_until("the partitions", lambda: len(known_topics(client).get(names[0], EMPTY).partitions) == 5)
    described(client, names[:1])
    said("delete", client.delete_topics(names))
    wait_until("them gone", lambda: not set(names) & set(known_topics(client)))
    said("delete again", client.delete_topics(names[:1]))
    described(client, names[:2])


def described(client, names):
    for topic, about in each("describe", client.describe_topics(TopicCollection(names))):
        if about is None:
            continue
        say(f"  internal={about.is_internal}")
        for partition in about.partitions:
            leader = partition.leader.id if partition.leader else None
            replicas = [node.id for node in partition.replicas]
            in_sync = [node.id for node in partition.isr]
            say(f"  {partition.id} leader={leader} replicas={replicas} isr={in_sync}")


def configurations(bootstrap, name):
    """All of a topic's configuration, and changes to it."""
    client = admin(bootstrap)
    create_topic(bootstrap, name, 1, {"retention.ms": "60000", "cleanup.policy": "compact"})
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    show_all(client, resource)
    for what, value, operation in [
        ("segment.bytes", "2000000", AlterConfigOpType.SET),
        ("retention.ms", None, AlterConfigOpType.DELETE),
        ("cleanup.policy", "delete", AlterConfigOpType.APPEND),
        ("cleanup.policy", "compact", AlterConfigOpType.SUBTRACT),
        ("retention.ms", "x", AlterConfigOpType.SET),
        ("segment.bytes", "1", AlterConfigOpType.SET),
        ("no.such", "1", AlterConfigOpType.SET),
        ("segment.bytes", "1000000", AlterConfigOpType.APPEND),
    ]:
        entry = ConfigEntry(what, value, incremental_operation=operation)
        change = ConfigResource(
            ConfigResource.Type.TOPIC, name, incremental_configs=[entry]
        )
        said(f"{operation.name} {what}={value}", client.incremental_alter_configs([change]))
    wait_until("the changes", lambda: own(client, resource) == ["cleanup.policy", "segment.bytes"])
    show_set(client, resource)
    replaced = ConfigResource(ConfigResource.Type.TOPIC, name, set_config={"flush.ms": "7"})
    said("replace all", client.alter_configs([replaced]))
    wait_until("the new", lambda: own(client, resource) == ["flush.ms"])
    show_set(client, resource)
    missing = ConfigResource(ConfigResource.Type.TOPIC, f"{name}-missing")
    said("describe", client.describe_configs([missing]))


def values(client, resource):
    status, entries = settled(client.describe_configs([resource])[resource])
    if entries is None:
        say(f"{label(resource)}: {status}")
    return entries or {}


def show_all(client, resource):
    for name, entry in sorted(values(client, resource).items()):
        flags = "".join(
            f" {flag}"
            for flag, on in [("read-only", entry.is_read_only), ("sensitive", entry.is_sensitive)]
            if on
        )
        source = entry.source
        say(f"  {name}={entry.value} source={source}{flags}")


def own(client, resource):
    """Names of what is set for the topic itself."""
    known = values(client, resource)
    return sorted(name for name, entry in known.items() if entry.source == 1)


def show_set(client, resource):
    """What differs from the defaults: source 1 is the topic's own."""
    for name, entry in sorted(values(client, resource).items()):
        if entry.source in (1, 2):
            say(f"  {name}={entry.value} source={entry.source}")


def broker_configurations(bootstrap, name):
    client = admin(bootstrap)
    resource = ConfigResource(ConfigResource.Type.BROKER, "1")
    known = values(client, resource)
    for what in [
        "num.partitions",
        "default.replication.factor",
        "auto.create.topics.enable",
        "message.max.bytes",
        "log.retention.ms",
        "log.cleaner.threads",
        "log.message.timestamp.type",
        "offsets.retention.minutes",
        "group.initial.rebalance.delay.ms",
        "group.min.session.timeout.ms",
        "group.max.session.timeout.ms",
        "group.consumer.heartbeat.interval.ms",
        "group.consumer.session.timeout.ms",
        "transaction.max.timeout.ms",
        "transactional.id.expiration.ms",
        "min.insync.replicas",
        "unclean.leader.election.enable",
        "socket.request.max.bytes",
        "max.incremental.fetch.session.cache.slots",
        "node.id",
        "process.roles",
    ]:
        entry = known.get(what)
        shown = "missing" if entry is None else f"{entry.value} source={entry.source}"
        read_only = " read-only" if entry is not None and entry.is_read_only else ""
        say(f"{what}={shown}{read_only}")
    for what, value in [("log.retention.ms", "7200000"), ("node.id", "5"), ("no.such", "x")]:
        entry = ConfigEntry(what, value, incremental_operation=AlterConfigOpType.SET)
        change = ConfigResource(ConfigResource.Type.BROKER, "1", incremental_configs=[entry])
        said(f"set {what}", client.incremental_alter_configs([change]))

    def changed():
        return values(client, resource)["log.retention.ms"].value == "7200000"

    wait_until("the new value", changed)
    entry = values(client, resource)["log.retention.ms"]
    say(f"log.retention.ms={entry.value} source={entry.source}")
    entry = ConfigEntry("log.retention.ms", None, incremental_operation=AlterConfigOpType.DELETE)
    change = ConfigResource(ConfigResource.Type.BROKER, "1", incremental_configs=[entry])
    said("delete log.retention.ms", client.incremental_alter_configs([change]))
    wait_until("the default", lambda: not changed())
    entry = values(client, resource)["log.retention.ms"]
    say(f"log.retention.ms={entry.value} source={entry.source}")


def offsets(bootstrap, name):
    """Offsets of every kind, and records deleted from the start."""
    client = admin(bootstrap)
    fill(bootstrap, name, count=10)
    place = TopicPartition(name, 0)
    kinds = [
        ("earliest", OffsetSpec.earliest()),
        ("latest", OffsetSpec.latest()),
        ("max timestamp", OffsetSpec.max_timestamp()),
        ("timestamp of the fourth", OffsetSpec.for_timestamp(1_700_000_000_003)),
        ("timestamp after all", OffsetSpec.for_timestamp(1_800_000_000_000)),
    ]

    def every_kind():
        for what, kind in kinds:
            for _, about in each(what, client.list_offsets({place: kind})):
                if about is not None:
                    say(f"  {about.offset} at {about.timestamp} epoch {about.leader_epoch}")

    every_kind()
    for upto in [4, 2, 50]:
        wanted = TopicPartition(name, 0, upto)
        for _, about in each(f"delete before {upto}", client.delete_records([wanted])):
            if about is not None:
                say(f"  low watermark {about.low_watermark}")
    dump(bootstrap, name, 1)
    wanted = TopicPartition(name, 0, -1)
    for _, about in each("delete all", client.delete_records([wanted])):
        say(f"  low watermark {about.low_watermark if about else None}")
    dump(bootstrap, name, 1)
    every_kind()
    missing = TopicPartition(f"{name}-missing", 0)
    said("of no topic", client.list_offsets({missing: OffsetSpec.latest()}))


def groups(bootstrap, name):
    client = admin(bootstrap)
    fill(bootstrap, name, partitions=2, count=5)
    places = [TopicPartition(name, 0, 3), TopicPartition(name, 1, 4)]
    wanted = ConsumerGroupTopicPartitions(name, places)
    for _, about in each("alter offsets", client.alter_consumer_group_offsets([wanted])):
        show_places(about)
    group_offsets(client, name)
    group_states(client, name)
    said("describe no group", client.describe_consumer_groups([f"{name}-missing"]))
    group_offsets(client, f"{name}-missing")
    member = consumer(bootstrap, name, auto_offset_reset="earliest")
    member.subscribe([name])
    wait_until("an assignment", lambda: len(member.assignment()) == 2, lambda: member.poll(0.1))
    group_states(client, name)
    said("delete a group in use", client.delete_consumer_groups([name]))
    for _, about in each("alter offsets in use", client.alter_consumer_group_offsets([wanted])):
        show_places(about)
    member.close()
    said("delete", client.delete_consumer_groups([name]))
    said("delete again", client.delete_consumer_groups([name]))
    group_offsets(client, name)


def show_places(about):
    places = about.topic_partitions if about else ()
    for place in sorted(places, key=lambda place: (place.topic, place.partition)):
        say(f"  {place.topic}/{place.partition} {place.offset} {outcome(place.error)}")


def group_offsets(client, group):
    asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    for _, about in each("offsets of", asked):
        show_places(about)


def group_states(client, group):
    status, listed = settled(client.list_consumer_groups())
    say(f"list groups: {status}")
    for about in listed.valid if listed else ():
        if about.group_id == group:
            simple = " simple" if about.is_simple_consumer_group else ""
            say(f"  {about.group_id} {about.state.name} {about.type.name}{simple}")
    for _, about in each("describe", client.describe_consumer_groups([group])):
        if about is not None:
            say(f"  {about.state.name} {about.type.name} members {len(about.members)}")


def cluster(bootstrap, name):
    client = admin(bootstrap)
    status, about = settled(client.describe_cluster(include_authorized_operations=True))
    say(f"describe cluster: {status}")
    if about is not None:
        say(f"  nodes {sorted(node.id for node in about.nodes)}")
        operations = about.authorized_operations or []
        say(f"  operations {sorted(operation.name for operation in operations)}")
    create_topic(bootstrap, name, 1)
    asked = client.describe_topics(
        TopicCollection([name]), include_authorized_operations=True
    )
    for _, about in each("describe", asked):
        operations = about.authorized_operations or []
        say(f"  operations {sorted(operation.name for operation in operations)}")


def without_authorizer(bootstrap, name):
    client = admin(bootstrap)
    rule = (ResourceType.TOPIC, name, ResourcePatternType.LITERAL, "User:a", "*")
    rule += (AclOperation.READ, AclPermissionType.ALLOW)
    for _, future in client.create_acls([AclBinding(*rule)]).items():
        say(f"create: {settled(future)[0]}")
    say(f"describe: {settled(client.describe_acls(AclBindingFilter(*rule)))[0]}")
    for _, future in client.delete_acls([AclBindingFilter(*rule)]).items():
        say(f"delete: {settled(future)[0]}")


def credentials(bootstrap, name):
    """SCRAM users made, described, deleted."""
    client = admin(bootstrap)
    made = UserScramCredentialUpsertion(
        name, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 8192), b"secret", b"salt"
    )
    weak = UserScramCredentialUpsertion(
        f"{name}-weak", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 5), b"secret", b"salt"
    )
    gone = UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_256)

    def show():
        for _, about in each("describe", client.describe_user_scram_credentials([name])):
            for info in about.scram_credential_infos if about else ():
                say(f"  {info.mechanism.name} {info.iterations}")

    show()
    said("make", client.alter_user_scram_credentials([made]))
    said("too few iterations", client.alter_user_scram_credentials([weak]))

    def known():
        return settled(client.describe_user_scram_credentials([name])[name])[0] == "ok"

    wait_until("the user", known)
    show()
    said("delete", client.alter_user_scram_credentials([gone]))
    said("delete again", client.alter_user_scram_credentials([gone]))
    show()


def elections(bootstrap, name):
    client = admin(bootstrap)
    create_topic(bootstrap, name, 1)
    for kind in [ElectionType.PREFERRED, ElectionType.UNCLEAN]:
        status, about = settled(
            client.elect_leaders(kind, [TopicPartition(name, 0), TopicPartition(name, 9)])
        )
        say(f"{kind.name}: {status}")
        for place, error in sorted((about or {}).items(), key=lambda item: item[0].partition):
            say(f"  {place.partition} {outcome(error)}")


def three_brokers(bootstrap, name):
    """Replicas on three brokers: leaders, in-sync replicas, acks of all, a group."""
    client = admin(bootstrap)
    spread = [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
    said("create", client.create_topics([NewTopic(name, 3, replica_assignment=spread)]))
    missing = [NewTopic(f"{name}-more", 1, 4)]
    said("create", client.create_topics(missing))
    wait_until(
        "leaders",
        lambda: [p.leader for p in known_topics(client).get(name, NO_TOPIC).partitions.values()]
        == [1, 2, 3],
    )
    # Each broker learns of it in its own time, and any may be asked.
    time.sleep(2)
    described(client, [name])
    status, about = settled(client.describe_cluster())
    say(f"nodes {sorted(node.id for node in about.nodes) if about else status}")
    records = [(name, at % 3, f"k{at}", f"v{at}") for at in range(9)]
    produce(bootstrap, records, acks="all", enable_idempotence=True)
    dump(bootstrap, name, 3)
    member = consumer(bootstrap, name, auto_offset_reset="earliest")
    member.subscribe([name])
    found = read(member, 9)
    say(f"a group's member read {len(found)}")
    member.commit(asynchronous=False)
    member.close()
    group_offsets(client, name)
    for kind in [ElectionType.PREFERRED, ElectionType.UNCLEAN]:
        status, about = settled(client.elect_leaders(kind))
        say(f"{kind.name} for all: {status}")
    settings = {"min.insync.replicas": "4"}
    strict = NewTopic(f"{name}-strict", 1, replica_assignment=[[3, 1]], config=settings)
    said("create", client.create_topics([strict]))
    wait_until("it", lambda: f"{name}-strict" in known_topics(client))
    produce(bootstrap, [(f"{name}-strict", 0, None, "v")], acks="all", message_timeout_ms=4000)


class NO_TOPIC:
    """A topic that is not there yet, as the metadata shows topics."""

    partitions = {}


SCENARIOS = {
    "rd-three-brokers": three_brokers,
    "rd-topics": topics,
    "rd-configs": configurations,
    "rd-broker-configs": broker_configurations,
    "rd-offsets": offsets,
    "rd-groups": groups,
    "rd-cluster": cluster,
    "rd-no-authorizer": without_authorizer,
    "rd-credentials": credentials,
    "rd-elections": elections,
}
