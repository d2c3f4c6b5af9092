// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A thread for each site. */
final class CrawlDesk {
    public static void main(String[] args) throws Throwable {
        int most = args[0].equals("repaired") ? 8 : Integer.MAX_VALUE;
        int[] next = {0};
        Pace.keep(20, Integer.MAX_VALUE, i -> {
            if (next[0] == most) {
                return;
            }
            Thread t = new Thread(() -> {
                try {
                    Thread.sleep(Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }, "site-fetch-" + next[0]);
            t.setDaemon(true);
            try {
                t.start();
                next[0]++;
            } catch (OutOfMemoryError e) { // no process left
                Thread.sleep(200);
            }
        });
    }
}
