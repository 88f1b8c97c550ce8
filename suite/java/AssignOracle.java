import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.MemberAssignment;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.apache.kafka.coordinator.group.modern.Assignment;
import org.apache.kafka.coordinator.group.modern.GroupSpecImpl;
import org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl;

/**
 * The assignors of Kafka's group coordinator, asked line by line.
 *
 * <pre>
 * ASSIGNOR TOPIC:COUNT,... MEMBER/INSTANCE/SUBSCRIBED.../ASSIGNED;...
 * </pre>
 *
 * Topics are ids; SUBSCRIBED are indexes of topics, joined by dots; ASSIGNED is
 * what the member had so far, as INDEX:PARTITION.PARTITION, joined by plus signs.
 * The answer holds MEMBER/ASSIGNED for each member in the order of their ids. One
 * that begins with "!" tells what was thrown.
 *
 * What the hash tables hold is put into them in the order of ids and numbers.
 */
public class AssignOracle {
    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        String line;
        while ((line = in.readLine()) != null) {
            String answer;
            try {
                answer = answer(line.split(" ", -1));
            } catch (Throwable error) {
                answer = "!" + error;
            }
            out.print(answer.replace('\n', ' ').replace('\r', ' ') + "\n");
            if (!in.ready()) out.flush();
        }
        out.flush();
    }

    static String answer(String[] words) {
        List<Uuid> topics = new ArrayList<>();
        Map<Uuid, Integer> counts = new HashMap<>();
        for (String topic : words[1].split(",")) {
            int colon = topic.indexOf(':');
            Uuid id = Uuid.fromString(topic.substring(0, colon));
            topics.add(id);
            counts.put(id, Integer.parseInt(topic.substring(colon + 1)));
        }
        var members = new TreeMap<String, MemberSubscriptionAndAssignmentImpl>();
        Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
        Set<Set<Uuid>> subscriptions = new HashSet<>();
        for (String member : words[2].split(";")) {
            String[] parts = member.split("/", -1);
            Set<Uuid> subscribed = new TreeSet<>(AssignOracle::byBytes);
            for (String index : some(parts[2], "\\.")) subscribed.add(topics.get(Integer.parseInt(index)));
            var assigned = new TreeMap<Uuid, Set<Integer>>(AssignOracle::byBytes);
            for (String part : some(parts[3], "\\+")) {
                int colon = part.indexOf(':');
                Uuid topic = topics.get(Integer.parseInt(part.substring(0, colon)));
                List<Integer> partitions = new ArrayList<>();
                for (String text : some(part.substring(colon + 1), "\\.")) {
                    int partition = Integer.parseInt(text);
                    partitions.add(partition);
                    owners.computeIfAbsent(topic, t -> new HashMap<>()).put(partition, parts[0]);
                }
                Collections.sort(partitions);
                assigned.put(topic, new HashSet<>(partitions));
            }
            subscriptions.add(new HashSet<>(subscribed));
            members.put(parts[0], new MemberSubscriptionAndAssignmentImpl(
                Optional.empty(),
                parts[1].isEmpty() ? Optional.empty() : Optional.of(parts[1]),
                new LinkedHashSet<>(subscribed),
                new Assignment(inHashTable(assigned))));
        }
        var type = subscriptions.size() == 1 ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS;
        ConsumerGroupPartitionAssignor assignor =
            words[0].equals("range") ? new RangeAssignor() : new UniformAssignor();
        GroupAssignment result = assignor.assign(
            new GroupSpecImpl(Collections.unmodifiableMap(inHashTable(members)), type, owners),
            new Describer(counts));
        var answer = new StringBuilder();
        for (String member : members.keySet()) {
            if (answer.length() > 0) answer.append(';');
            answer.append(member).append('/');
            MemberAssignment assignment = result.members().get(member);
            if (assignment == null) continue;
            var byIndex = new TreeMap<Integer, TreeSet<Integer>>();
            assignment.partitions().forEach((topic, partitions) ->
                byIndex.put(topics.indexOf(topic), new TreeSet<>(partitions)));
            List<String> texts = new ArrayList<>();
            byIndex.forEach((index, partitions) -> {
                List<String> numbers = partitions.stream().map(String::valueOf).toList();
                texts.add(index + ":" + String.join(".", numbers));
            });
            answer.append(String.join("+", texts));
        }
        return answer.toString();
    }

    /** A table that grows entry by entry. */
    static <K, V> Map<K, V> inHashTable(Map<K, V> sorted) {
        Map<K, V> table = new HashMap<>();
        sorted.forEach(table::put);
        return table;
    }

    static int byBytes(Uuid a, Uuid b) {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0 ? high : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    }

    static List<String> some(String text, String separator) {
        return text.isEmpty() ? List.of() : List.of(text.split(separator));
    }

    record Describer(Map<Uuid, Integer> counts) implements SubscribedTopicDescriber {
        public int numPartitions(Uuid topic) {
            return counts.getOrDefault(topic, -1);
        }

        public Set<String> racksForPartition(Uuid topic, int partition) {
            return Set.of();
        }
    }
}
