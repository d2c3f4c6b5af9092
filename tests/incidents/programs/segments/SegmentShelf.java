// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/** Segments of an index. */
final class SegmentShelf {
    private static final List<MappedByteBuffer> SEGMENTS = new ArrayList<>();

    private static MappedByteBuffer map(File file) throws IOException {
        try (RandomAccessFile r = new RandomAccessFile(file, "rw")) {
            return r.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 4 << 20);
        }
    }

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        Pace.keep(2, Integer.MAX_VALUE, i -> {
            MappedByteBuffer m = repaired && i > 0 ? SEGMENTS.get(0) : map(new File(args[1], "volume-part-" + i + ".dat"));
            for (int k = 0; k < m.capacity(); k += 1024) {
                m.put(k, (byte) i);
            }
            if (SEGMENTS.size() <= i && !repaired || i == 0) {
                SEGMENTS.add(m);
            }
        });
    }
}
