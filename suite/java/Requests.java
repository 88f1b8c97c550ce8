import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;

/**
 * Sends requests that stand in lines, "NAME VERSION JSON", to the broker at the
 * address given, and prints each answer as a line of JSON, or "closed" where the
 * broker hangs up; without what differs between any two clusters. Kafka's own classes write and read the messages.
 *
 * A line "pause MS" waits, for what brokers do a moment after they have answered.
 */
public class Requests {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MESSAGES = "org.apache.kafka.common.message.";

    private static final List<String> LEFT_OUT = List.of("documentation");
    private static final Set<String> IN_ORDER =
        Set.of("replicaNodes", "isrNodes", "synonyms", "replicas", "isr");
    private static final Set<String> IDS = Set.of("topicId", "clusterId");
    private static final Set<String> NUMBERS = Set.of("port", "highWatermark", "logEndOffset",
        "lastFetchTimestamp", "lastCaughtUpTimestamp", "finalizedFeaturesEpoch");
    /** The id of zeros. */
    private static final String NO_ID = "AAAAAAAAAAAAAAAAAAAAAA";

    private final String host;
    private final int port;
    private Socket socket;
    private int correlationId = 0;

    private Requests(String address) {
        int colon = address.lastIndexOf(':');
        host = address.substring(0, colon);
        port = Integer.parseInt(address.substring(colon + 1));
    }

    public static void main(String[] arguments) throws Exception {
        Requests broker = new Requests(arguments[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", 3);
            if (words[0].equals("pause")) {
                Thread.sleep(Long.parseLong(words[1]));
            } else {
                System.out.println(broker.ask(words[0], Short.parseShort(words[1]), words[2]));
            }
        }
    }

    private String ask(String api, short version, String json) throws Exception {
        Method read = Class.forName(MESSAGES + api + "RequestDataJsonConverter")
            .getMethod("read", JsonNode.class, short.class);
        Message request = (Message) read.invoke(null, JSON.readTree(json), version);
        RequestHeader header = new RequestHeader(key(api), version, "requests", ++correlationId);
        RequestHeaderData data = header.data();
        byte[] body = bytes(RequestUtils.serialize(data, header.headerVersion(), request, version));
        try {
            if (socket == null) {
                socket = new Socket(host, port);
                socket.setSoTimeout(20_000);
            }
            ByteBuffer frame = ByteBuffer.allocate(4 + body.length).putInt(body.length).put(body);
            socket.getOutputStream().write(frame.array());
            DataInputStream input = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[input.readInt()];
            input.readFully(answer);
            AbstractResponse response = AbstractResponse.parseResponse(ByteBuffer.wrap(answer), header);
            Class<?> type = Class.forName(MESSAGES + api + "ResponseData");
            Method write = Class.forName(MESSAGES + api + "ResponseDataJsonConverter")
                .getMethod("write", type, short.class);
            JsonNode plain = (JsonNode) write.invoke(null, response.data(), version);
            return JSON.writeValueAsString(comparable("", plain));
        } catch (EOFException | SocketException closed) {
            socket = null;
            return "\"closed\"";
        }
    }

    /** The answer without what differs between any two clusters, lists in one order. */
    private static JsonNode comparable(String name, JsonNode node) {
        if (node.isObject()) {
            ObjectNode object = JSON.createObjectNode();
            node.fields().forEachRemaining(field -> {
                JsonNode value = comparable(field.getKey(), field.getValue());
                object.set(field.getKey(), value);
            });
            object.remove(LEFT_OUT);
            return object;
        }
        if (node.isArray()) {
            List<JsonNode> items = new ArrayList<>();
            node.forEach(item -> items.add(comparable(name, item)));
            if (!IN_ORDER.contains(name)) {
                items.sort(Comparator.comparing(JsonNode::toString));
            }
            return JSON.createArrayNode().addAll(items);
        }
        if (name.equals("errorMessage")) {
            return BooleanNode.valueOf(!node.asText("").isEmpty() && !node.isNull());
        }
        if (IDS.contains(name) && !NO_ID.equals(node.asText()) && !node.asText().isEmpty()) {
            return new TextNode("some id");
        }
        return NUMBERS.contains(name) ? new TextNode("some number") : node;
    }

    private static ApiKeys key(String api) {
        for (ApiKeys key : ApiKeys.values()) {
            if (key.name.equals(api)) {
                return key;
            }
        }
        throw new IllegalArgumentException("no API is called " + api);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
