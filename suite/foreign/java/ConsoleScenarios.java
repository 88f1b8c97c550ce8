import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Console, performance and verifiable producers and consumers. */
final class ConsoleScenarios {
    private static final String PRODUCER = "ConsoleProducer";
    private static final String CONSUMER = "consumer.ConsoleConsumer";
    private static final UnaryOperator<List<String>> SORTED = lines ->
        lines.stream().sorted().collect(toList());

    private ConsoleScenarios() {}

    static Map<String, Main.Scenario> all() {
        Map<String, Main.Scenario> all = new LinkedHashMap<>();
        all.put("java-console", ConsoleScenarios::console);
        all.put("java-console-codecs", ConsoleScenarios::codecs);
        all.put("java-console-group", ConsoleScenarios::group);
        all.put("java-perf", ConsoleScenarios::performance);
        all.put("java-verifiable-classic", (to, name) -> verifiable(to, name, "classic"));
        all.put("java-verifiable-consumer", (to, name) -> verifiable(to, name, "consumer"));
        return all;
    }

    private static String[] reading(String bootstrap, String topic, String... more) {
        List<String> all = new ArrayList<>(List.of("--topic", topic));
        for (String shown : List.of("print.key", "print.offset", "print.partition", "print.headers")) {
            all.addAll(List.of("--formatter-property", shown + "=true"));
        }
        // Fewer records than wanted are told, not waited for.
        all.addAll(List.of("--timeout-ms", "20000"));
        all.addAll(List.of(more));
        return Transcript.to(bootstrap, all.toArray(String[]::new));
    }

    private static void console(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        Transcript.tool(PRODUCER, "a:1\nb:2\nc:3\nd:4\n", Transcript.to(bootstrap,
            "--topic", name, "--reader-property", "parse.key=true",
            "--reader-property", "key.separator=:"));
        Transcript.tool(PRODUCER, "h1:x,h2:y\tk\twith headers\nh1:z\tl\tNONE\n",
            Transcript.to(bootstrap, "--topic", name,
                "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true",
                "--reader-property", "null.marker=NONE", "--command-property", "acks=1"));
        Transcript.tool(CONSUMER, "", SORTED,
            reading(bootstrap, name, "--from-beginning", "--max-messages", "6"));
        Transcript.tool(CONSUMER, "", reading(bootstrap, name, "--partition", "0",
            "--offset", "1", "--max-messages", "1"));
        Transcript.tool(CONSUMER, "", reading(bootstrap, name, "--partition", "1",
            "--offset", "earliest", "--max-messages", "1", "--isolation-level", "read_committed"));
    }

    private static void codecs(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 1);
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            Transcript.tool(PRODUCER, codec + " one\n" + codec + " two\n",
                Transcript.to(bootstrap, "--topic", name, "--compression-codec", codec));
        }
        Transcript.tool(CONSUMER, "",
            reading(bootstrap, name, "--from-beginning", "--max-messages", "10"));
    }

    private static void group(String bootstrap, String name) throws Exception {
        for (String protocol : List.of("classic", "consumer")) {
            String topic = name + "-" + protocol;
            Transcript.createTopic(bootstrap, topic, 1);
            Transcript.tool(PRODUCER, "1\n2\n3\n", Transcript.to(bootstrap, "--topic", topic));
            String[] arguments = reading(bootstrap, topic, "--from-beginning", "--group", topic,
                "--max-messages", "3", "--command-property", "group.protocol=" + protocol);
            Transcript.tool(CONSUMER, "", arguments);
            Transcript.tool(PRODUCER, "4\n5\n6\n", Transcript.to(bootstrap, "--topic", topic));
            Transcript.tool(CONSUMER, "", arguments);
            Transcript.tool("consumer.group.ConsumerGroupCommand", "",
                Transcript.to(bootstrap, "--describe", "--group", topic));
        }
    }

    /** Counts and bytes are told, times and rates are not. */
    private static void performance(String bootstrap, String name) throws Exception {
        Transcript.createTopic(bootstrap, name, 3);
        UnaryOperator<List<String>> count = lines -> lines.stream()
            .filter(line -> line.contains("99.9th"))
            .map(line -> line.replaceAll(" records sent, .*", " records sent"))
            .collect(toList());
        Transcript.tool("ProducerPerformance", "", count, Transcript.to(bootstrap,
            "--topic", name, "--num-records", "20000", "--record-size", "100",
            "--throughput", "-1", "--command-property", "compression.type=lz4"));
        Transcript.tool("ProducerPerformance", "", count, Transcript.to(bootstrap,
            "--topic", name, "--num-records", "300", "--record-size", "100", "--throughput", "-1",
            "--transactional-id", name, "--transaction-duration-ms", "60000"));
        UnaryOperator<List<String>> columns = lines -> {
            String[] cells = lines.get(lines.size() - 1).split(", ");
            return List.of("megabytes " + cells[2], "records " + cells[4]);
        };
        for (String protocol : List.of("classic", "consumer")) {
            Transcript.tool("ConsumerPerformance", "", columns, Transcript.to(bootstrap,
                "--topic", name, "--num-records", "20300", "--group", name + "-" + protocol,
                "--command-property", "group.protocol=" + protocol,
                "--timeout", "20000"));
        }
    }

    /** Records have keys: where those without go is drawn at random. */
    private static void verifiable(String bootstrap, String name, String protocol)
        throws Exception {
        Transcript.createTopic(bootstrap, name, 2);
        Transcript.tool("VerifiableProducer", "", ConsoleScenarios::summary, Transcript.to(
            bootstrap, "--topic", name, "--max-messages", "40", "--value-prefix", "7",
            "--acks", "-1", "--repeating-keys", "5"));
        for (String turn : List.of("first", "second")) {
            Transcript.tool("VerifiableConsumer", "", ConsoleScenarios::summary, Transcript.to(
                bootstrap, "--topic", name, "--group-id", name, "--group-protocol", protocol,
                "--max-messages", "40", "--reset-policy", "earliest", "--verbose"));
            if (turn.equals("first")) {
                Transcript.tool("VerifiableProducer", "", ConsoleScenarios::summary,
                    Transcript.to(bootstrap, "--topic", name, "--max-messages", "40",
                        "--repeating-keys", "7"));
            }
        }
    }

    /**
     * Records come in an order, and in portions, that time decides: they are
     * sorted, portions left out, of commits the last of each partition is kept.
     */
    private static List<String> summary(List<String> lines) {
        List<String> kept = new ArrayList<>();
        List<String> records = new ArrayList<>();
        Map<String, String> commits = new TreeMap<>();
        for (String line : lines) {
            if (line.contains("record_data") || line.contains("producer_send_success")) {
                records.add(line);
            } else if (line.contains("offsets_committed")) {
                Matcher found = Pattern.compile("\\{[^{}]*\"partition\":(\\d+)[^{}]*\\}").matcher(line);
                while (found.find()) {
                    commits.put(found.group(1), found.group());
                }
            } else if (!line.contains("records_consumed")) {
                kept.add(line.replaceAll("\"avg_throughput\":[0-9.E]+", "\"avg_throughput\":0"));
            }
        }
        records.sort((a, b) -> {
            long[] one = place(a);
            long[] other = place(b);
            return one[0] != other[0] ? Long.compare(one[0], other[0]) : Long.compare(one[1], other[1]);
        });
        List<String> all = new ArrayList<>(records);
        commits.values().forEach(commit -> all.add("last commit " + commit));
        Collections.sort(kept);
        all.addAll(kept);
        return all;
    }

    private static long[] place(String line) {
        long partition = -1;
        long offset = -1;
        Matcher found = Pattern.compile("\"(partition|offset)\":(\\d+)").matcher(line);
        while (found.find()) {
            if (found.group(1).equals("partition")) {
                partition = Long.parseLong(found.group(2));
            } else {
                offset = Long.parseLong(found.group(2));
            }
        }
        return new long[] {partition, offset};
    }
}
