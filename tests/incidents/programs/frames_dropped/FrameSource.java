// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.nio.ByteBuffer;

/** A buffer for each frame, or one for all. */
final class FrameSource {
    private static ByteBuffer last;

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        last = ByteBuffer.allocateDirect(512 << 10);
        Pace.keep(12, Integer.MAX_VALUE, i -> {
            if (!repaired) {
                last = ByteBuffer.allocateDirect(512 << 10);
            }
            for (int k = 0; k < last.capacity(); k += 1024) {
                last.put(k, (byte) i);
            }
        });
    }
}
