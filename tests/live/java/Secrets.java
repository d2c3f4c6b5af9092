// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;

/** A quiet JVM whose options, arguments, environment and thread names hold secrets. */
public class Secrets {
    static String held; // in the heap, and in no name

    public static void main(String[] args) throws Exception {
        held = new StringBuilder("peehavaJehtnidednuoseulav").reverse().toString();
        byte[][] kept = new byte[24][];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = new byte[1 << 19];
        }
        ByteBuffer direct = ByteBuffer.allocateDirect(3 << 20);
        for (int i = 0; i < direct.capacity(); i += 4096) {
            direct.put(i, (byte) 1);
        }
        sleeper("worker token=" + args[0]);
        sleeper("\u0440\u0430\u0431\u043e\u0442\u0430 password=" + args[1]); // kept as UTF-16
        System.gc();
        Thread.sleep(500);
        System.out.println("ready");
        Thread.sleep(Long.MAX_VALUE / 2);
        System.out.println(kept.length + direct.capacity());
    }

    private static void sleeper(String name) {
        Thread t = new Thread(() -> {
            try {
                Thread.sleep(Long.MAX_VALUE / 2);
            } catch (InterruptedException e) {
                // the end
            }
        }, name);
        t.setDaemon(true);
        t.start();
    }
}
