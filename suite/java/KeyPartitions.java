// Where Kafka's own producer puts keys. Standard input has one key a line, in
// hex. Prints for each key one line of partitions, separated by tabs: for each
// partition count given as an argument, what the producer's partitioner says.
//
// With the arguments `send bootstrap topic` it sends each key with a real
// KafkaProducer instead and prints the partition that was acknowledged.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class KeyPartitions {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        List<byte[]> keys = in.lines().map(HexFormat.of()::parseHex).collect(Collectors.toList());
        StringBuilder out = new StringBuilder();
        if (args[0].equals("send")) {
            for (int partition : send(args[1], args[2], keys)) {
                out.append(partition).append('\n');
            }
        } else {
            for (byte[] key : keys) {
                out.append(Arrays.stream(args)
                        .map(count -> Integer.toString(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(count))))
                        .collect(Collectors.joining("\t"))).append('\n');
            }
        }
        System.out.print(out);
    }

    static List<Integer> send(String bootstrap, String topic, List<byte[]> keys) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        List<Integer> partitions = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (byte[] key : keys) {
                sent.add(producer.send(new ProducerRecord<>(topic, key, key)));
            }
            for (Future<RecordMetadata> one : sent) {
                partitions.add(one.get(60, TimeUnit.SECONDS).partition());
            }
        }
        return partitions;
    }
}
