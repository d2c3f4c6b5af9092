// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Threads that allocate at a steady rate (MB a second, of all of them), and keep 64 KB of direct memory for each MB. */
public class Load {
    static final List<ByteBuffer> kept = new ArrayList<>();
    static volatile byte[] last;

    static void keep() {
        ByteBuffer b = ByteBuffer.allocateDirect(64 << 10);
        for (int at = 0; at < b.capacity(); at += 4096) b.put(at, (byte) 1);
        synchronized (kept) {
            kept.add(b);
        }
    }

    public static void main(String[] args) throws Exception {
        int rate = Integer.parseInt(args[0]), threads = Integer.parseInt(args[1]);
        for (int t = 0; t < threads; t++) {
            Thread worker = new Thread(() -> {
                long start = System.nanoTime(), done = 0;
                while (true) {
                    long due = (System.nanoTime() - start) / 1000000L * rate / 1000 / threads; // MB
                    for (; done < due; done++) {
                        for (int i = 0; i < 64; i++) last = new byte[(16 << 10) - 16];
                        keep();
                    }
                    try {
                        Thread.sleep(5);
                    } catch (InterruptedException e) {
                        return;
                    }
                }
            }, "worker-" + t);
            worker.start();
        }
        Thread.sleep(1000);
        System.out.println("ready");
        if (args.length > 2) // threads that end all the time
            while (true) {
                Thread.sleep(50);
                new Thread(() -> last = new byte[1 << 10]).start();
            }
    }
}
