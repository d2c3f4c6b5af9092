// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;

/** A fixed working set, parts of which are replaced. */
final class PriceIndex {
    private static final List<long[]> LISTS = new ArrayList<>();
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        for (int i = 0; i < 83 * 64; i++) {
            LISTS.add(new long[2046]);
        }
        Pace.keep(20, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 60; k++) {
                garbage = new byte[25_000];
            }
            for (int k = 0; k < 40; k++) {
                LISTS.set((i * 40 + k) % LISTS.size(), new long[2046]);
            }
        });
    }
}
