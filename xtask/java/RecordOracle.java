// What Kafka's own classes write as records and read in them. Each line of
// standard input asks, each line of standard output answers; fields are separated
// by tabs, and an answer that begins with "!" tells what was thrown.
//
//   make MAGIC CODEC SHAPE SEED      random batches, in hex
//   read HEX                         what is in those bytes, as text
//   convert MAGIC FIRST-OFFSET HEX   the bytes in hex as a broker would convert them
//                                    down for an older client
//   rebuild HEX                      messages in hex as a broker would append them, as
//                                    a batch of magic 2
//
// The text: batches separated by "|", the batch's own fields first, then each record
// after a ";". A field is NAME=VALUE, fields are separated by spaces. Bytes are "-"
// for null, hex up to 24, else "#", their number, "." and their CRC-32C. Last comes
// how many bytes are left of a batch that is cut.
//
// Runs on the jars of Kafka 2.8 to 3.9; what differs between them is looked up by name.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.AbstractLegacyRecordBatch;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.DefaultRecordBatch;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.Time;

public class RecordOracle {
    static final HexFormat HEX = HexFormat.of();
    static final long NOW = 1_763_700_000_000L;

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
            case "convert":
                return HEX.formatHex(
                        converted(HEX.parseHex(question[3]), Byte.parseByte(question[1]), Long.parseLong(question[2])));
            case "rebuild":
                return HEX.formatHex(rebuilt(HEX.parseHex(question[1])));
            default:
                throw new IllegalArgumentException(question[0]);
        }
    }

    // ---- reading ----

    static String text(byte[] bytes) throws Exception {
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        StringBuilder text = new StringBuilder();
        int position = 0;
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
            ByteBuffer raw = ByteBuffer.wrap(bytes, position, batch.sizeInBytes()).slice();
            position += batch.sizeInBytes();
            tell(text, batch, raw);
        }
        return text.append("rest=").append(bytes.length - position).toString();
    }

    static void tell(StringBuilder text, MutableRecordBatch batch, ByteBuffer raw) throws Exception {
        boolean legacy = batch.magic() < 2;
        text.append("magic=").append(batch.magic())
                .append(" codec=").append(batch.compressionType().name);
        if (!legacy) {
            text.append(" base=").append(batch.baseOffset());
        }
        text.append(" last=").append(batch.lastOffset())
                .append(" clock=").append(batch.timestampType() == TimestampType.LOG_APPEND_TIME ? "log" : "create")
                .append(" max=").append(batch.maxTimestamp());
        if (!legacy) {
            boolean horizon = (raw.getShort(21) & 1 << 6) != 0;
            text.append(" first-time=").append(raw.getLong(27))
                    .append(" leader-epoch=").append(batch.partitionLeaderEpoch())
                    .append(" producer=").append(batch.producerId())
                    .append(" producer-epoch=").append(batch.producerEpoch())
                    .append(" sequence=").append(batch.baseSequence())
                    .append(" transactional=").append(batch.isTransactional())
                    .append(" control=").append(batch.isControlBatch())
                    .append(" horizon=").append(horizon ? Long.toString(raw.getLong(27)) : "-")
                    .append(" count=").append(batch.countOrNull());
        }
        text.append(" len=").append(batch.sizeInBytes());
        if (batch.isCompressed()) {
            text.append(" inner=").append(part(inner(batch, raw)));
        }
        for (Record record : batch) {
            record.ensureValid();
            text.append(";offset=").append(record.offset())
                    .append(" time=").append(record.timestamp())
                    .append(" key=").append(part(bytes(record.key())))
                    .append(" value=").append(part(bytes(record.value())));
            for (Header header : record.headers()) {
                text.append(" header=").append(part(header.key().getBytes(StandardCharsets.UTF_8)))
                        .append(':').append(part(header.value()));
            }
        }
        text.append('|');
    }

    /** What is inside a compressed batch, decompressed. */
    static byte[] inner(MutableRecordBatch batch, ByteBuffer raw) throws Exception {
        ByteBuffer packed;
        if (batch instanceof AbstractLegacyRecordBatch) {
            packed = ((AbstractLegacyRecordBatch) batch).outerRecord().value();
        } else {
            packed = raw.duplicate();
            packed.position(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
        }
        Object codec = codec(batch.compressionType());
        Class<?> type = codecClass();
        Method method = type.getMethod("wrapForInput", ByteBuffer.class, byte.class, BufferSupplier.class);
        method.setAccessible(true);
        try (InputStream in = (InputStream) method.invoke(codec, packed, batch.magic(), BufferSupplier.NO_CACHING)) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] chunk = new byte[1 << 16];
            for (int read = in.read(chunk); read > 0; read = in.read(chunk)) {
                out.write(chunk, 0, read);
            }
            return out.toByteArray();
        }
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

    // ---- conversion ----

    static byte[] converted(byte[] bytes, byte magic, long firstOffset) throws Exception {
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        Object converted = MemoryRecords.class.getMethod("downConvert", byte.class, long.class, Time.class)
                .invoke(records, magic, firstOffset, Time.SYSTEM);
        return bytes(((MemoryRecords) converted.getClass().getMethod("records").invoke(converted)).buffer());
    }

    /** All messages in one batch, as they are checked and appended. */
    static byte[] rebuilt(byte[] bytes) throws Exception {
        MemoryRecords messages = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        RecordBatch first = messages.batches().iterator().next();
        Fields fields = new Fields();
        boolean append = first.timestampType() == TimestampType.LOG_APPEND_TIME;
        fields.logAppendTime = append ? first.maxTimestamp() : -1;
        fields.baseOffset = messages.records().iterator().next().offset();
        MemoryRecordsBuilder builder = builder((byte) 2, first.compressionType(),
                append ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME, fields);
        for (Record record : messages.records()) {
            builder.appendWithOffset(record.offset(), record);
        }
        return bytes(builder.build().buffer());
    }

    // ---- what differs between the releases ----

    /** What a builder is told beside magic, codec and clock. */
    static class Fields {
        long baseOffset;
        long logAppendTime = -1;
        long producerId = -1;
        short producerEpoch = -1;
        int sequence = -1;
        boolean transactional;
        boolean control;
        int leaderEpoch = -1;
        long horizon = -1;
    }

    static Class<?> codecClass() {
        try {
            return Class.forName("org.apache.kafka.common.compress.Compression");
        } catch (ClassNotFoundException before38) {
            return CompressionType.class;
        }
    }

    static Object codec(CompressionType type) throws Exception {
        Class<?> codecs = codecClass();
        if (codecs == CompressionType.class) {
            return type;
        }
        Object builder = codecs.getMethod("of", CompressionType.class).invoke(null, type);
        return Class.forName(codecs.getName() + "$Builder").getMethod("build").invoke(builder);
    }

    static MemoryRecordsBuilder builder(byte magic, CompressionType codec, TimestampType clock, Fields fields)
            throws Exception {
        List<Object> arguments = new ArrayList<>(Arrays.asList(ByteBuffer.allocate(1 << 12), magic, codec(codec), clock,
                fields.baseOffset, fields.logAppendTime, fields.producerId, fields.producerEpoch, fields.sequence,
                fields.transactional, fields.control, fields.leaderEpoch, 1 << 12));
        Constructor<?> shorter = null;
        for (Constructor<?> constructor : MemoryRecordsBuilder.class.getConstructors()) {
            Class<?>[] types = constructor.getParameterTypes();
            boolean onBuffer = types[0] == ByteBuffer.class || types[0].getSimpleName().equals("ByteBufferOutputStream");
            if (onBuffer && types.length == arguments.size() + 1) {
                if (types[0] != ByteBuffer.class) {
                    arguments.set(0, types[0].getConstructor(ByteBuffer.class).newInstance(arguments.get(0)));
                }
                arguments.add(fields.horizon);
                return (MemoryRecordsBuilder) constructor.newInstance(arguments.toArray());
            }
            if (types[0] == ByteBuffer.class && types.length == arguments.size()) {
                shorter = constructor;
            }
        }
        if (fields.horizon >= 0) {
            throw new UnsupportedOperationException("no delete horizon in this release");
        }
        return (MemoryRecordsBuilder) shorter.newInstance(arguments.toArray());
    }

    // ---- making ----

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
            nextOffset = oneOf(0L, 1L, (long) random.nextInt(1_000_000), (1L << 40) + random.nextInt());
            switch (shape) {
                case "empty":
                    empty();
                    break;
                case "one":
                    batch(magic, codec, new Fields(), 1, 0);
                    break;
                case "many":
                    batch(magic, codec, new Fields(), 1_000, 0);
                    break;
                case "large":
                    large();
                    break;
                case "several":
                    for (int i = 0; i < 4; i++) {
                        batch(magic, codec, new Fields(), 1 + random.nextInt(5), 0);
                    }
                    break;
                case "mixed":
                    mixed();
                    break;
                case "partial": {
                    batch(magic, codec, new Fields(), 1 + random.nextInt(5), 0);
                    batch(magic, codec, new Fields(), 1 + random.nextInt(5), 0);
                    int whole = out.size();
                    batch(magic, codec, new Fields(), 1, 0);
                    int cut = whole + random.nextInt(out.size() - whole);
                    return Arrays.copyOf(out.toByteArray(), cut);
                }
                default:
                    some(shape);
            }
            return out.toByteArray();
        }

        /** Shapes that are one batch of a few records. */
        void some(String shape) throws Exception {
            Fields fields = new Fields();
            int count = 1 + random.nextInt(20);
            switch (shape) {
                case "headers":
                case "nulls":
                case "create-time":
                case "gaps":
                    break;
                case "append-time":
                    fields.logAppendTime = NOW + random.nextInt();
                    break;
                case "producer":
                    fields.producerId = oneOf(0L, random.nextLong() >>> 1, Long.MAX_VALUE);
                    fields.producerEpoch = (short) (random.nextInt() & Short.MAX_VALUE);
                    fields.sequence = oneOf(0, random.nextInt() >>> 1, Integer.MAX_VALUE - 2);
                    fields.transactional = random.nextBoolean();
                    fields.leaderEpoch = random.nextInt() >>> 1;
                    break;
                case "horizon":
                    fields.horizon = NOW + random.nextInt(1_000_000);
                    break;
                case "control":
                    control();
                    return;
                default:
                    throw new IllegalArgumentException(shape);
            }
            batch(magic, codec, fields, count, shapeBit(shape));
        }

        static final int HEADERS = 1;
        static final int NULLS = 2;
        static final int TIMES = 4;
        static final int GAPS = 8;

        static int shapeBit(String shape) {
            switch (shape) {
                case "headers":
                    return HEADERS;
                case "nulls":
                    return NULLS;
                case "create-time":
                    return TIMES;
                case "gaps":
                    return GAPS;
                default:
                    return 0;
            }
        }

        void batch(byte magic, CompressionType codec, Fields fields, int count, int bits) throws Exception {
            fields.baseOffset = nextOffset;
            boolean append = fields.logAppendTime >= 0 && magic > 0;
            TimestampType clock = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE
                    : append ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
            MemoryRecordsBuilder builder = builder(magic, codec, clock, fields);
            long first = NOW + random.nextInt(1_000_000);
            for (int i = 0; i < count; i++) {
                // In magic 2 a batch begins where it did before compaction; a set of
                // messages begins with its first.
                if ((bits & GAPS) != 0 && (magic == 2 || i > 0)) {
                    nextOffset += random.nextInt(oneOf(2, 100, 1_000_000));
                }
                // What the broker's time hides is known all the same.
                long time = magic == 0 ? -1 : append ? first + i
                        : (bits & TIMES) == 0 ? first + i + random.nextInt(10)
                        : oneOf(first, -1L, 0L, first - random.nextInt(1 << 20), 1L << 50, first + i);
                byte[] key = random.nextInt(3) == 0 ? null : bytes(random.nextInt(12));
                byte[] value = random.nextInt(8) == 0 ? null : bytes(random.nextInt(100));
                if ((bits & NULLS) != 0) {
                    key = random.nextBoolean() ? null : random.nextBoolean() ? new byte[0] : key;
                    value = random.nextBoolean() ? null : random.nextBoolean() ? new byte[0] : value;
                }
                Header[] headers = new Header[(bits & HEADERS) != 0 ? random.nextInt(5) : 0];
                for (int h = 0; h < headers.length; h++) {
                    headers[h] = header();
                }
                builder.appendWithOffset(nextOffset, time, key, value, headers);
                nextOffset++;
            }
            add(builder);
        }

        Header header() {
            String key = oneOf("", "a", "a", "trace-id", "ключ", "\ud83d\udd11", "k".repeat(70));
            byte[] value = oneOf(null, new byte[0], bytes(1), bytes(200));
            return new RecordHeader(key, value);
        }

        /** What compaction leaves of a batch; the builder without a record gives nothing. */
        void empty() throws Exception {
            if (magic < 2 || codec != CompressionType.NONE) {
                Fields fields = new Fields();
                TimestampType clock = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME;
                add(builder(magic, codec, clock, fields));
                return;
            }
            ByteBuffer buffer = ByteBuffer.allocate(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
            boolean transactional = random.nextBoolean();
            DefaultRecordBatch.writeEmptyHeader(buffer, magic, random.nextInt(1000), (short) random.nextInt(100),
                    random.nextInt(1000), nextOffset, nextOffset + random.nextInt(1000), random.nextInt(100),
                    oneOf(TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME), oneOf(-1L, NOW),
                    transactional, transactional && random.nextBoolean());
            out.write(buffer.array());
        }

        /** A record of 1 MiB, and as much in small ones: many blocks of any codec. */
        void large() throws Exception {
            Fields fields = new Fields();
            fields.baseOffset = nextOffset;
            TimestampType clock = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME;
            MemoryRecordsBuilder builder = builder(magic, codec, clock, fields);
            long time = magic == 0 ? -1 : NOW;
            byte[] value = new byte[1 << 20];
            boolean incompressible = random.nextBoolean();
            for (int i = 0; i < value.length; i++) {
                value[i] = incompressible ? (byte) random.nextInt() : (byte) "kafka ".charAt(i % 6);
            }
            builder.appendWithOffset(nextOffset++, time, bytes(3), value);
            for (int i = 0; i < 200; i++) {
                builder.appendWithOffset(nextOffset++, time, null, words(500 + random.nextInt(500)));
            }
            add(builder);
        }

        void mixed() throws Exception {
            for (byte magic = 0; magic <= this.magic; magic++) {
                batch(magic, CompressionType.NONE, new Fields(), 1 + random.nextInt(4), 0);
                if (magic == 2 || codec != CompressionType.ZSTD) {
                    batch(magic, codec, new Fields(), 1 + random.nextInt(4), 0);
                }
                Fields append = new Fields();
                append.logAppendTime = NOW + 5;
                batch(magic, CompressionType.NONE, append, 2, 0);
            }
            for (int i = 0; i < 3; i++) {
                byte magic = (byte) random.nextInt(this.magic + 1);
                batch(magic, CompressionType.GZIP, new Fields(), 1 + random.nextInt(4), 0);
                batch(magic, oneOf(CompressionType.LZ4, CompressionType.SNAPPY), new Fields(), 3, 0);
            }
        }

        // ---- control records ----

        void control() throws Exception {
            Fields fields = new Fields();
            fields.control = true;
            fields.baseOffset = nextOffset;
            fields.leaderEpoch = random.nextInt(100);
            int kind = random.nextInt(6);
            if (kind == 0) {
                fields.transactional = true;
                fields.producerId = random.nextInt(1000);
                fields.producerEpoch = (short) random.nextInt(100);
                MemoryRecordsBuilder builder = builder(magic, codec, TimestampType.CREATE_TIME, fields);
                ControlRecordType end = oneOf(ControlRecordType.COMMIT, ControlRecordType.ABORT);
                builder.appendEndTxnMarker(NOW, new EndTransactionMarker(end, random.nextInt(1000)));
                add(builder);
                return;
            }
            MemoryRecordsBuilder builder = builder(magic, codec, TimestampType.CREATE_TIME, fields);
            int id = random.nextInt(100);
            String voters = "[{\"voterId\":" + id + "},{\"voterId\":7}]";
            message(builder, "appendLeaderChangeMessage", "{\"version\":0,\"leaderId\":" + id + ",\"voters\":"
                    + voters + ",\"grantingVoters\":" + voters + "}");
            message(builder, "appendSnapshotHeaderMessage", "{\"version\":0,\"lastContainedLogTimestamp\":" + NOW + "}");
            message(builder, "appendKRaftVersionMessage", "{\"version\":0,\"kRaftVersion\":1}");
            message(builder, "appendVotersMessage", "{\"version\":0,\"voters\":[{\"voterId\":" + id
                    + ",\"voterDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAQ\",\"endpoints\":[{\"name\":\"CONTROLLER\","
                    + "\"host\":\"localhost\",\"port\":9093}],\"kRaftVersionFeature\":{\"minSupportedVersion\":0,"
                    + "\"maxSupportedVersion\":1}}]}");
            message(builder, "appendSnapshotFooterMessage", "{\"version\":0}");
            add(builder);
        }

        /** Appends a control record, where the release has that kind. */
        void message(MemoryRecordsBuilder builder, String append, String json) throws Exception {
            for (Method method : MemoryRecordsBuilder.class.getMethods()) {
                if (method.getName().equals(append)) {
                    Class<?> type = method.getParameterTypes()[1];
                    Object message = Class.forName(type.getName() + "JsonConverter")
                            .getMethod("read", JsonNode.class, short.class)
                            .invoke(null, new ObjectMapper().readTree(json), (short) 0);
                    method.invoke(builder, NOW, message);
                }
            }
        }

        // ---- small things ----

        void add(MemoryRecordsBuilder builder) throws Exception {
            out.write(RecordOracle.bytes(builder.build().buffer()));
        }

        byte[] bytes(int len) {
            byte[] bytes = new byte[len];
            random.nextBytes(bytes);
            return bytes;
        }

        byte[] words(int len) {
            StringBuilder text = new StringBuilder();
            while (text.length() < len) {
                text.append(oneOf("shipped ", "ordered ", "paid ", "customer ")).append(random.nextInt(10_000));
            }
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }

        @SafeVarargs
        final <T> T oneOf(T... choices) {
            return choices[random.nextInt(choices.length)];
        }
    }
}
