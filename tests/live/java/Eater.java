// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Eater MB_A_SECOND WAIT_MS: after a while, direct buffers at that speed until somebody stops it. */
public class Eater {
    static final int SIZE = 1 << 20, PAGE = 4096;
    static final List<ByteBuffer> KEPT = new ArrayList<>();

    public static void main(String[] words) throws Exception {
        int perSecond = Integer.parseInt(words[0]);
        System.out.println("ready");
        Thread.sleep(Long.parseLong(words[1]));
        long start = System.nanoTime();
        for (long i = 1;; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
            for (int at = 0; at < SIZE; at += PAGE) {
                buffer.put(at, (byte) 1);
            }
            KEPT.add(buffer);
            long left = start + i * 1_000_000_000L / perSecond - System.nanoTime();
            if (left > 0) {
                Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
            }
        }
    }
}
