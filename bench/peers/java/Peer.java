import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/** Kafka's own Java client as a peer program: the command line and the line of JSON of bench/peers. */
public final class Peer {
    /** The largest batch that a broker takes without being told otherwise, and a longer linger. */
    private static final int BEST_BATCH_BYTES = 1_000_000;
    private static final int BEST_LINGER_MS = 50;

    public static void main(String[] arguments) {
        try {
            Job job = Job.parse(arguments);
            Report report = switch (job.role) {
                case "produce" -> produce(job);
                case "consume" -> consume(job);
                case "latency" -> latency(job);
                default -> throw new IllegalArgumentException("no role " + job.role);
            };
            System.out.println(report.line(job));
            System.exit(0);
        } catch (Throwable problem) {
            problem.printStackTrace();
            System.exit(1);
        }
    }

    private static Report produce(Job job) throws Exception {
        TreeMap<String, String> settings = new TreeMap<>();
        try (KafkaProducer<byte[], byte[]> producer = producer(job, settings)) {
            byte[][] values = Payload.values(job);
            sendAll(job, producer, values, job.warmup);
            Meter meter = new Meter();
            sendAll(job, producer, values, job.records);
            return meter.report(job.records, job.records * job.size, settings);
        }
    }

    /** Sends the records and waits for every callback. */
    private static void sendAll(Job job, KafkaProducer<byte[], byte[]> producer, byte[][] values, long records)
            throws Exception {
        AtomicLong delivered = new AtomicLong();
        AtomicReference<Exception> failed = new AtomicReference<>();
        List<Thread> tasks = new ArrayList<>();
        for (int task = 0; task < job.tasks; task++) {
            long part = records / job.tasks + (task < records % job.tasks ? 1 : 0);
            tasks.add(new Thread(() -> {
                for (long n = 0; n < part; n++) {
                    byte[] value = values[(int) (n % values.length)];
                    producer.send(new ProducerRecord<>(job.topic, value), (metadata, problem) -> {
                        if (problem != null) {
                            failed.set(problem);
                        }
                        delivered.incrementAndGet();
                    });
                }
            }));
            tasks.get(task).start();
        }
        for (Thread task : tasks) {
            task.join();
        }
        producer.flush();
        if (failed.get() != null) {
            throw failed.get();
        }
        if (delivered.get() != records) {
            throw new IllegalStateException(delivered + " of " + records + " delivered");
        }
    }

    private static Report consume(Job job) throws Exception {
        long began = System.nanoTime();
        AtomicReference<Meter> first = new AtomicReference<>();
        Check[] checks = new Check[job.tasks];
        List<Thread> tasks = new ArrayList<>();
        for (int task = 0; task < job.tasks; task++) {
            int mine = task;
            tasks.add(new Thread(() -> checks[mine] = read(job, mine, first)));
            tasks.get(task).start();
        }
        Check total = new Check();
        for (int task = 0; task < job.tasks; task++) {
            tasks.get(task).join();
            total.add(checks[task]);
        }
        total.verify(job);
        TreeMap<String, String> settings = new TreeMap<>();
        settings.put("fetch.max.bytes", "52428800");
        settings.put("partition fetch bytes", "1048576");
        settings.put("max.poll.records", "500");
        settings.put("check.crcs", "true");
        settings.put("reads", "owned records");
        Report report = first.get().report(total.records, total.bytes, settings);
        report.put("first_record_ms", (first.get().at - began) / 1e6);
        return report;
    }

    private static Check read(Job job, int task, AtomicReference<Meter> first) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", job.bootstrap);
        properties.put("enable.auto.commit", "false");
        properties.put("key.deserializer", ByteArrayDeserializer.class);
        properties.put("value.deserializer", ByteArrayDeserializer.class);
        Check check = new Check();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
            List<TopicPartition> share = new ArrayList<>();
            long wanted = 0;
            for (int partition = task; partition < job.partitions; partition += job.tasks) {
                share.add(new TopicPartition(job.topic, partition));
                wanted += job.records / job.partitions + (partition < job.records % job.partitions ? 1 : 0);
            }
            consumer.assign(share);
            consumer.seekToBeginning(share);
            while (check.records < wanted) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    if (first.get() == null) {
                        first.compareAndSet(null, new Meter());
                    }
                    check.read(record.value());
                }
            }
        }
        return check;
    }

    private static Report latency(Job job) throws Exception {
        TreeMap<String, String> settings = new TreeMap<>();
        try (KafkaProducer<byte[], byte[]> producer = producer(job, settings)) {
            byte[][] values = Payload.values(job);
            sendAll(job, producer, values, job.warmup);
            int records = (int) job.records;
            long[] taken = new long[records];
            long[] late = new long[records];
            AtomicLong failed = new AtomicLong();
            Meter meter = new Meter();
            long start = System.nanoTime();
            for (int n = 0; n < records; n++) {
                int at = n;
                long due = start + n * 1_000_000_000L / job.rate;
                long ahead = due - System.nanoTime();
                if (ahead > 0) {
                    LockSupport.parkNanos(ahead);
                }
                late[n] = Math.max(0, System.nanoTime() - due) / 1000;
                producer.send(new ProducerRecord<>(job.topic, values[n % values.length]), (metadata, problem) -> {
                    if (problem != null) {
                        failed.incrementAndGet();
                    }
                    taken[at] = (System.nanoTime() - due) / 1000;
                });
            }
            producer.flush();
            if (failed.get() > 0) {
                throw new IllegalStateException(failed + " records failed");
            }
            Report report = meter.report(job.records, job.records * job.size, settings);
            report.put("latency_us", percentiles(taken));
            report.put("late_us", percentiles(late));
            return report;
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(Job job, TreeMap<String, String> settings) {
        boolean best = job.mode.equals("best");
        boolean idempotent = job.acks.equals("all");
        Properties properties = new Properties();
        properties.put("bootstrap.servers", job.bootstrap);
        properties.put("key.serializer", ByteArraySerializer.class);
        properties.put("value.serializer", ByteArraySerializer.class);
        properties.put("acks", job.acks);
        properties.put("enable.idempotence", String.valueOf(idempotent));
        properties.put("compression.type", job.codec);
        Integer linger = job.lingerMs;
        if (linger == null && best && !job.role.equals("latency")) {
            linger = BEST_LINGER_MS;
        }
        Integer batch = job.batchBytes == null && best ? Integer.valueOf(BEST_BATCH_BYTES) : job.batchBytes;
        if (linger != null) {
            properties.put("linger.ms", linger.toString());
        }
        if (batch != null) {
            properties.put("batch.size", batch.toString());
        }
        if (job.inFlight != null) {
            properties.put("max.in.flight.requests.per.connection", job.inFlight.toString());
        }
        settings.put("acks", job.acks);
        settings.put("idempotence", String.valueOf(idempotent));
        settings.put("linger", (linger == null ? 5 : linger) + " ms");
        settings.put("batch bytes", String.valueOf(batch == null ? 16384 : batch));
        settings.put("in flight", String.valueOf(job.inFlight == null ? 5 : job.inFlight));
        settings.put("codec", job.codec);
        return new KafkaProducer<>(properties);
    }

    private static String percentiles(long[] micros) {
        Arrays.sort(micros);
        return String.format(Locale.ROOT, "{\"p50\":%d,\"p99\":%d,\"p99.9\":%d,\"max\":%d}",
            at(micros, 0.5), at(micros, 0.99), at(micros, 0.999), at(micros, 1));
    }

    private static long at(long[] sorted, double share) {
        return sorted[Math.max((int) Math.ceil(share * sorted.length), 1) - 1];
    }

    /** A stretch of work, from when it is made. */
    private static final class Meter {
        final long at = System.nanoTime();
        final double[] cpu = cpu();

        Report report(long records, long bytes, TreeMap<String, String> settings) {
            double elapsed = (System.nanoTime() - at) / 1e9;
            double[] used = cpu();
            Report report = new Report();
            report.put("version", "\"" + AppInfoParser.getVersion() + "\"");
            report.put("records", records);
            report.put("bytes", bytes);
            report.put("elapsed_s", elapsed);
            report.put("user_s", used[0] - cpu[0]);
            report.put("system_s", used[1] - cpu[1]);
            List<String> fields = new ArrayList<>();
            settings.forEach((name, value) -> fields.add("\"" + name + "\":\"" + value + "\""));
            report.put("settings", "{" + String.join(",", fields) + "}");
            return report;
        }

        /** User and system seconds of this process so far, in hundredths of a second. */
        static double[] cpu() {
            try {
                String stat = Files.readString(Path.of("/proc/self/stat"));
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                return new double[] {Long.parseLong(fields[11]) / 100.0, Long.parseLong(fields[12]) / 100.0};
            } catch (Exception problem) {
                throw new IllegalStateException(problem);
            }
        }
    }

    /** The line at the end, field by field. */
    private static final class Report {
        private final TreeMap<String, String> fields = new TreeMap<>();

        void put(String name, Object value) {
            fields.put(name, String.valueOf(value));
        }

        String line(Job job) throws Exception {
            double[] whole = Meter.cpu();
            put("role", "\"" + job.role + "\"");
            put("whole_user_s", whole[0]);
            put("whole_system_s", whole[1]);
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmHWM:")) {
                    put("peak_rss_kib", line.replaceAll("[^0-9]", ""));
                }
            }
            List<String> all = new ArrayList<>();
            fields.forEach((name, value) -> all.add("\"" + name + "\":" + value));
            return "{" + String.join(",", all) + "}";
        }
    }
}
