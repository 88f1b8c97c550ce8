import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Scenarios of Kafka's own tools and of its Java client.
 *
 * <p>Usage: {@code Main BOOTSTRAP SCENARIO...}, or {@code Main --list}.
 */
public final class Main {
    /** What prints a transcript; its name is also the name of its topic. */
    interface Scenario {
        void run(String bootstrap, String name) throws Exception;
    }

    public static void main(String[] arguments) {
        Map<String, Scenario> all = new LinkedHashMap<>();
        all.putAll(ConsoleScenarios.all());
        all.putAll(AdminScenarios.all());
        all.putAll(GroupScenarios.all());
        all.putAll(ClientScenarios.all());
        if (arguments.length == 1 && arguments[0].equals("--list")) {
            all.keySet().forEach(Transcript::say);
            return;
        }
        if (arguments.length < 2) {
            System.err.println("usage: Main BOOTSTRAP SCENARIO...");
            System.exit(2);
        }
        for (int at = 1; at < arguments.length; at++) {
            String name = arguments[at];
            Transcript.say("== " + name);
            try {
                Scenario scenario = all.get(name);
                if (scenario == null) {
                    Transcript.say("no such scenario");
                } else {
                    scenario.run(arguments[0], name);
                }
            } catch (Throwable problem) {
                // The transcript tells; the other scenarios go on.
                problem.printStackTrace();
                Transcript.say("scenario ended by " + Transcript.outcome(problem));
            }
        }
        System.exit(0);
    }
}
