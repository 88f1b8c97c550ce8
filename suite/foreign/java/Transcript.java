import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.utils.Exit;

/** What every scenario prints with, and how tools are run inside this JVM. */
final class Transcript {
    private static final PrintStream OUT =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private static final long PATIENCE_MS = 40_000;

    private Transcript() {}

    /** One line of the transcript. */
    static void say(String line) {
        OUT.println(line);
    }

    /** An error by its class, without the text around it. */
    static String outcome(Throwable problem) {
        Throwable cause = problem;
        while ((cause instanceof ExecutionException || cause instanceof InvocationTargetException)
            && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String name = cause.getClass().getSimpleName();
        return cause instanceof KafkaException ? name : name + ": " + cause.getMessage();
    }

    /** Says how a call ended, and gives what it returned. */
    static <T> Optional<T> attempt(String what, Callable<T> call) {
        try {
            T result = call.call();
            say(what + ": ok");
            return Optional.ofNullable(result);
        } catch (Exception problem) {
            say(what + ": " + outcome(problem));
            return Optional.empty();
        }
    }

    /** Waits until a condition holds. */
    static void waitUntil(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (true) {
            try {
                if (condition.call()) {
                    return;
                }
            } catch (ExecutionException notYet) {
                // A coordinator that is being made, a topic that is not known yet.
            }
            if (System.currentTimeMillis() > deadline) {
                say("waited in vain for " + what);
                return;
            }
            Thread.sleep(50);
        }
    }

    static Admin admin(String bootstrap) {
        return Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    /** Makes a topic and waits until the metadata has all of it. */
    static void createTopic(String bootstrap, String name, int partitions) throws Exception {
        try (Admin admin = admin(bootstrap)) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) -1))).all().get();
            waitForTopic(admin, name, partitions);
        }
    }

    static void waitForTopic(Admin admin, String name, int partitions) throws Exception {
        waitUntil("topic " + name, () ->
            admin.describeTopics(List.of(name)).allTopicNames().get().get(name)
                .partitions().size() == partitions);
    }

    /** A tool's main class, told what it is to work on. */
    static String[] to(String bootstrap, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--bootstrap-server", bootstrap));
        all.addAll(Arrays.asList(arguments));
        return all.toArray(String[]::new);
    }

    /** Runs a tool and says what it prints and how it exits. */
    static void tool(String className, String input, String... arguments) throws Exception {
        tool(className, input, lines -> lines, arguments);
    }

    /** Runs a tool and says its output, which {@code shape} may cut and sort first. */
    static void tool(
        String className, String input, UnaryOperator<List<String>> shape, String... arguments)
        throws Exception {
        say("$ " + className.substring(className.lastIndexOf('.') + 1) + shown(arguments));
        List<String> lines = new ArrayList<>();
        // Its shutdown hook is the JVM's own.
        int status = className.equals("VerifiableProducer")
            ? child(className, lines, arguments)
            : run(className, input, lines, arguments);
        for (String line : shape.apply(lines)) {
            say("  " + line);
        }
        if (status != 0) {
            say("  exit status " + status);
        }
    }

    /** Runs a tool in a JVM of its own. */
    private static int child(String className, List<String> lines, String... arguments)
        throws Exception {
        List<String> command = new ArrayList<>(List.of(
            System.getProperty("java.home") + "/bin/java", "-Xmx256m", "-XX:TieredStopAtLevel=1",
            "-cp", System.getProperty("java.class.path"), "org.apache.kafka.tools." + className));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        process.getOutputStream().close();
        String printed =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        keep(printed, lines);
        return process.waitFor();
    }

    private static void keep(String printed, List<String> lines) {
        for (String line : printed.split("\n")) {
            // Where a tool shows a stack, its lines are the tool's business.
            if (!line.isBlank() && !line.matches("\\s+at .*\\(.*\\)")) {
                lines.add(normal(line));
            }
        }
    }

    /** Runs a tool's main method; its exit is caught, its shutdown hooks run. */
    private static int run(
        String className, String input, List<String> lines, String... arguments) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        List<Runnable> hooks = Collections.synchronizedList(new ArrayList<>());
        int[] status = {-1};
        Exit.Procedure leave = (code, message) -> {
            if (status[0] < 0) {
                status[0] = code;
            }
            throw new Left();
        };
        PrintStream out = System.out;
        InputStream in = System.in;
        Exit.setExitProcedure(leave);
        Exit.setHaltProcedure(leave);
        Exit.setShutdownHookAdder((hook, work) -> hooks.add(work));
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Class<?> main = Class.forName(
                className.startsWith("kafka.") ? className : "org.apache.kafka.tools." + className);
            forget(main);
            main.getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException ended) {
            if (!(ended.getCause() instanceof Left)) {
                throw ended;
            }
        } finally {
            for (Runnable hook : hooks) {
                hook.run();
            }
            System.setOut(out);
            System.setIn(in);
            Exit.resetExitProcedure();
            Exit.resetHaltProcedure();
            Exit.resetShutdownHookAdder();
        }
        keep(printed.toString(StandardCharsets.UTF_8), lines);
        return Math.max(status[0], 0);
    }

    /** The console consumer counts in a static field. */
    private static void forget(Class<?> tool) throws Exception {
        for (Field field : tool.getDeclaredFields()) {
            if (field.getName().equals("messageCount")) {
                field.setAccessible(true);
                field.setInt(null, 0);
            }
        }
    }

    private static String shown(String[] arguments) {
        StringBuilder all = new StringBuilder();
        for (int at = 0; at < arguments.length; at++) {
            if (arguments[at].equals("--bootstrap-server")) {
                at++;
            } else {
                all.append(' ').append(normal(arguments[at]));
            }
        }
        return all.toString();
    }

    /** Addresses, ids and times by their kind; errors without the words around them. */
    static String normal(String line) {
        return line
            .replaceAll("127\\.0\\.0\\.1:\\d+", "HOST")
            .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID")
            .replaceAll("TopicId: [A-Za-z0-9_-]{22}", "TopicId: ID")
            .replaceAll("/tmp/\\S+", "FILE")
            .replaceAll("(common\\.errors\\.\\w+): .*", "$1")
            .replaceAll("(Error while executing topic command) : .*", "$1")
            .replaceAll("\"timestamp\":\\d+", "\"timestamp\":0")
            .replaceAll("[ \\t]+", " ")
            .stripTrailing();
    }

    /** Ends a tool where it would end the JVM. */
    private static final class Left extends Error {
        private static final long serialVersionUID = 1;

        Left() {
            super("exit", null, false, false);
        }
    }
}
