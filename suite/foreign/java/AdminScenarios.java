import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;

/** The tools that administer topics, configurations, offsets and leaders. */
final class AdminScenarios {
    private static final String TOPICS = "TopicCommand";
    private static final String CONFIGS = "kafka.admin.ConfigCommand";
    private static final UnaryOperator<List<String>> SORTED = lines ->
        lines.stream().sorted().collect(toList());

    private AdminScenarios() {}

    static Map<String, Main.Scenario> all() {
        Map<String, Main.Scenario> all = new LinkedHashMap<>();
        all.put("java-topics", AdminScenarios::topics);
        all.put("java-configs", AdminScenarios::configs);
        all.put("java-quotas", AdminScenarios::quotas);
        all.put("java-offsets", AdminScenarios::offsets);
        all.put("java-leaders", AdminScenarios::leaders);
        all.put("java-acls-disabled", AdminScenarios::acls);
        return all;
    }

    private static void topics(String bootstrap, String name) throws Exception {
        try (Admin admin = Transcript.admin(bootstrap)) {
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--create", "--topic", name,
                "--partitions", "3", "--replication-factor", "1",
                "--config", "retention.ms=60000", "--config", "cleanup.policy=compact"));
            Transcript.waitForTopic(admin, name, 3);
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--create", "--topic", name));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--create", "--topic", name,
                "--if-not-exists"));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--create",
                "--topic", name + "-many", "--replication-factor", "5"));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--create",
                "--topic", name + "-odd", "--config", "no.such=1"));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--create",
                "--topic", name + "-placed", "--replica-assignment", "1,1"));
            Transcript.waitForTopic(admin, name + "-placed", 2);
            Transcript.tool(TOPICS, "", SORTED,
                Transcript.to(bootstrap, "--describe", "--topic", name + ".*"));
            Transcript.tool(TOPICS, "", SORTED,
                Transcript.to(bootstrap, "--list", "--topic", name + ".*"));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--describe",
                "--topic", name + ".*", "--topics-with-overrides"));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--describe",
                "--topic", name + ".*", "--under-replicated-partitions"));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--alter", "--topic", name,
                "--partitions", "5"));
            Transcript.waitForTopic(admin, name, 5);
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--alter", "--topic", name,
                "--partitions", "4"));
            Transcript.tool(TOPICS, "", SORTED,
                Transcript.to(bootstrap, "--describe", "--topic", name));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--delete", "--topic", name + ".*"));
            Transcript.waitUntil("an empty list", () ->
                admin.listTopics().names().get().stream().noneMatch(one -> one.startsWith(name)));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--delete", "--topic", name));
            Transcript.tool(TOPICS, "", Transcript.to(bootstrap, "--describe", "--topic", name));
        }
    }

    private static void configs(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 1);
        String[] topic = {"--entity-type", "topics", "--entity-name", name};
        Transcript.tool(CONFIGS, "", SORTED, with(bootstrap, topic, "--describe", "--all"));
        Transcript.tool(CONFIGS, "", with(bootstrap, topic, "--alter",
            "--add-config", "retention.ms=9000,segment.bytes=2000000"));
        settle();
        Transcript.tool(CONFIGS, "", SORTED, with(bootstrap, topic, "--describe"));
        Transcript.tool(CONFIGS, "", with(bootstrap, topic, "--alter",
            "--delete-config", "retention.ms"));
        Transcript.tool(CONFIGS, "", with(bootstrap, topic, "--alter",
            "--delete-config", "retention.bytes"));
        Transcript.tool(CONFIGS, "", with(bootstrap, topic, "--alter",
            "--add-config", "min.insync.replicas=none"));
        settle();
        Transcript.tool(CONFIGS, "", SORTED, with(bootstrap, topic, "--describe"));
        String[] missing = {"--entity-type", "topics", "--entity-name", name + "-missing"};
        Transcript.tool(CONFIGS, "", with(bootstrap, missing, "--describe"));
        String[] broker = {"--entity-type", "brokers", "--entity-name", "1"};
        Transcript.tool(CONFIGS, "", with(bootstrap, broker, "--alter",
            "--add-config", "log.cleaner.backoff.ms=12345"));
        settle();
        Transcript.tool(CONFIGS, "", SORTED, with(bootstrap, broker, "--describe"));
        Transcript.tool(CONFIGS, "", with(bootstrap, broker, "--alter",
            "--delete-config", "log.cleaner.backoff.ms"));
        String[] every = {"--entity-type", "brokers", "--entity-default"};
        Transcript.tool(CONFIGS, "", with(bootstrap, every, "--alter",
            "--add-config", "log.cleaner.backoff.ms=23456"));
        settle();
        Transcript.tool(CONFIGS, "", SORTED, with(bootstrap, every, "--describe"));
        Transcript.tool(CONFIGS, "", with(bootstrap, every, "--alter",
            "--delete-config", "log.cleaner.backoff.ms"));
        String[] group = {"--entity-type", "groups", "--entity-name", name};
        Transcript.tool(CONFIGS, "", with(bootstrap, group, "--alter",
            "--add-config", "consumer.session.timeout.ms=50000"));
        settle();
        Transcript.tool(CONFIGS, "", SORTED, with(bootstrap, group, "--describe"));
    }

    private static void quotas(String bootstrap, String name) throws Exception {
        String[] client = {"--entity-type", "clients", "--entity-name", name};
        String[] user = {"--entity-type", "users", "--entity-name", name};
        Transcript.tool(CONFIGS, "", with(bootstrap, client, "--alter",
            "--add-config", "producer_byte_rate=1024,request_percentage=50"));
        Transcript.tool(CONFIGS, "", with(bootstrap, user, "--alter",
            "--add-config", "SCRAM-SHA-256=[iterations=4096,password=secret]"));
        settle();
        // Quotas come in the order of a hash table.
        UnaryOperator<List<String>> ordered = lines -> lines.stream().map(line -> {
            int from = line.indexOf(" are ") + 5;
            return line.substring(0, from) + Stream.of(line.substring(from).split(", ")).sorted()
                .collect(joining(", "));
        }).collect(toList());
        Transcript.tool(CONFIGS, "", ordered, with(bootstrap, client, "--describe"));
        Transcript.tool(CONFIGS, "", with(bootstrap, user, "--describe"));
        Transcript.tool(CONFIGS, "", with(bootstrap, client, "--alter",
            "--delete-config", "producer_byte_rate,request_percentage"));
        Transcript.tool(CONFIGS, "", with(bootstrap, user, "--alter",
            "--delete-config", "SCRAM-SHA-256"));
        settle();
        Transcript.tool(CONFIGS, "", with(bootstrap, client, "--describe"));
        Transcript.tool(CONFIGS, "", with(bootstrap, user, "--describe"));
    }

    private static void offsets(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        for (int partition = 0; partition < 2; partition++) {
            ClientScenarios.fill(bootstrap, name, partition, 10);
        }
        for (String time : List.of("latest", "earliest", "max-timestamp", "1700000000004",
            "earliest-local", "latest-tiered")) {
            Transcript.tool("GetOffsetShell", "",
                Transcript.to(bootstrap, "--topic", name, "--time", time));
        }
        Transcript.tool("GetOffsetShell", "",
            Transcript.to(bootstrap, "--topic-partitions", name + ":1"));
        Path file = Files.createTempFile("delete-records", ".json");
        try {
            Files.writeString(file, "{\"version\":1,\"partitions\":["
                + "{\"topic\":\"" + name + "\",\"partition\":0,\"offset\":4},"
                + "{\"topic\":\"" + name + "\",\"partition\":1,\"offset\":-1}]}");
            Transcript.tool("DeleteRecordsCommand", "", SORTED,
                Transcript.to(bootstrap, "--offset-json-file", file.toString()));
        } finally {
            Files.delete(file);
        }
        Transcript.tool("GetOffsetShell", "",
            Transcript.to(bootstrap, "--topic", name, "--time", "earliest"));
        Transcript.tool("GetOffsetShell", "", Transcript.to(bootstrap, "--topic", name + "-missing"));
    }

    private static void leaders(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        Transcript.tool("LeaderElectionCommand", "", Transcript.to(bootstrap,
            "--election-type", "preferred", "--topic", name, "--partition", "1"));
        Transcript.tool("LeaderElectionCommand", "", Transcript.to(bootstrap,
            "--election-type", "unclean", "--topic", name, "--partition", "0"));
        Transcript.tool("LeaderElectionCommand", "", Transcript.to(bootstrap,
            "--election-type", "preferred", "--topic", name, "--partition", "7"));
    }

    private static void acls(String bootstrap, String name) throws Exception {
        Transcript.tool("AclCommand", "", Transcript.to(bootstrap, "--list"));
        Transcript.tool("AclCommand", "", Transcript.to(bootstrap, "--add",
            "--allow-principal", "User:a", "--operation", "Read", "--topic", name));
    }

    private static String[] with(String bootstrap, String[] entity, String... more) {
        String[] all = new String[entity.length + more.length];
        System.arraycopy(entity, 0, all, 0, entity.length);
        System.arraycopy(more, 0, all, entity.length, more.length);
        return Transcript.to(bootstrap, all);
    }

    /** A change that has been answered reaches the brokers a moment later. */
    private static void settle() throws InterruptedException {
        Thread.sleep(300);
    }
}
