// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A program that makes garbage, and keeps a little. */
final class SlowFill {
    private static final byte[][] KEPT = new byte[64][];
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        Pace.keep(100, Integer.MAX_VALUE, i -> {
            garbage = new byte[120_000];
            KEPT[i % KEPT.length] = garbage;
        });
    }
}
