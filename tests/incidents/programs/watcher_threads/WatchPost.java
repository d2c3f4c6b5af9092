// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A thread for each customer. */
final class WatchPost {
    public static void main(String[] args) throws Throwable {
        long wait = args[0].equals("repaired") ? 50 : Long.MAX_VALUE;
        Pace.keep(25, Integer.MAX_VALUE, i -> {
            Thread t = new Thread(() -> {
                try {
                    Thread.sleep(wait);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }, "price-watch-" + i);
            t.setDaemon(true);
            t.start();
        });
    }
}
