// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;

/** The JVM of the golden captures: some heap, two direct buffers, two threads, and then quiet. */
public class Golden {
    static Object kept;

    public static void main(String[] args) throws Exception {
        byte[][] blocks = new byte[16][];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = new byte[300_000];
        }
        ByteBuffer[] direct = {ByteBuffer.allocateDirect(1 << 20), ByteBuffer.allocateDirect(300_000)};
        for (ByteBuffer b : direct) {
            for (int i = 0; i < b.capacity(); i += 4096) {
                b.put(i, (byte) 1);
            }
        }
        kept = new Object[] {blocks, direct};
        for (int i = 0; i < 2; i++) {
            Thread t = new Thread(() -> {
                try {
                    Thread.sleep(Long.MAX_VALUE / 2);
                } catch (InterruptedException e) {
                    // the end
                }
            }, "golden " + i);
            t.setDaemon(true);
            t.start();
        }
        System.gc();
        System.out.println("ready");
        Thread.sleep(Long.MAX_VALUE / 2);
    }
}
