// SPDX-License-Identifier: Apache-2.0
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A JVM that can be judged while it churns: it holds some loaders, threads and buffers for ever, and makes
 * and drops others without pause, all of them with names and sizes of known patterns. Runs on JDK 8 and later.
 *
 * <p>Prints what it holds, then "ready", and stands still until it is told "go". Arguments: a seed, and after how
 * many milliseconds of churn it ends (0: never) in a way that the seed chooses. Ends with its input, too.
 */
public class Soak {
    static final int KEPT_LOADERS = 50;
    static final int CLASSES = 3; // and two lambdas' of the first one, by loader
    static final int RING = 100; // loaders, of each of the two threads that make them
    static final int KEPT_THREADS = 20;
    static final int KEPT_BUFFERS = 100;
    static final int KEPT_SIZE = 10001;
    static final int[] SIZES = {1, 100, 4000, 12000, 300000};
    static final int RING_BUFFERS = 300;
    static final String TEMPLATE = "SoakClass_000000";

    static final List<Object> kept = new ArrayList<>();
    static final AtomicInteger numbers = new AtomicInteger();
    static byte[] code;
    static volatile Object sink;

    static final class Loader extends NamedLoader {
        Loader(String name) {
            super(name, Soak.class.getClassLoader());
        }

        Class<?> define(String name, byte[] code) {
            return defineClass(name, code, 0, code.length);
        }
    }

    interface Work {
        void run() throws Exception;
    }

    /** The template under another name of the same length. */
    static byte[] renamed(String name) {
        byte[] from = TEMPLATE.getBytes(StandardCharsets.ISO_8859_1);
        byte[] to = name.getBytes(StandardCharsets.ISO_8859_1);
        byte[] out = code.clone();
        for (int i = 0; i + from.length <= out.length; i++) {
            int k = 0;
            while (k < from.length && out[i + k] == from[k]) {
                k++;
            }
            if (k == from.length) {
                System.arraycopy(to, 0, out, i, to.length);
            }
        }
        return out;
    }

    /** A loader with its classes; their names hold its number. */
    static Object load(String stem) throws Exception {
        int number = numbers.getAndIncrement() % 100000;
        Loader loader = new Loader(String.format("%s-%05d", stem, number));
        Object[] all = new Object[CLASSES + 2];
        for (int i = 0; i < CLASSES; i++) {
            String name = String.format("SoakClass_%05d%d", number, i);
            all[i] = loader.define(name, renamed(name)).getConstructor().newInstance();
        }
        all[CLASSES] = all[0].getClass().getMethod("text", String.class).invoke(all[0], "x");
        all[CLASSES + 1] = all[0].getClass().getMethod("number", int.class).invoke(all[0], 4);
        return all;
    }

    static void start(String name, Work work) {
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

    static void churnClasses(Random draw) throws Exception {
        Object[] ring = new Object[RING];
        for (int i = 0; ; i++) {
            ring[i % RING] = load("ring");
            if (i % 40 == 39) {
                System.gc();
            }
            Thread.sleep(draw.nextInt(20));
        }
    }

    static void churnThreads(Random draw) throws Exception {
        int number = draw.nextInt(10);
        Thread t = new Thread(() -> {
            try {
                Thread.sleep(3);
            } catch (InterruptedException e) {
                // ends
            }
        }, "short-" + number);
        t.setDaemon(true);
        t.start();
        Thread.sleep(draw.nextInt(4));
    }

    static void churnBuffers(Random draw) throws Exception {
        ByteBuffer[] ring = new ByteBuffer[RING_BUFFERS];
        for (int i = 0; ; i++) {
            ring[i % RING_BUFFERS] = ByteBuffer.allocateDirect(SIZES[i % 100 == 0 ? 4 : draw.nextInt(4)]);
            if (i % 20 == 0) {
                Thread.sleep(1 + draw.nextInt(4));
            }
        }
    }

    static void hold() throws Exception {
        for (int i = 0; i < KEPT_LOADERS; i++) {
            kept.add(load("kept"));
        }
        for (int i = 0; i < KEPT_THREADS; i++) {
            start("kept-thread-" + i, () -> Thread.sleep(1000000000L));
        }
        for (int i = 0; i < KEPT_BUFFERS; i++) {
            kept.add(ByteBuffer.allocateDirect(KEPT_SIZE + i));
        }
        System.out.printf("{\"loaders\": %d, \"classes\": %d, \"ring\": %d, \"threads\": %d, \"buffers\": %d,"
                + " \"first_size\": %d, \"sizes\": %s, \"ring_buffers\": %d}%n", KEPT_LOADERS, CLASSES + 2, 2 * RING,
                KEPT_THREADS, KEPT_BUFFERS, KEPT_SIZE, Arrays.toString(SIZES), RING_BUFFERS);
    }

    static void end(Random draw) {
        switch (draw.nextInt(3)) {
        case 0:
            System.exit(0);
            break;
        case 1:
            Runtime.getRuntime().halt(1);
            break;
        default: // main returns, which ends the VM: all other threads are daemons
        }
    }

    public static void main(String[] args) throws Exception {
        long seed = Long.parseLong(args[0]);
        long ends = Long.parseLong(args[1]);
        code = Bytes.of(TEMPLATE + ".class");
        hold();
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            Random draw = new Random(seed + i);
            start("churn-classes-" + i, () -> churnClasses(draw));
        }
        Random threads = new Random(seed + 2);
        start("churn-threads", () -> churnThreads(threads));
        Random buffers = new Random(seed + 3);
        start("churn-buffers", () -> churnBuffers(buffers));
        if (ends > 0) {
            Thread.sleep(ends);
            end(new Random(seed + 4));
            return;
        }
        while (System.in.read() >= 0) {
            // until it ends
        }
    }
}
