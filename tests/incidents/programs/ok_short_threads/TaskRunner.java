// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** A thread for each task. */
final class TaskRunner {
    public static void main(String[] args) throws Throwable {
        Pace.keep(40, Integer.MAX_VALUE, i -> {
            Thread t = new Thread(() -> {
                try {
                    Thread.sleep(200);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            t.setDaemon(true);
            t.start();
        });
    }
}
