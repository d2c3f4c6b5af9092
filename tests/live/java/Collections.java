// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayDeque;

/** Allocates for some seconds so that every kind of collection comes: a live set that is renewed, large arrays, classes
 *  of threads, a few collections that are asked for. */
public class Collections {
    static final ArrayDeque<byte[]> KEPT = new ArrayDeque<>();
    static volatile Object sink;

    public static void main(String[] words) throws Exception {
        long end = System.nanoTime() + (long) (Double.parseDouble(words[0]) * 1e9);
        int keep = Integer.parseInt(words[1]); // of 16 KB pieces
        long round = 0, asked = System.nanoTime();
        System.out.println("ready");
        while (System.nanoTime() < end) {
            for (int i = 0; i < 64; i++) {
                sink = new byte[2048 + (i & 7) * 512];
            }
            KEPT.addLast(new byte[16 << 10]);
            if (KEPT.size() > keep) {
                KEPT.removeFirst();
            }
            if (++round % 5000 == 0) {
                sink = new byte[3 << 20];
            }
            if (System.nanoTime() - asked > 700_000_000L) {
                System.gc();
                asked = System.nanoTime();
            }
        }
    }
}
