// Writes records with Kafka's own producer. Standard input has one line each:
//
//   partition TAB timestamp TAB key TAB value TAB headers
//
// as PrintRecords prints them, with "-" for a partition or timestamp that the
// producer shall choose. Prints, in the order of the input,
//
//   partition TAB offset TAB timestamp
//
// Arguments: bootstrap topic compression-type [property=value ...]

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class WriteRecords {
    static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("compression.type", args[2]);
        settings.put("linger.ms", "20");
        for (int i = 3; i < args.length; i++) {
            String[] pair = args[i].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        StringBuilder out = new StringBuilder();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                sent.add(producer.send(parse(args[1], line)));
            }
            for (Future<RecordMetadata> one : sent) {
                RecordMetadata ack = one.get(60, TimeUnit.SECONDS);
                out.append(ack.partition()).append('\t').append(ack.offset()).append('\t').append(ack.timestamp()).append('\n');
            }
        }
        System.out.print(out);
    }

    static ProducerRecord<byte[], byte[]> parse(String topic, String line) {
        String[] parts = line.split("\t", -1);
        RecordHeaders headers = new RecordHeaders();
        if (!parts[4].equals(".")) {
            for (String header : parts[4].split(";")) {
                String[] pair = header.split("=", 2);
                headers.add(new String(HEX.parseHex(pair[0]), StandardCharsets.UTF_8), bytes(pair[1]));
            }
        }
        return new ProducerRecord<>(
                topic,
                parts[0].equals("-") ? null : Integer.valueOf(parts[0]),
                parts[1].equals("-") ? null : Long.valueOf(parts[1]),
                bytes(parts[2]),
                bytes(parts[3]),
                headers);
    }

    static byte[] bytes(String hex) {
        return hex.equals("-") ? null : HEX.parseHex(hex);
    }
}
