// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** Does something so often a second, until `most` times are done; then waits for its end. */
final class Pace {
    interface Step {
        void run(int number) throws Throwable;
    }

    private Pace() {
    }

    static void keep(double perSecond, int most, Step step) throws Throwable {
        long start = System.nanoTime();
        System.out.println("ready");
        for (int i = 0; i < most; i++) {
            step.run(i);
            long due = start + (long) ((i + 1) * 1e9 / perSecond) - System.nanoTime();
            if (due > 0) {
                Thread.sleep(due / 1_000_000, (int) (due % 1_000_000));
            }
        }
        System.out.println("done");
        Thread.sleep(Long.MAX_VALUE);
    }
}
