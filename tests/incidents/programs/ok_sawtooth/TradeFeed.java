// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A feed of messages, of which the last ten thousand are kept. */
final class TradeFeed {
    private static final byte[][] LAST = new byte[10_000][];
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        int[] next = {0};
        Pace.keep(100, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 100; k++) {
                LAST[next[0]++ % LAST.length] = new byte[2000];
            }
            garbage = new byte[300_000];
        });
    }
}
