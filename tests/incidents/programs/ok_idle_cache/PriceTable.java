// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.HashMap;
import java.util.Map;

/** A large table that is loaded at start, and nobody asks at night. */
final class PriceTable {
    private static final Map<Integer, byte[]> PRICES = new HashMap<>();

    public static void main(String[] args) throws Throwable {
        for (int i = 0; i < 1000; i++) {
            PRICES.put(i, new byte[250_000]);
        }
        Pace.keep(1, Integer.MAX_VALUE, i -> { });
    }
}
