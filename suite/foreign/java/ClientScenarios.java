import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's Java client: producers, transactions, and what its admin client alone can do. */
final class ClientScenarios {
    private ClientScenarios() {}

    static Map<String, Main.Scenario> all() {
        Map<String, Main.Scenario> all = new LinkedHashMap<>();
        all.put("java-producer", ClientScenarios::producer);
        all.put("java-consumer", ClientScenarios::consumer);
        all.put("java-transactions", ClientScenarios::transactions);
        all.put("java-transaction-offsets", ClientScenarios::offsets);
        all.put("java-transaction-fenced", ClientScenarios::fenced);
        all.put("java-transactions-tool", ClientScenarios::tool);
        return all;
    }

    static KafkaProducer<String, String> open(String bootstrap, String... settings) {
        Map<String, Object> all = new HashMap<>();
        all.put("bootstrap.servers", bootstrap);
        all.put("linger.ms", "0");
        for (int at = 0; at + 1 < settings.length; at += 2) {
            all.put(settings[at], settings[at + 1]);
        }
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    /** Records `v0`, `v1`, ... behind each other in one partition. */
    static void fill(String bootstrap, String topic, int partition, int count) throws Exception {
        try (KafkaProducer<String, String> producer = open(bootstrap)) {
            for (int at = 0; at < count; at++) {
                producer.send(new ProducerRecord<>(
                    topic, partition, 1_700_000_000_000L + at, null, "v" + at)).get();
            }
        }
    }

    static void say(List<ConsumerRecord<String, String>> records) {
        records.sort(Comparator
            .comparing((ConsumerRecord<String, String> record) -> record.topic())
            .thenComparing(ConsumerRecord::partition)
            .thenComparing(ConsumerRecord::offset));
        for (ConsumerRecord<String, String> record : records) {
            Transcript.say("  " + record.topic() + "-" + record.partition() + "@" + record.offset()
                + " " + record.key() + "=" + record.value()
                + " epoch=" + record.leaderEpoch().orElse(-1));
        }
    }

    /** What a reader from the start sees, up to the end that it is told. */
    static void dump(String bootstrap, String topic, String isolation) {
        Transcript.say(topic + " " + isolation);
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("isolation.level", isolation);
        settings.put("auto.offset.reset", "earliest");
        try (KafkaConsumer<String, String> consumer =
            new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> all = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())).collect(toList());
            consumer.assign(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            List<ConsumerRecord<String, String>> records = new ArrayList<>();
            long deadline = System.currentTimeMillis() + 40_000;
            while (all.stream().anyMatch(place -> consumer.position(place) < ends.get(place))
                && System.currentTimeMillis() < deadline) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            say(records);
            for (TopicPartition place : all) {
                Transcript.say("  " + place + " end " + ends.get(place)
                    + " position " + consumer.position(place));
            }
        }
    }

    private static void send(
        KafkaProducer<String, String> producer, String topic, int partition, String... values) {
        for (String value : values) {
            String result;
            try {
                Future<RecordMetadata> sent =
                    producer.send(new ProducerRecord<>(topic, partition, null, value));
                producer.flush();
                result = String.valueOf(sent.get().offset());
            } catch (Exception problem) {
                result = Transcript.outcome(problem);
            }
            Transcript.say("  " + value + " to " + partition + ": " + result);
        }
    }

    private static void producer(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        for (String acks : List.of("1", "0", "all")) {
            try (KafkaProducer<String, String> producer =
                open(bootstrap, "acks", acks, "enable.idempotence", "false")) {
                Transcript.say("acks=" + acks);
                send(producer, name, 0, "a" + acks, "b" + acks);
            }
        }
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            try (KafkaProducer<String, String> producer =
                open(bootstrap, "compression.type", codec)) {
                send(producer, name, 1, codec);
            }
        }
        try (KafkaProducer<String, String> producer =
            open(bootstrap, "max.request.size", "5000000")) {
            send(producer, name, 0, "small");
            Transcript.attempt("too large", () ->
                producer.send(new ProducerRecord<>(name, 0, null, "x".repeat(2_000_000))).get());
        }
        dump(bootstrap, name, "read_uncommitted");
    }

    private static void consumer(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        fill(bootstrap, name, 0, 5);
        fill(bootstrap, name, 1, 3);
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrap, "auto.offset.reset", "none", "max.poll.records", "2");
        TopicPartition zero = new TopicPartition(name, 0);
        TopicPartition one = new TopicPartition(name, 1);
        try (KafkaConsumer<String, String> consumer =
            new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            Transcript.say("beginning " + sorted(consumer.beginningOffsets(List.of(zero, one))));
            Transcript.say("end " + sorted(consumer.endOffsets(List.of(zero, one))));
            Transcript.say("times " + sorted(consumer.offsetsForTimes(
                Map.of(zero, 1_700_000_000_002L, one, 1_800_000_000_000L))));
            consumer.assign(List.of(zero));
            // As long as a slow machine may take: an exception ends the waiting.
            Transcript.attempt("no position", () -> consumer.poll(Duration.ofSeconds(40)).count());
            consumer.seek(zero, 77);
            Transcript.attempt("out of range", () -> consumer.poll(Duration.ofSeconds(40)).count());
            consumer.seek(zero, 1);
            List<ConsumerRecord<String, String>> records = new ArrayList<>();
            Transcript.waitUntil("records", () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
                return records.size() >= 4;
            });
            say(records);
            Transcript.say("lag " + consumer.currentLag(zero));
            Transcript.attempt("partitions of nothing",
                () -> consumer.partitionsFor(name + "-missing", Duration.ofSeconds(2)).size());
        }
    }

    private static Map<String, Object> sorted(Map<TopicPartition, ?> offsets) {
        Map<String, Object> all = new java.util.TreeMap<>();
        offsets.forEach((place, offset) -> all.put(place.toString(), String.valueOf(offset)));
        return all;
    }

    private static void transactions(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        try (KafkaProducer<String, String> producer = open(bootstrap, "transactional.id", name)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, name, 0, "a", "b");
            send(producer, name, 1, "c");
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, name, 0, "d");
            producer.abortTransaction();
            producer.beginTransaction();
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, name, 0, "e");
            Transcript.say("open");
            dump(bootstrap, name, "read_uncommitted");
            dump(bootstrap, name, "read_committed");
            try (Admin admin = Transcript.admin(bootstrap)) {
                for (IsolationLevel level : IsolationLevel.values()) {
                    TopicPartition place = new TopicPartition(name, 0);
                    long end = admin.listOffsets(Map.of(place, OffsetSpec.latest()),
                        new ListOffsetsOptions(level)).partitionResult(place).get().offset();
                    Transcript.say("  latest " + level + " " + end);
                }
            }
            producer.commitTransaction();
        }
        dump(bootstrap, name, "read_uncommitted");
        dump(bootstrap, name, "read_committed");
    }

    private static void offsets(String bootstrap, String name) throws Exception {
        for (String protocol : List.of("classic", "consumer")) {
            String topic = name + "-" + protocol;
            Transcript.createTopic(bootstrap, topic, 1);
            fill(bootstrap, topic, 0, 4);
            Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap,
                "group.id", topic, "group.protocol", protocol, "auto.offset.reset", "earliest",
                "enable.auto.commit", "false", "isolation.level", "read_committed");
            TopicPartition place = new TopicPartition(topic, 0);
            try (KafkaConsumer<String, String> consumer =
                     new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
                 KafkaProducer<String, String> producer =
                     open(bootstrap, "transactional.id", topic)) {
                consumer.subscribe(List.of(topic));
                int[] seen = {0};
                Transcript.waitUntil("records", () -> {
                    seen[0] += consumer.poll(Duration.ofMillis(100)).count();
                    return seen[0] >= 4;
                });
                producer.initTransactions();
                for (String ending : List.of("commit", "abort")) {
                    producer.beginTransaction();
                    long offset = ending.equals("commit") ? 2 : 4;
                    producer.sendOffsetsToTransaction(
                        Map.of(place, new OffsetAndMetadata(offset)), consumer.groupMetadata());
                    if (ending.equals("commit")) {
                        producer.commitTransaction();
                    } else {
                        producer.abortTransaction();
                    }
                    Transcript.say(protocol + " " + ending + ": committed "
                        + consumer.committed(Set.of(place)).get(place).offset());
                }
            }
        }
    }

    private static void fenced(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 1);
        try (KafkaProducer<String, String> first = open(bootstrap, "transactional.id", name);
             KafkaProducer<String, String> second = open(bootstrap, "transactional.id", name);
             Admin admin = Transcript.admin(bootstrap)) {
            first.initTransactions();
            first.beginTransaction();
            send(first, name, 0, "first");
            second.initTransactions();
            second.beginTransaction();
            send(second, name, 0, "second");
            send(first, name, 0, "late");
            Transcript.attempt("the first commits", () -> {
                first.commitTransaction();
                return 0;
            });
            second.commitTransaction();
            Transcript.say("fenced by the administrator");
            second.beginTransaction();
            send(second, name, 0, "third");
            Transcript.attempt("fence", () ->
                admin.fenceProducers(List.of(name), new FenceProducersOptions()).all().get());
            Transcript.attempt("the second commits", () -> {
                second.commitTransaction();
                return 0;
            });
        }
        dump(bootstrap, name, "read_uncommitted");
        dump(bootstrap, name, "read_committed");
    }

    /** kafka-transactions on an open and on a completed transaction. */
    private static void tool(String bootstrap, String name) throws Exception {
        String tool = "TransactionsCommand";
        Transcript.createTopic(bootstrap, name, 1);
        try (KafkaProducer<String, String> producer = open(bootstrap, "transactional.id", name)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, name, 0, "open");
            tell(bootstrap, name, tool);
            producer.commitTransaction();
            try (Admin admin = Transcript.admin(bootstrap)) {
                Transcript.waitUntil("its end", () -> admin.describeTransactions(List.of(name)).all()
                    .get().get(name).state().toString().equals("CompleteCommit"));
            }
            tell(bootstrap, name, tool);
        }
    }

    private static void tell(String bootstrap, String name, String tool) throws Exception {
        java.util.function.UnaryOperator<List<String>> shape = lines -> lines.stream()
            .filter(line -> line.contains(name) || line.contains("CoordinatorId")
                || line.contains("Epoch") || line.matches("^ *\\d.*"))
            // Producer ids and times are drawn anew each time.
            .map(line -> line.replaceAll("\\b\\d{13}\\b", "TIME"))
            .collect(toList());
        Transcript.tool(tool, "", lines -> columns(shape.apply(lines),
                Set.of("ProducerId", "TransactionStartTimeMs", "TransactionDurationMs")),
            Transcript.to(bootstrap, "describe", "--transactional-id", name));
        Transcript.tool(tool, "", lines -> columns(shape.apply(lines),
                Set.of("ProducerId", "LastTimestamp", "LatestCoordinatorEpoch")),
            Transcript.to(bootstrap, "describe-producers", "--topic", name, "--partition", "0"));
        Transcript.tool(tool, "", lines -> shape.apply(lines).stream()
                .filter(line -> line.contains(name))
                .map(line -> line.replaceAll(" \\d+ (?=[A-Z])", " ID "))
                .collect(toList()),
            Transcript.to(bootstrap, "list"));
    }

    /** A table without the values of some columns. */
    private static List<String> columns(List<String> table, Set<String> hidden) {
        if (table.isEmpty()) {
            return table;
        }
        String[] names = table.get(0).trim().split("\\s+");
        List<String> all = new ArrayList<>();
        for (String line : table) {
            String[] cells = line.trim().split("\\s+");
            StringBuilder kept = new StringBuilder();
            for (int at = 0; at < cells.length; at++) {
                boolean unsaid = at < names.length && hidden.contains(names[at]);
                kept.append(at == 0 ? "" : " ").append(unsaid ? "-" : cells[at]);
            }
            all.add(kept.toString());
        }
        return all;
    }
}
