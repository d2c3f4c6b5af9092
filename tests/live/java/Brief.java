// SPDX-License-Identifier: Apache-2.0
/** Says ready at once; ends with its input, after a hook that takes its time where one was asked for. */
public class Brief {
    public static void main(String[] args) throws Exception {
        long slow = args.length > 0 ? Long.parseLong(args[0]) : 0;
        if (slow > 0) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try {
                    Thread.sleep(slow);
                } catch (InterruptedException e) {
                    // ends
                }
            }, "slow-hook"));
        }
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until it ends
        }
        System.exit(0);
    }
}
