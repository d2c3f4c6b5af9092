// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** Workers that walk a long list. */
final class TreeWalk {
    private static final int NODES = 40_000;

    private static long down(int left) {
        return left == 0 ? 0 : 1 + down(left - 1);
    }

    private static long along(int left) {
        long sum = 0;
        for (int i = 0; i < left; i++) {
            sum += 1;
        }
        return sum;
    }

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        for (int i = 0; i < 60; i++) {
            Thread t = new Thread(() -> {
                long sum = repaired ? along(NODES) : down(NODES);
                try {
                    Thread.sleep(sum + Integer.MAX_VALUE);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }, "branch-walk-" + i);
            t.setDaemon(true);
            t.start();
        }
        Pace.keep(10, Integer.MAX_VALUE, i -> { });
    }
}
