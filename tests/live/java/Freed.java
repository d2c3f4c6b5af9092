// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;

/** Makes malloc hold much that is free: blocks of 64 KB in its arena, all but one in 50 of them given back. */
public class Freed {
    static final int BLOCK = 64 << 10;
    static ByteBuffer[] blocks;

    public static void main(String[] count) throws Exception {
        blocks = new ByteBuffer[Integer.parseInt(count[0])];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = ByteBuffer.allocateDirect(BLOCK);
            for (int at = 0; at < BLOCK; at += 4096) blocks[i].put(at, (byte) i);
        }
        for (int i = 0; i < blocks.length; i++) if (i % 50 != 49) blocks[i] = null;
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(300);
        }
        System.out.println("ready");
        Thread.sleep(Long.MAX_VALUE / 2);
    }
}
