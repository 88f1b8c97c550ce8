// Prints every record of a topic as Kafka's own consumer sees it, one line each:
//
//   partition TAB offset TAB timestamp-type TAB timestamp TAB key TAB value TAB headers
//
// Keys and values are hex, "-" is null; headers are name=value pairs in hex,
// joined by ";", "." where there are none.
//
// Arguments: bootstrap topic [isolation-level]

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class PrintRecords {
    static final HexFormat HEX = HexFormat.of();
    static final Duration LIMIT = Duration.ofSeconds(90);

    public static void main(String[] args) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("isolation.level", args.length > 2 ? args[2] : "read_uncommitted");
        settings.put("enable.auto.commit", "false");
        settings.put("check.crcs", "true");
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(args[1]).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + LIMIT.toNanos();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (System.nanoTime() > deadline) {
                    System.err.println("not at the end of " + args[1] + " after " + LIMIT);
                    System.exit(1);
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    out.println(line(record));
                }
            }
        }
        out.flush();
    }

    static String line(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder headers = new StringBuilder();
        for (Header header : record.headers()) {
            headers.append(headers.isEmpty() ? "" : ";")
                    .append(hex(header.key().getBytes(StandardCharsets.UTF_8)))
                    .append('=')
                    .append(hex(header.value()));
        }
        return String.join("\t",
                Integer.toString(record.partition()),
                Long.toString(record.offset()),
                record.timestampType().toString(),
                Long.toString(record.timestamp()),
                hex(record.key()),
                hex(record.value()),
                headers.isEmpty() ? "." : headers);
    }

    static String hex(byte[] bytes) {
        return bytes == null ? "-" : HEX.formatHex(bytes);
    }
}
