/** What was read, and whether it was every record once. */
final class Check {
    long records;
    long bytes;
    long sum;

    void read(byte[] value) {
        records++;
        bytes += value.length;
        sum += Payload.head(value);
    }

    void add(Check other) {
        records += other.records;
        bytes += other.bytes;
        sum += other.sum;
    }

    void verify(Job job) {
        boolean replayed = job.topic.startsWith("null-");
        if (records < job.records || (!replayed && records > job.records)) {
            throw new IllegalStateException(records + " records read, not " + job.records);
        }
        byte[][] values = Payload.values(job);
        long expected = 0;
        for (int n = 0; n < values.length; n++) {
            long times = job.records / values.length + (n < job.records % values.length ? 1 : 0);
            expected += times * Payload.head(values[n]);
        }
        if (!replayed && sum != expected) {
            throw new IllegalStateException("sum " + sum + ", not " + expected);
        }
    }
}
