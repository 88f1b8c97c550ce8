import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/**
 * Kafka's own message classes, asked line by line; columns are separated by tabs.
 *
 * <pre>
 * range CLASS                      lowest TAB highest version, or "none" without such a class
 * make  CLASS VERSION KIND SEED    a message: bytes in hex TAB Kafka's JSON form of it
 * read  CLASS VERSION HEX          the same bytes, read to their end and written again, and their JSON form
 * </pre>
 *
 * An answer that begins with "!" tells what Kafka's classes threw.
 */
public class MessageOracle {
    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        String line;
        while ((line = in.readLine()) != null) {
            String answer;
            try {
                answer = answer(line.split("\t", -1));
            } catch (InvocationTargetException error) {
                answer = "!" + error.getCause();
            } catch (Throwable error) {
                answer = "!" + error;
            }
            out.print(answer.replace('\n', ' ').replace('\r', ' ') + "\n");
            if (!in.ready()) out.flush();
        }
        out.flush();
    }

    static String answer(String[] words) throws Exception {
        if (words[0].equals("range")) return Kind.range(words[1]);
        Kind kind = Kind.of(words[1]);
        short version = Short.parseShort(words[2]);
        if (words[0].equals("make")) return kind.shown(Maker.make(kind, version, words[3], Long.parseLong(words[4])), version);
        return kind.shown(kind.read(HexFormat.of().parseHex(words[3]), version), version);
    }

    /** One message class, what converts it, and its definition. */
    static final class Kind {
        private static final Map<String, Kind> KNOWN = new HashMap<>();
        private static final ObjectMapper JSON = new ObjectMapper().configure(JsonParser.Feature.ALLOW_COMMENTS, true);
        final Class<?> data;
        final JsonNode definition;
        private final Method fromJson;
        private final Method toJson;

        private Kind(String name) throws Exception {
            data = Class.forName(name);
            Class<?> converter = Class.forName(name + "JsonConverter");
            fromJson = converter.getMethod("read", JsonNode.class, short.class);
            toJson = converter.getMethod("write", data, short.class, boolean.class);
            try (InputStream file = definition(data.getSimpleName())) {
                definition = JSON.readTree(file);
            }
        }

        static Kind of(String name) throws Exception {
            Kind kind = KNOWN.get(name);
            if (kind == null) KNOWN.put(name, kind = new Kind(name));
            return kind;
        }

        static String range(String name) throws Exception {
            try {
                Class<?> data = Class.forName(name);
                return data.getField("LOWEST_SUPPORTED_VERSION").getShort(null) + "\t" + data.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
            } catch (ClassNotFoundException error) {
                return "none";
            }
        }

        private static InputStream definition(String name) {
            InputStream file = MessageOracle.class.getClassLoader().getResourceAsStream("common/message/" + name + ".json");
            // FetchRequestData is that of FetchRequest.
            return file != null || !name.endsWith("Data") ? file : definition(name.substring(0, name.length() - "Data".length()));
        }

        Message defaults() throws Exception {
            return (Message) data.getConstructor().newInstance();
        }

        Message fromJson(JsonNode node, short version) throws Exception {
            return (Message) fromJson.invoke(null, node, version);
        }

        Message read(byte[] bytes, short version) throws Exception {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            Message message = (Message) data.getConstructor(Readable.class, short.class).newInstance(new ByteBufferAccessor(buffer), version);
            if (buffer.hasRemaining()) throw new IllegalStateException(buffer.remaining() + " bytes left over");
            return message;
        }

        byte[] write(Message message, short version) {
            ObjectSerializationCache cache = new ObjectSerializationCache();
            ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
            message.write(new ByteBufferAccessor(buffer), cache, version);
            if (buffer.hasRemaining()) throw new IllegalStateException("wrote less than the size it told");
            return buffer.array();
        }

        String shown(Message message, short version) throws Exception {
            return HexFormat.of().formatHex(write(message, version)) + "\t" + toJson.invoke(null, message, version, false);
        }
    }

    /** Random messages of one definition in one version. */
    static final class Maker {
        private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
        private static final String[] TEXTS = {"é", "ß", "€", "𝄞", "🔑", "ключ", "\"", "\\", "\n", "\0", "/", "\u2028"};
        private final Random random;
        private final JsonNode definition;
        private final short version;
        private final String kind;
        /** Values that may still be made, so that arrays in arrays stay within reason. */
        private int budget = 4000;

        private Maker(JsonNode definition, short version, String kind, long seed) {
            this.definition = definition;
            this.version = version;
            this.kind = kind;
            this.random = new Random(seed);
        }

        /** Kinds: "defaults", "empty" (null or nothing wherever it may be), "full" (neither null nor empty), "random". */
        static Message make(Kind of, short version, String kind, long seed) throws Exception {
            Maker maker = new Maker(of.definition, version, kind, seed);
            if (kind.equals("defaults")) {
                Message message = of.defaults();
                try {
                    of.write(message, version);
                    return message;
                } catch (RuntimeException error) {
                    // A default that this version does not allow, such as null.
                    return make(of, version, "empty", seed);
                }
            }
            Message message = of.fromJson(maker.structure(of.definition.get("fields")), version);
            boolean flexible = in(of.definition.get("flexibleVersions"), version);
            if (flexible && !kind.equals("empty")) maker.addUnknown(message, of.definition.get("fields"));
            return message;
        }

        private boolean is(String other) {
            return kind.equals(other);
        }

        private ObjectNode structure(JsonNode fields) {
            ObjectNode node = NODES.objectNode();
            for (JsonNode field : fields) {
                if (!carries(field)) continue;
                boolean tagged = field.has("tag") && in(field.get("taggedVersions"), version);
                if (tagged && (is("empty") || is("random") && random.nextBoolean())) continue;
                boolean nullable = in(field.get("nullableVersions"), version);
                boolean isNull = nullable && (is("empty") || is("random") && random.nextInt(3) == 0);
                node.set(name(field), isNull ? NullNode.instance : value(field.get("type").asText(), field));
            }
            return node;
        }

        private JsonNode value(String type, JsonNode field) {
            budget--;
            if (type.startsWith("[]")) return array(type.substring(2), field);
            switch (type) {
                case "bool": return NODES.booleanNode(random.nextBoolean());
                case "int8": return NODES.numberNode((short) (byte) integer(8));
                case "int16": return NODES.numberNode((short) integer(16));
                case "uint16": return NODES.numberNode((int) (integer(16) & 0xffff));
                case "int32": return NODES.numberNode((int) integer(32));
                case "uint32": return NODES.numberNode(integer(32) & 0xffffffffL);
                case "int64": return NODES.numberNode(integer(64));
                case "float64": return NODES.numberNode(floating());
                case "string": return NODES.textNode(text());
                case "uuid": return NODES.textNode(new Uuid(integer(64), integer(64)).toString());
                case "bytes": case "records": return NODES.binaryNode(bytes(length(300)));
                default: return structure(fieldsOf(type, field));
            }
        }

        private JsonNode fieldsOf(String type, JsonNode field) {
            if (field.has("fields")) return field.get("fields");
            for (JsonNode common : definition.get("commonStructs"))
                if (common.get("name").asText().equals(type)) return common.get("fields");
            throw new IllegalStateException("no structure " + type);
        }

        private ArrayNode array(String type, JsonNode field) {
            ArrayNode array = NODES.arrayNode();
            boolean primitive = Character.isLowerCase(type.charAt(0));
            int count = is("empty") ? 0 : is("full") ? 1 + random.nextInt(2) : random.nextInt(4);
            if (is("random") && random.nextInt(25) == 0) count = primitive ? 100 + random.nextInt(900) : 130;
            for (int i = 0; i < count && budget > 0; i++) array.add(value(type, field));
            return array;
        }

        /** A number of this many bits, often at an edge. */
        private long integer(int bits) {
            long max = bits == 64 ? Long.MAX_VALUE : (1L << (bits - 1)) - 1;
            switch (random.nextInt(8)) {
                case 0: return 0;
                case 1: return -1;
                case 2: return max;
                case 3: return -max - 1;
                case 4: return random.nextInt(100);
                default: return random.nextLong() >> (64 - bits);
            }
        }

        private double floating() {
            double[] edges = {0.0, -0.0, Double.MAX_VALUE, -Double.MAX_VALUE, Double.MIN_VALUE, Double.MIN_NORMAL, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
            return random.nextInt(3) == 0 ? edges[random.nextInt(edges.length)] : random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
        }

        private int length(int large) {
            if (is("empty")) return 0;
            int length = random.nextInt(30) == 0 ? large / 2 + random.nextInt(large) : random.nextInt(12);
            return is("full") ? Math.max(length, 1) : length;
        }

        private String text() {
            StringBuilder text = new StringBuilder();
            for (int left = length(200); left > 0; left--)
                text.append(random.nextInt(9) == 0 ? TEXTS[random.nextInt(TEXTS.length)] : String.valueOf((char) ('a' + random.nextInt(26))));
            return text.toString();
        }

        private byte[] bytes(int length) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }

        /** Tagged fields of a later version than Kafka knows, in any structure. */
        private void addUnknown(Message message, JsonNode fields) throws Exception {
            if (random.nextInt(3) == 0) {
                int tag = 100;
                for (int left = 1 + random.nextInt(3); left > 0; left--) {
                    tag += 1 + random.nextInt(random.nextInt(4) == 0 ? 1 << 28 : 300);
                    message.unknownTaggedFields().add(new RawTaggedField(tag, bytes(random.nextInt(6))));
                }
            }
            for (JsonNode field : fields) {
                String type = field.get("type").asText().replace("[]", "");
                // What is absent stays as it is, or it could not be written.
                if (Character.isLowerCase(type.charAt(0)) || !carries(field)) continue;
                Object found = message.getClass().getMethod(name(field)).invoke(message);
                JsonNode inner = fieldsOf(type, field);
                if (found instanceof Message structure) addUnknown(structure, inner);
                if (found instanceof Collection<?> all)
                    for (Object structure : all) addUnknown((Message) structure, inner);
            }
        }

        /** The name in JSON, and that of the getter. */
        private static String name(JsonNode field) {
            String name = field.get("name").asText();
            return Character.toLowerCase(name.charAt(0)) + name.substring(1);
        }

        private boolean carries(JsonNode field) {
            return in(field.has("versions") ? field.get("versions") : field.get("taggedVersions"), version);
        }

        /** Whether a version range of a definition, such as "0-3" or "2+", has the version. */
        private static boolean in(JsonNode range, int version) {
            if (range == null || range.asText().equals("none")) return false;
            String text = range.asText();
            if (text.endsWith("+")) return version >= Integer.parseInt(text.substring(0, text.length() - 1));
            String[] ends = text.split("-");
            return version >= Integer.parseInt(ends[0]) && version <= Integer.parseInt(ends[ends.length - 1]);
        }
    }
}
