// SPDX-License-Identifier: Apache-2.0
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;

/**
 * Never stands still: threads start and end, classes load and unload, direct buffers and blocks of
 * malloc come and go, the collector runs. Ends with its input.
 */
public class Churn {
    static volatile Object sink;

    /** Defines its own copy of a class each time. */
    static final class Loader extends ClassLoader {
        private final byte[] code;

        Loader(byte[] code) {
            super(null);
            this.code = code;
        }

        Class<?> define() {
            return defineClass("Churned", code, 0, code.length);
        }
    }

    interface Work {
        void run() throws Exception;
    }

    static void forever(String name, Work work) {
        Thread t = new Thread(() -> {
            while (true) {
                try {
                    work.run();
                } catch (Exception | OutOfMemoryError e) {
                    // goes on
                }
            }
        }, name);
        t.setDaemon(true);
        t.start();
    }

    static void threads() throws Exception {
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Thread t = new Thread(() -> sink = new byte[1000], "short-lived-" + i);
            all.add(t);
            t.start();
        }
        for (Thread t : all) {
            t.join();
        }
        Thread.sleep(1);
    }

    static void memory() throws Exception {
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(ByteBuffer.allocateDirect(1 + i * 4000));
        }
        sink = all;
        Deflater d = new Deflater(); // 256 KB of malloc
        d.setInput(new byte[100000]);
        d.finish();
        d.deflate(new byte[200000]);
        d.end();
        Thread.sleep(1);
    }

    static void collect() throws Exception {
        System.gc();
        Thread.sleep(150);
    }

    public static void main(String[] args) throws Exception {
        byte[] code = Files.readAllBytes(Path.of(args[0], "Churned.class"));
        forever("threads", Churn::threads);
        forever("classes", () -> {
            for (int i = 0; i < 30; i++) {
                sink = new Loader(code).define().getDeclaredConstructor().newInstance();
            }
            Thread.sleep(2);
        });
        forever("memory", Churn::memory);
        forever("collector", Churn::collect);
        Thread.sleep(1000);
        System.out.println("ready");
        InputStream in = System.in;
        while (in.read() >= 0) {
            // until it ends
        }
    }
}

/** What is loaded again and again. */
class Churned {
    final int[] field = new int[8];

    public Churned() {
        field[3] = toString().length();
    }
}
