// SPDX-License-Identifier: Apache-2.0
/** Starts as many threads as it is told to, which wait; their stacks are thousands of short runs of pages. */
public class ManyThreads {
    public static void main(String[] args) throws Exception {
        for (int i = Integer.parseInt(args[0]); i > 0; i--) {
            Thread t = new Thread(null, ManyThreads::sleep, "many-" + i, 200_000);
            t.setDaemon(true);
            t.start();
        }
        System.out.println("ready");
        sleep();
    }

    static void sleep() {
        try {
            Thread.sleep(1_000_000_000L);
        } catch (InterruptedException e) {
            // ends
        }
    }
}
