// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A heap whose own classes have known populations: quiet, or while garbage is made at the rate given in MB a second. */
public class LiveObjects {
    static class Pair { Object left, right; long number; }
    static class Small { byte one; }
    static class Wide { long a, b, c, d, e, f, g; Object h; }
    static class Passing { final byte[] content = new byte[200]; }
    static final List<Object> KEPT = new ArrayList<>();
    static final Map<String, Pair> BY_NAME = new HashMap<>();
    static volatile Object sink;

    public static void main(String[] args) throws Exception {
        int rate = Integer.parseInt(args[0]);
        for (int i = 0; i < 60_000; i++) {
            Pair p = new Pair();
            p.left = new Small();
            p.right = i % 3 == 0 ? new Wide() : null;
            KEPT.add(p);
            if (i % 10 == 0) {
                BY_NAME.put("name " + i, p);
            }
        }
        for (int i = 0; i < 200; i++) {
            KEPT.add(new Pair[i]);
            KEPT.add(new long[i * 7]);
        }
        KEPT.add(new Small[700_000]); // a large one
        for (Class<?> c : new Class<?>[] {Thread.State.class, java.util.TreeMap.class, java.util.BitSet.class}) {
            KEPT.add(c);
        }
        System.gc();
        System.out.println("{\"LiveObjects$Pair\": 60000, \"LiveObjects$Small\": 60000, \"LiveObjects$Wide\": 20000,"
                + " \"[LLiveObjects$Pair;\": 200, \"[LLiveObjects$Small;\": 1}");
        System.out.println("ready");
        if (rate == 0) {
            Thread.sleep(Long.MAX_VALUE);
        }
        long start = System.nanoTime(), made = 0;
        while (true) {
            for (int i = 0; i < 1000; i++) {
                sink = new Passing();
            }
            made += 240_000;
            long ahead = made * 1000 / rate - (System.nanoTime() - start);
            if (ahead > 2_000_000) {
                Thread.sleep(ahead / 1_000_000);
            }
        }
    }
}
