// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A thread that tidies up. */
final class TidyUp {
    private static final byte[][] DATA = new byte[30][];
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        for (int i = 0; i < DATA.length; i++) {
            DATA[i] = new byte[1 << 20];
        }
        Pace.keep(2, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 100; k++) {
                garbage = new byte[25_000];
            }
            if (!repaired) {
                System.gc();
            }
        });
    }
}
