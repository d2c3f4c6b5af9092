// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Has a little of everything, says ready, and stands still until its input ends. */
public class Quiet {
    static final List<Object> KEEP = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        KEEP.add(new byte[24 << 20]);
        for (int i = 0; i < 8; i++) {
            KEEP.add(ByteBuffer.allocateDirect(1 << 20));
            Thread t = new Thread(() -> {
                synchronized (Quiet.class) {
                    try {
                        Quiet.class.wait();
                    } catch (InterruptedException e) {
                        // ends
                    }
                }
            }, "quiet-" + i);
            t.setDaemon(true);
            t.start();
        }
        Thread.sleep(500);
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until it ends
        }
    }
}
