/** What to do; contract/src/job.rs tells what each means. Settings that are null were not given. */
final class Job {
    String role;
    String bootstrap = "";
    String topic = "";
    int partitions = 6;
    int tasks = 1;
    long records = 1_000_000;
    long warmup = 0;
    int size = 100;
    int rate = 10_000;
    String acks = "all";
    String codec = "none";
    String mode = "default";
    String payload = "random";
    Integer lingerMs;
    Integer batchBytes;
    Integer inFlight;

    static Job parse(String[] arguments) {
        Job job = new Job();
        if (arguments.length % 2 == 0) {
            throw new IllegalArgumentException("a role, then arguments with their values");
        }
        job.role = arguments[0];
        for (int at = 1; at < arguments.length; at += 2) {
            String value = arguments[at + 1];
            switch (arguments[at]) {
                case "--bootstrap" -> job.bootstrap = value;
                case "--topic" -> job.topic = value;
                case "--partitions" -> job.partitions = Integer.parseInt(value);
                case "--tasks" -> job.tasks = Integer.parseInt(value);
                case "--records" -> job.records = Long.parseLong(value);
                case "--warmup" -> job.warmup = Long.parseLong(value);
                case "--size" -> job.size = Integer.parseInt(value);
                case "--rate" -> job.rate = Integer.parseInt(value);
                case "--acks" -> job.acks = value;
                case "--codec" -> job.codec = value;
                case "--mode" -> job.mode = value;
                case "--payload" -> job.payload = value;
                case "--linger-ms" -> job.lingerMs = Integer.valueOf(value);
                case "--batch-bytes" -> job.batchBytes = Integer.valueOf(value);
                case "--in-flight" -> job.inFlight = Integer.valueOf(value);
                default -> throw new IllegalArgumentException("no argument " + arguments[at]);
            }
        }
        if (job.bootstrap.isEmpty() || job.topic.isEmpty()) {
            throw new IllegalArgumentException("--bootstrap and --topic are wanted");
        }
        return job;
    }
}
