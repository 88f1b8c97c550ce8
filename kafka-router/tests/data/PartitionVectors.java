import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/**
 * Prints what Kafka's own client says for 10,240 pseudo-random keys: the murmur2 hash in hex and
 * the partition for a pseudo-random partition count. tests/partitioners.rs makes the same keys from the
 * same seed and compares.
 *
 * Run with kafka-clients and slf4j-api on the class path:
 *   java -cp kafka-clients.jar:slf4j-api.jar PartitionVectors.java > murmur2.txt
 */
public class PartitionVectors {
    private static long state = 0x6b61666b61L;

    /** SplitMix64. */
    private static long next() {
        state += 0x9e3779b97f4a7c15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    public static void main(String[] args) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < 10_240; i++) {
            byte[] key = new byte[(int) Long.remainderUnsigned(next(), 67)];
            for (int at = 0; at < key.length; at++) {
                key[at] = (byte) next();
            }
            int partitions = 1 + (int) Long.remainderUnsigned(next(), 1000);
            out.append(String.format("%08x %d%n", Utils.murmur2(key), BuiltInPartitioner.partitionForKey(key, partitions)));
        }
        System.out.print(out);
    }
}
