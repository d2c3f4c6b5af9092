// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** A queue of frames that are not acknowledged. */
final class FrameQueue {
    private static final ArrayDeque<ByteBuffer> QUEUE = new ArrayDeque<>();
    private static final ArrayDeque<ByteBuffer> FREE = new ArrayDeque<>();
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        Pace.keep(12, Integer.MAX_VALUE, i -> {
            ByteBuffer frame = FREE.isEmpty() ? ByteBuffer.allocateDirect(512 << 10) : FREE.remove();
            for (int k = 0; k < frame.capacity(); k += 1024) {
                frame.put(k, (byte) i);
            }
            QUEUE.add(frame);
            if (repaired && QUEUE.size() > 30) {
                FREE.add(QUEUE.remove());
            }
            garbage = new byte[200_000];
        });
    }
}
