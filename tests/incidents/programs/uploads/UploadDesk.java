// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Writers of large and of small pieces. */
final class UploadDesk {
    public static void main(String[] args) throws Throwable {
        int size = args[0].equals("repaired") ? 16 << 10 : 8 << 20;
        ExecutorService[] writers = new ExecutorService[12];
        for (int i = 0; i < writers.length; i++) {
            String name = "upload-desk-" + i;
            writers[i] = Executors.newSingleThreadExecutor(r -> new Thread(r, name));
        }
        Pace.keep(6, Integer.MAX_VALUE, i -> writers[i % writers.length].submit(() -> {
            try (FileChannel to = FileChannel.open(Paths.get("/dev/null"), StandardOpenOption.WRITE)) {
                return to.write(ByteBuffer.allocate(size));
            }
        }));
    }
}
