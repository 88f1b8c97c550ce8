// As RecordOracle, on the clients of Kafka 0.8 to 0.10: `make` and `read` of magic 0,
// and of magic 1 with 0.10. Their classes write and unpack; the messages that a set
// begins with are cut off here, because 0.8 and 0.9 show no wrappers. What differs
// between them is looked up by name.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.LogEntry;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.Record;

public class OldRecordOracle {
    static final HexFormat HEX = HexFormat.of();
    static final long NOW = 1_463_000_000_000L;

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII), 1 << 16);
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String answer;
            try {
                answer = answer(line.split("\t", -1));
            } catch (Throwable thrown) {
                Throwable cause = thrown instanceof InvocationTargetException ? thrown.getCause() : thrown;
                answer = "!" + String.valueOf(cause).replaceAll("\\s+", " ");
            }
            out.print(answer + "\n");
            out.flush();
        }
    }

    static String answer(String[] question) throws Exception {
        switch (question[0]) {
            case "make": {
                byte magic = Byte.parseByte(question[1]);
                CompressionType codec = CompressionType.forName(question[2]);
                return HEX.formatHex(new Maker(magic, codec, Long.parseLong(question[4])).make(question[3]));
            }
            case "read":
                return text(HEX.parseHex(question[1]));
            default:
                throw new IllegalArgumentException(question[0]);
        }
    }

    // ---- reading ----

    static String text(byte[] bytes) throws Exception {
        StringBuilder text = new StringBuilder();
        ByteBuffer all = ByteBuffer.wrap(bytes);
        while (all.remaining() >= 12 && all.remaining() - 12 >= all.getInt(all.position() + 8)) {
            int len = 12 + all.getInt(all.position() + 8);
            ByteBuffer entry = ByteBuffer.wrap(bytes, all.position(), len).slice();
            all.position(all.position() + len);
            tell(text, entry);
        }
        return text.append("rest=").append(all.remaining()).toString();
    }

    static void tell(StringBuilder text, ByteBuffer entry) throws Exception {
        ByteBuffer message = entry.duplicate();
        message.position(12);
        new Record(message.slice()).ensureValid();
        byte magic = entry.get(16);
        CompressionType codec = CompressionType.forId(entry.get(17) & 7);
        boolean append = magic == 1 && (entry.get(17) & 8) != 0;
        text.append("magic=").append(magic)
                .append(" codec=").append(codec.name)
                .append(" last=").append(entry.getLong(0))
                .append(" clock=").append(append ? "log" : "create")
                .append(" max=").append(magic == 0 ? -1 : entry.getLong(18))
                .append(" len=").append(entry.remaining());
        Iterator<LogEntry> inside = entries(entry);
        while (inside.hasNext()) {
            LogEntry one = inside.next();
            Record record = one.record();
            record.ensureValid();
            if (record.magic() != magic) {
                throw new IllegalStateException("magic " + record.magic() + " inside magic " + magic);
            }
            text.append(";offset=").append(one.offset())
                    .append(" time=").append(time(record))
                    .append(" key=").append(part(bytes(record.key())))
                    .append(" value=").append(part(bytes(record.value())));
        }
        text.append('|');
    }

    @SuppressWarnings("unchecked")
    static Iterator<LogEntry> entries(ByteBuffer buffer) throws Exception {
        Method reader = find(MemoryRecords.class, "readableRecords", "iterableRecords");
        ByteBuffer copy = buffer.duplicate();
        if (reader.getName().equals("iterableRecords")) {
            // Before 0.9 it is flipped first.
            copy.position(copy.limit());
        }
        Object records = reader.invoke(null, copy);
        Object entries = find(MemoryRecords.class, "deepEntries", "iterator").invoke(records);
        return entries instanceof Iterator ? (Iterator<LogEntry>) entries : ((Iterable<LogEntry>) entries).iterator();
    }

    static long time(Record record) throws Exception {
        try {
            return (Long) Record.class.getMethod("timestamp").invoke(record);
        } catch (NoSuchMethodException before10) {
            return -1;
        }
    }

    /** The method of one of these names that takes the fewest arguments. */
    static Method find(Class<?> type, String... names) {
        return Arrays.stream(type.getMethods())
                .filter(method -> Arrays.asList(names).contains(method.getName()))
                .filter(method -> !method.isBridge())
                .min((a, b) -> a.getParameterCount() - b.getParameterCount())
                .orElseThrow(() -> new IllegalStateException(type + " has none of " + Arrays.toString(names)));
    }

    static byte[] bytes(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static String part(byte[] bytes) {
        if (bytes == null) {
            return "-";
        }
        if (bytes.length <= 24) {
            return HEX.formatHex(bytes);
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return String.format("#%d.%08x", bytes.length, crc.getValue());
    }

    // ---- making ----

    /** A set that grows, by the classes of any of the three. */
    interface Set {
        void append(long offset, long time, byte[] key, byte[] value) throws Exception;

        byte[] close() throws Exception;
    }

    /** Kafka 0.8 and 0.9: offsets count from 0, a wrapper knows no others. */
    static Set producersSet(CompressionType codec) throws Exception {
        MemoryRecords records = (MemoryRecords) MemoryRecords.class
                .getMethod("emptyRecords", ByteBuffer.class, CompressionType.class)
                .invoke(null, ByteBuffer.allocate(1 << 21), codec);
        Method append = MemoryRecords.class.getMethod("append", long.class, byte[].class, byte[].class);
        return new Set() {
            int count;

            public void append(long offset, long time, byte[] key, byte[] value) throws Exception {
                append.invoke(records, (long) count++, key, value);
            }

            public byte[] close() throws Exception {
                records.getClass().getMethod("close").invoke(records);
                ByteBuffer buffer = records.buffer().duplicate();
                // Before 0.9 it is left where writing ended.
                if (buffer.position() > 0) {
                    buffer.flip();
                }
                return OldRecordOracle.bytes(buffer);
            }
        };
    }

    /** Kafka 0.10, whose classes brokers use as well. */
    static Set set(byte magic, CompressionType codec, long baseOffset, long appendTime) throws Exception {
        Class<?> clocks = Class.forName("org.apache.kafka.common.record.TimestampType");
        Object clock = clocks.getField(magic == 0 ? "NO_TIMESTAMP_TYPE" : appendTime < 0 ? "CREATE_TIME" : "LOG_APPEND_TIME")
                .get(null);
        Object builder = MemoryRecords.class
                .getMethod("builder", ByteBuffer.class, byte.class, CompressionType.class, clocks, long.class, long.class)
                .invoke(null, ByteBuffer.allocate(1 << 12), magic, codec, clock, baseOffset, appendTime);
        Method append = builder.getClass()
                .getMethod("appendWithOffset", long.class, long.class, byte[].class, byte[].class);
        return new Set() {
            public void append(long offset, long time, byte[] key, byte[] value) throws Exception {
                append.invoke(builder, offset, time, key, value);
            }

            public byte[] close() throws Exception {
                MemoryRecords records = (MemoryRecords) builder.getClass().getMethod("build").invoke(builder);
                return OldRecordOracle.bytes(records.buffer());
            }
        };
    }

    static boolean isBefore10() {
        return Arrays.stream(MemoryRecords.class.getMethods()).anyMatch(method -> method.getName().equals("emptyRecords"));
    }

    static class Maker {
        final byte magic;
        final CompressionType codec;
        final Random random;
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        long nextOffset;

        Maker(byte magic, CompressionType codec, long seed) {
            this.magic = magic;
            this.codec = codec;
            random = new Random(seed);
        }

        byte[] make(String shape) throws Exception {
            nextOffset = isBefore10() ? 0 : random.nextInt(1_000_000);
            switch (shape) {
                case "one":
                    batch(magic, codec, 1, shape);
                    break;
                case "many":
                    batch(magic, codec, 1_000, shape);
                    break;
                case "large":
                    batch(magic, codec, 50, shape);
                    break;
                case "several":
                    for (int i = 0; i < 4; i++) {
                        batch(magic, codec, 1 + random.nextInt(5), shape);
                    }
                    break;
                case "mixed":
                    for (int i = 0; i < 6; i++) {
                        byte mixed = isBefore10() ? 0 : (byte) random.nextInt(this.magic + 1);
                        batch(mixed, i % 2 == 0 ? codec : CompressionType.NONE, 1 + random.nextInt(5), shape);
                        batch(mixed, CompressionType.GZIP, 1 + random.nextInt(5), shape);
                    }
                    break;
                case "partial": {
                    batch(magic, codec, 1 + random.nextInt(5), shape);
                    int whole = out.size();
                    batch(magic, codec, 1, shape);
                    return Arrays.copyOf(out.toByteArray(), whole + random.nextInt(out.size() - whole));
                }
                default:
                    batch(magic, codec, 1 + random.nextInt(20), shape);
            }
            return out.toByteArray();
        }

        void batch(byte magic, CompressionType codec, int count, String shape) throws Exception {
            long appendTime = magic > 0 && shape.equals("append-time") ? NOW + random.nextInt() : -1;
            Set set = isBefore10() ? producersSet(codec) : set(magic, codec, nextOffset, appendTime);
            for (int i = 0; i < count; i++) {
                if (shape.equals("gaps") && i > 0) {
                    nextOffset += random.nextInt(random.nextBoolean() ? 3 : 1_000_000);
                }
                long time = magic == 0 ? -1 : shape.equals("create-time") && random.nextBoolean()
                        ? random.nextInt(2) - 1 : NOW + random.nextInt(1_000_000);
                byte[] key = random.nextInt(3) == 0 ? null : bytes(random.nextInt(12));
                byte[] value = random.nextInt(8) == 0 ? null : bytes(random.nextInt(100));
                if (shape.equals("nulls")) {
                    key = random.nextBoolean() ? null : random.nextBoolean() ? new byte[0] : key;
                    value = random.nextBoolean() ? null : random.nextBoolean() ? new byte[0] : value;
                }
                if (shape.equals("large")) {
                    value = large(i == 0 ? 1 << 20 : random.nextInt(10_000));
                }
                set.append(nextOffset++, time, key, value);
            }
            out.write(set.close());
        }

        byte[] large(int len) {
            byte[] bytes = bytes(len);
            if (random.nextBoolean()) {
                for (int i = 0; i < len; i++) {
                    bytes[i] = (byte) ("kafka ".charAt(i % 6) + (bytes[i] == 0 ? 1 : 0));
                }
            }
            return bytes;
        }

        byte[] bytes(int len) {
            byte[] bytes = new byte[len];
            random.nextBytes(bytes);
            return bytes;
        }
    }
}
