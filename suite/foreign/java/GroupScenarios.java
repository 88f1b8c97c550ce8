import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Consumer groups: the tool that administers them, and members of both protocols. */
final class GroupScenarios {
    private static final String GROUPS = "consumer.group.ConsumerGroupCommand";

    private GroupScenarios() {}

    static Map<String, Main.Scenario> all() {
        Map<String, Main.Scenario> all = new LinkedHashMap<>();
        all.put("java-groups-classic", (to, name) -> administer(to, name, "classic"));
        all.put("java-groups-consumer", (to, name) -> administer(to, name, "consumer"));
        all.put("java-group-range", assigned("RangeAssignor"));
        all.put("java-group-roundrobin", assigned("RoundRobinAssignor"));
        all.put("java-group-sticky", assigned("StickyAssignor"));
        all.put("java-group-cooperative", assigned("CooperativeStickyAssignor"));
        all.put("java-group-848-uniform", remote("uniform"));
        all.put("java-group-848-range", remote("range"));
        all.put("java-group-static", (to, name) -> fixed(to, name, classic("RangeAssignor")));
        all.put("java-group-848-static", (to, name) -> fixed(to, name, next("uniform")));
        return all;
    }

    private static Map<String, Object> classic(String assignor) {
        return Map.of("group.protocol", "classic", "partition.assignment.strategy",
            "org.apache.kafka.clients.consumer." + assignor, "heartbeat.interval.ms", "500");
    }

    private static Map<String, Object> next(String assignor) {
        return Map.of("group.protocol", "consumer", "group.remote.assignor", assignor);
    }

    private static Main.Scenario assigned(String assignor) {
        return (bootstrap, name) -> twoMembers(bootstrap, name, classic(assignor));
    }

    private static Main.Scenario remote(String assignor) {
        return (bootstrap, name) -> twoMembers(bootstrap, name, next(assignor));
    }

    /** Everything the tool tells of a group while it is used and when it is empty. */
    private static void administer(String bootstrap, String name, String protocol)
        throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        for (int partition = 0; partition < 2; partition++) {
            ClientScenarios.fill(bootstrap, name, partition, 10);
        }
        Map<String, Object> settings = new HashMap<>(
            protocol.equals("classic") ? classic("RangeAssignor") : next("uniform"));
        settings.put("client.id", "member");
        UnaryOperator<List<String>> sorted = lines -> lines.stream()
            .map(line -> line.trim().replaceAll(" +", " "))
            .map(line -> line.replaceAll("(?<= )[A-Za-z0-9_-]{22}(?= )", "ID"))
            .sorted().collect(toList());
        UnaryOperator<List<String>> own = lines -> sorted.apply(lines).stream()
            .filter(line -> line.contains(name)).collect(toList());
        try (Member member = new Member(bootstrap, name, List.of(name), settings)) {
            settle(List.of(member), 2);
            gather(List.of(member), 20);
            member.client.commitSync();
            for (String[] what : new String[][] {
                {}, {"--state"}, {"--members"}, {"--members", "--verbose"}, {"--offsets", "--verbose"}}) {
                Transcript.tool(GROUPS, "", sorted, describing(bootstrap, name, what));
            }
            Transcript.tool(GROUPS, "", own, Transcript.to(bootstrap, "--list", "--state"));
            Transcript.tool(GROUPS, "", own, Transcript.to(bootstrap, "--list", "--type"));
            Transcript.tool(GROUPS, "", sorted, Transcript.to(bootstrap, "--reset-offsets",
                "--group", name, "--topic", name, "--to-earliest", "--execute"));
            Transcript.tool(GROUPS, "", Transcript.to(bootstrap, "--delete", "--group", name));
        }
        try (Admin admin = Transcript.admin(bootstrap)) {
            Transcript.waitUntil("an empty group", () -> admin.describeConsumerGroups(List.of(name))
                .all().get().get(name).members().isEmpty());
        }
        Transcript.tool(GROUPS, "", sorted, describing(bootstrap, name));
        Transcript.tool(GROUPS, "", sorted, describing(bootstrap, name, "--state"));
        for (String[] to : new String[][] {{"--to-earliest"}, {"--shift-by", "3"},
            {"--to-offset", "7"}, {"--to-latest"}, {"--to-offset", "700"}, {"--to-current"},
            {"--to-datetime", "2023-11-14T22:13:20.005"}}) {
            List<String> wanted = new ArrayList<>(
                List.of("--reset-offsets", "--group", name, "--topic", name));
            wanted.addAll(List.of(to));
            wanted.add("--execute");
            Transcript.tool(GROUPS, "", sorted,
                Transcript.to(bootstrap, wanted.toArray(String[]::new)));
        }
        Transcript.tool(GROUPS, "", sorted, Transcript.to(bootstrap, "--reset-offsets",
            "--group", name, "--all-topics", "--to-earliest", "--dry-run"));
        Transcript.tool(GROUPS, "", sorted, describing(bootstrap, name));
        Transcript.tool(GROUPS, "", sorted, Transcript.to(bootstrap, "--delete-offsets",
            "--group", name, "--topic", name + ":1"));
        Transcript.tool(GROUPS, "", sorted, describing(bootstrap, name));
        Transcript.tool(GROUPS, "", Transcript.to(bootstrap, "--delete", "--group", name));
        Transcript.tool(GROUPS, "", Transcript.to(bootstrap, "--delete", "--group", name));
        Transcript.tool(GROUPS, "", sorted, describing(bootstrap, name));
    }

    private static String[] describing(String bootstrap, String group, String... more) {
        List<String> all = new ArrayList<>(List.of("--describe", "--group", group));
        all.addAll(List.of(more));
        return Transcript.to(bootstrap, all.toArray(String[]::new));
    }

    /** One member, a second that takes its share, the first leaves. */
    private static void twoMembers(String bootstrap, String name, Map<String, Object> settings)
        throws Exception {
        Transcript.createTopic(bootstrap, name, 4);
        produce(bootstrap, name, 2);
        Member first = new Member(bootstrap, name, List.of(name), with(settings, "first"));
        Transcript.say("one member");
        settle(List.of(first), 4);
        gather(List.of(first), 8);
        first.client.commitSync();
        Member second = new Member(bootstrap, name, List.of(name), with(settings, "second"));
        Transcript.say("two members");
        settle(List.of(first, second), 2, 2);
        describe(bootstrap, name);
        produce(bootstrap, name, 1);
        gather(List.of(first, second), 4);
        first.client.commitSync();
        second.client.commitSync();
        committed(bootstrap, name);
        Transcript.say("the first leaves");
        first.close();
        settle(List.of(second), 4);
        produce(bootstrap, name, 1);
        gather(List.of(second), 4);
        second.client.commitSync();
        second.close();
        describe(bootstrap, name);
        committed(bootstrap, name);
    }

    /** A static member comes back without a rebalance, its double is refused. */
    private static void fixed(String bootstrap, String name, Map<String, Object> settings)
        throws Exception {
        Transcript.createTopic(bootstrap, name, 4);
        Member one = new Member(bootstrap, name, List.of(name), instance(settings, "i1"));
        settle(List.of(one), 4);
        Member two = new Member(bootstrap, name, List.of(name), instance(settings, "i2"));
        settle(List.of(one, two), 2, 2);
        describe(bootstrap, name);
        Set<TopicPartition> share = Set.copyOf(two.share);
        Transcript.say("the second goes");
        two.close();
        describe(bootstrap, name);
        Transcript.say("and comes back");
        two = new Member(bootstrap, name, List.of(name), instance(settings, "i2"));
        settle(List.of(one, two), 2, 2);
        Transcript.say("the same share: " + two.share.equals(share));
        Transcript.say("a double of the second");
        Member other = new Member(bootstrap, name, List.of(name), instance(settings, "i2"));
        List<Member> all = List.of(one, two, other);
        Transcript.waitUntil("an error", () -> {
            all.forEach(Member::poll);
            return all.stream().anyMatch(member -> !member.problems.isEmpty());
        });
        Transcript.say("the second: " + all.get(1).problems + ", the double: " + other.problems);
        for (Member member : all) {
            member.close();
        }
    }

    private static Map<String, Object> with(Map<String, Object> settings, String client) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("client.id", client);
        return all;
    }

    private static Map<String, Object> instance(Map<String, Object> settings, String id) {
        Map<String, Object> all = with(settings, "client-" + id);
        all.put("group.instance.id", id);
        return all;
    }

    private static void produce(String bootstrap, String topic, int each) throws Exception {
        for (int partition = 0; partition < 4; partition++) {
            ClientScenarios.fill(bootstrap, topic, partition, each);
        }
    }

    /** Waits until the shares have these sizes, in any order, and says them. */
    private static void settle(List<Member> members, Integer... sizes) throws Exception {
        List<Integer> wanted = List.of(sizes);
        Transcript.waitUntil("shares of " + wanted, () -> {
            members.forEach(Member::poll);
            Set<TopicPartition> all = new java.util.HashSet<>();
            members.forEach(member -> all.addAll(member.share));
            List<Integer> found = members.stream().map(member -> member.share.size())
                .sorted().collect(toList());
            return found.equals(wanted)
                && all.size() == wanted.stream().mapToInt(size -> size).sum();
        });
        members.stream().map(member -> "  share " + places(member.share)).sorted()
            .forEach(Transcript::say);
    }

    private static void gather(List<Member> members, int count) throws Exception {
        Transcript.waitUntil(count + " records", () -> {
            members.forEach(Member::poll);
            return members.stream().mapToInt(member -> member.records.size()).sum() >= count;
        });
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        members.forEach(member -> {
            all.addAll(member.records);
            member.records.clear();
        });
        ClientScenarios.say(all);
    }

    private static String places(Collection<TopicPartition> share) {
        return new TreeSet<>(share.stream().map(TopicPartition::toString).collect(toList())).toString();
    }

    private static void describe(String bootstrap, String group) throws Exception {
        try (Admin admin = Transcript.admin(bootstrap)) {
            ConsumerGroupDescription about =
                admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            Transcript.say("group " + about.groupId() + " " + about.type() + " "
                + about.groupState() + " assignor=" + about.partitionAssignor());
            Function<MemberDescription, String> line = member -> "  member "
                + places(member.assignment().topicPartitions())
                + " target=" + member.targetAssignment().map(it -> places(it.topicPartitions()))
                + " instance=" + member.groupInstanceId() + " upgraded=" + member.upgraded();
            about.members().stream().map(line).sorted().forEach(Transcript::say);
        }
    }

    private static void committed(String bootstrap, String group) throws Exception {
        try (Admin admin = Transcript.admin(bootstrap)) {
            List<String> lines = new ArrayList<>();
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach(
                (place, offset) -> lines.add("  committed " + place + " " + offset.offset()
                    + " epoch=" + offset.leaderEpoch().orElse(-1)));
            Collections.sort(lines);
            lines.forEach(Transcript::say);
        }
    }

    /** A group's member and what it has been told. */
    private static final class Member implements AutoCloseable, ConsumerRebalanceListener {
        final KafkaConsumer<String, String> client;
        final Set<TopicPartition> share = new java.util.HashSet<>();
        final List<ConsumerRecord<String, String>> records = new ArrayList<>();
        final Set<String> problems = new TreeSet<>();

        Member(
            String bootstrap, String group, List<String> topics, Map<String, Object> settings) {
            Map<String, Object> all = new HashMap<>(settings);
            all.put("bootstrap.servers", bootstrap);
            all.put("group.id", group);
            all.put("auto.offset.reset", "earliest");
            all.put("enable.auto.commit", "false");
            client = new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
            client.subscribe(topics, this);
        }

        void poll() {
            if (!problems.isEmpty()) {
                return;
            }
            try {
                client.poll(Duration.ofMillis(50)).forEach(records::add);
            } catch (RuntimeException problem) {
                problems.add(Transcript.outcome(problem));
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            share.addAll(partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            share.removeAll(partitions);
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
