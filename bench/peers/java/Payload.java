import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The records, as in contract/src/payload.rs: the same values, byte for byte. */
final class Payload {
    private static final int DISTINCT = 1024;
    private static final String[] PLACES = {"Lisbon", "Osaka", "Nairobi", "Quito", "Oslo", "Perth"};
    private static final String[] STATES = {"created", "paid", "shipped", "returned"};

    private long state;

    private Payload(long state) {
        this.state = state;
    }

    static byte[][] values(Job job) {
        byte[][] values = new byte[DISTINCT][];
        for (int n = 0; n < DISTINCT; n++) {
            values[n] = job.payload.equals("text")
                ? new Payload(n ^ 0x5eedL).text(job.size)
                : new Payload(n).random(job.size);
        }
        return values;
    }

    /** The first eight bytes, the least one first. */
    static long head(byte[] value) {
        long head = 0;
        for (int at = 0; at < Math.min(8, value.length); at++) {
            head |= (value[at] & 0xffL) << (8 * at);
        }
        return head;
    }

    private long next() {
        state += 0x9e3779b97f4a7c15L;
        long mixed = state;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    private long below(long limit) {
        return Long.remainderUnsigned(next(), limit);
    }

    private byte[] random(int size) {
        byte[] value = new byte[size];
        long word = 0;
        for (int at = 0; at < size; at++) {
            word = at % 8 == 0 ? next() : word >>> 8;
            value[at] = (byte) word;
        }
        return value;
    }

    private byte[] text(int size) {
        StringBuilder value = new StringBuilder();
        while (value.length() < size) {
            String place = PLACES[(int) below(6)];
            String order = STATES[(int) below(4)];
            value.append(String.format(Locale.ROOT,
                "[%d,{\"state\":\"%s\",\"city\":\"%s\",\"cents\":%d,\"at\":17%011d}],",
                100_000 + below(900_000), order, place, below(50_000), below(100_000_000_000L)));
        }
        return value.substring(0, size).getBytes(StandardCharsets.UTF_8);
    }
}
