// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;

/** A cache of fixed size, parts of which are replaced. */
final class CacheKeeper {
    private static final List<long[]> CACHE = new ArrayList<>();
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        for (int i = 0; i < 50 * 64; i++) {
            CACHE.add(new long[2046]);
        }
        Pace.keep(20, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 40; k++) {
                garbage = new byte[25_000];
            }
            CACHE.set(i % CACHE.size(), new long[2046]);
        });
    }
}
