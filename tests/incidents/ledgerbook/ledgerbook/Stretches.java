// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;

/** Threads and direct buffers, leaked or not. Arguments: what, how often a second, how often in all, size. */
public final class Stretches {
    private static final List<Object> KEPT = new ArrayList<>();
    private static volatile byte[] sink;

    private static void park() {
        try {
            Thread.sleep(Long.MAX_VALUE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ByteBuffer buffer(int size) {
        ByteBuffer b = ByteBuffer.allocateDirect(size);
        for (int i = 0; i < size; i += 1024) {
            b.put(i, (byte) 1);
        }
        return b;
    }

    private static void daemon(Runnable r, String name) {
        Thread t = name == null ? new Thread(r) : new Thread(r, name);
        t.setDaemon(true);
        t.start();
    }

    public static void main(String[] args) throws Throwable {
        double rate = Double.parseDouble(args[1]);
        int most = args.length > 2 ? Integer.parseInt(args[2]) : Integer.MAX_VALUE;
        int size = args.length > 3 ? Integer.parseInt(args[3]) : 1 << 20;
        ArrayDeque<ByteBuffer> queue = new ArrayDeque<>();
        switch (args[0]) {
            case "threads":
                Pace.keep(rate, most, i -> daemon(Stretches::park, null));
                break;
            case "named":
                Pace.keep(rate, most, i -> daemon(Stretches::park, "mail-sender-" + i));
                break;
            case "pools":
                Pace.keep(rate, most, i -> {
                    ExecutorService pool = Executors.newFixedThreadPool(2);
                    pool.submit(() -> sink = new byte[100]);
                    pool.submit(() -> sink = new byte[100]);
                });
                break;
            case "pool": { // one pool that fills to its bound
                ExecutorService pool = Executors.newFixedThreadPool(200);
                Pace.keep(rate, most, i -> pool.submit(() -> sink = new byte[100]));
                break;
            }
            case "short-threads": // come and go
                Pace.keep(rate, most, i -> daemon(() -> {
                    try {
                        Thread.sleep(300);
                    } catch (InterruptedException e) {
                        return;
                    }
                }, null));
                break;
            case "direct":
                Pace.keep(rate, most, i -> KEPT.add(buffer(size)));
                break;
            case "direct-churn": // queue of 64 held, rest collected now and then; a fixed pool
                for (int i = 0; i < 64; i++) {
                    queue.add(buffer(size));
                }
                Pace.keep(rate, most, i -> {
                    queue.add(buffer(size));
                    queue.remove();
                    sink = new byte[1 << 18];
                });
                break;
            case "direct-stable":
                for (int i = 0; i < 64; i++) {
                    KEPT.add(buffer(size));
                }
                Pace.keep(rate, most, i -> sink = new byte[1 << 16]);
                break;
            case "direct-full-gc": // leak, while arrays that live for a while fill the old generation
                ArrayDeque<byte[]> arrays = new ArrayDeque<>();
                for (int i = 0; i < 48; i++) {
                    arrays.add(new byte[1 << 18]);
                }
                Pace.keep(rate, most, i -> {
                    KEPT.add(buffer(size));
                    for (int k = 0; k < 6; k++) {
                        arrays.add(new byte[1 << 18]);
                        arrays.remove();
                    }
                });
                break;
            case "direct-gc": // leak with young collections
                Pace.keep(rate, most, i -> {
                    KEPT.add(buffer(size));
                    for (int k = 0; k < 40; k++) {
                        sink = new byte[1 << 16];
                    }
                });
                break;
            case "uploads": // eight threads that write heap buffers, each time larger ones
                ExecutorService[] writers = new ExecutorService[8];
                for (int i = 0; i < writers.length; i++) {
                    String name = "upload-" + i;
                    writers[i] = Executors.newSingleThreadExecutor(r -> new Thread(r, name));
                }
                Pace.keep(rate, most, i -> writers[i % writers.length].submit(() -> {
                    try (FileChannel to = FileChannel.open(Paths.get("/dev/null"), StandardOpenOption.WRITE)) {
                        return to.write(ByteBuffer.allocate(size * (1 + i / writers.length)));
                    }
                }));
                break;
            case "garbage":
                Pace.keep(rate, most, i -> sink = new byte[1 << 19]);
                break;
            case "idle":
                Pace.keep(1, 0, i -> { });
                break;
            default:
                throw new IllegalArgumentException(args[0]);
        }
    }
}
