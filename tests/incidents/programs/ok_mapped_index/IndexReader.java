// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.io.File;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Random;

/** Reads a mapped file. */
final class IndexReader {
    private static final int SIZE = 100 << 20;
    private static int sum;

    public static void main(String[] args) throws Throwable {
        MappedByteBuffer m;
        try (RandomAccessFile r = new RandomAccessFile(new File(args[1], "index"), "rw")) {
            m = r.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, SIZE);
        }
        for (int k = 0; k < SIZE; k += 4096) {
            m.put(k, (byte) k);
        }
        Random random = new Random(7);
        Pace.keep(100, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 100; k++) {
                sum += m.get(random.nextInt(SIZE));
            }
        });
    }
}
