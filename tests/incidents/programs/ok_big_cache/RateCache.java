// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;

/** A cache that was filled at start. */
final class RateCache {
    private static final List<long[]> CACHE = new ArrayList<>();
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        for (int i = 0; i < 110 * 64; i++) {
            CACHE.add(new long[2046]);
        }
        Pace.keep(50, Integer.MAX_VALUE, i -> {
            CACHE.set(i % CACHE.size(), new long[2046]);
            garbage = new byte[200_000];
        });
    }
}
