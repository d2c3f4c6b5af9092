// SPDX-License-Identifier: Apache-2.0
// quiet: 200 loaders of two kinds with a class and two lambdas each, named threads; then it waits.
// churn: loads and drops classes, starts and ends threads, makes and drops buffers, collects.
// Prints "ready".

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

public class Walks {
    public static class Payload {
        public static Supplier<String> text(String s) {
            return () -> s;
        }

        public static Supplier<Integer> number(int i) {
            return () -> i;
        }
    }

    static class Loader extends NamedLoader {
        Loader(String name, ClassLoader parent) {
            super(name, parent);
        }

        Class<?> define(byte[] bytes) {
            return defineClass("Walks$Payload", bytes, 0, bytes.length);
        }
    }

    static class OtherLoader extends Loader {
        OtherLoader(ClassLoader parent) {
            super(null, parent);
        }
    }

    static final List<Object> kept = new ArrayList<>();

    static Object load(byte[] bytes, Loader loader) throws Exception {
        Class<?> c = loader.define(bytes);
        Object text = c.getMethod("text", String.class).invoke(null, "x");
        Object number = c.getMethod("number", int.class).invoke(null, 4);
        return Arrays.asList(c, text, number);
    }

    static void quiet(byte[] bytes) throws Exception {
        Loader parent = new Loader("the parent", Walks.class.getClassLoader());
        kept.add(parent);
        kept.add(load(bytes, parent));
        for (int i = 0; i < 200; i++)
            kept.add(load(bytes, i % 4 == 0 ? new OtherLoader(parent) : new Loader("loader " + i, parent)));
        for (int i = 0; i < 20; i++) {
            Thread t = new Thread(() -> sleep(1000000000L), "worker with a long n\u00e4me \u65e5\u672c " + i);
            t.setContextClassLoader(parent);
            t.start();
        }
    }

    static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new RuntimeException(e);
        }
    }

    static void churnClasses(byte[] bytes) {
        Object[] ring = new Object[150];
        ClassLoader parent = Walks.class.getClassLoader();
        try {
            for (int i = 0; ; i++) {
                ring[i % ring.length] = load(bytes, i % 4 == 0 ? new OtherLoader(parent) : new Loader("l" + i, parent));
                if (i % 40 == 39)
                    System.gc();
            }
        } catch (Exception e) {
            throw new RuntimeException(e);
        }
    }

    static void churnThreads() {
        for (int i = 0; ; i++) {
            Thread t = new Thread(() -> sleep(3), "short " + i % 10);
            t.start();
            sleep(1);
        }
    }

    static void churnBuffers() {
        ByteBuffer[] ring = new ByteBuffer[400];
        for (int i = 0; ; i++) {
            ring[i % ring.length] = ByteBuffer.allocateDirect(4000);
            if (i % 50 == 0)
                sleep(1);
        }
    }

    public static void main(String[] args) throws Exception {
        byte[] bytes = Bytes.of("Walks$Payload.class");
        if (args[0].equals("quiet")) {
            quiet(bytes);
        } else {
            new Thread(() -> churnClasses(bytes), "class churn").start();
            new Thread(Walks::churnThreads, "thread churn").start();
            new Thread(Walks::churnBuffers, "buffer churn").start();
        }
        System.out.println("ready");
        sleep(1000000000L);
    }
}
