// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;

/** Threads that write heap buffers of the given sizes through a channel, each its own, and then stay. */
public class Temporary {
    public static void main(String[] sizes) throws Exception {
        CountDownLatch written = new CountDownLatch(sizes.length);
        for (int i = 0; i < sizes.length; i++) {
            int size = Integer.parseInt(sizes[i]);
            Thread writer = new Thread(() -> {
                try (FileChannel to = FileChannel.open(Paths.get("/dev/null"), StandardOpenOption.WRITE)) {
                    to.write(ByteBuffer.allocate(size));
                    written.countDown();
                    Thread.sleep(Long.MAX_VALUE / 2);
                } catch (Exception e) {
                    e.printStackTrace();
                }
            }, "writer-" + i);
            writer.setDaemon(true);
            writer.start();
        }
        written.await();
        System.out.println("ready");
        Thread.sleep(Long.MAX_VALUE / 2);
    }
}
