// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.nio.ByteBuffer;

/** Buffers that are used again. */
final class BufferBank {
    private static final ByteBuffer[] POOL = new ByteBuffer[48];
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        for (int i = 0; i < POOL.length; i++) {
            POOL[i] = ByteBuffer.allocateDirect(1 << 20);
        }
        Pace.keep(100, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 1 << 20; k += 4096) {
                POOL[i % POOL.length].put(k, (byte) i);
            }
            garbage = new byte[50_000];
        });
    }
}
