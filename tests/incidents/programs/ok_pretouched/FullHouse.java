// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A program that makes garbage. */
final class FullHouse {
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        Pace.keep(100, Integer.MAX_VALUE, i -> garbage = new byte[100_000]);
    }
}
