// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;

/** A heap with something for each view of a dump: what it holds is known to the object. */
public class Hoard {
    static class Session {
        final String id;
        final Map<String, Object> values = new HashMap<>();
        Session(String id) { this.id = id; }
    }
    static class Registry { static final Map<String, Session> SESSIONS = new ConcurrentHashMap<>(); }
    // A pool whose first connection never closes its statements.
    static class Statement {
        final Connection connection;
        final String sql;
        final byte[] rows = new byte[1000];
        Statement(Connection connection, String sql) { this.connection = connection; this.sql = sql; }
    }
    static class Connection { final List<Statement> openStatements = new ArrayList<>(); }
    static class Pool { static final Connection[] ALL = new Connection[4]; }
    static class Weakly { static final List<WeakReference<Object>> SEEN = new ArrayList<>(); }
    // Shapes that tell the rules for the order of fields apart.
    static class A { byte a; }
    static class B extends A { long b; }
    static class C extends B { boolean c; short d; Object e; }
    static class D extends C { int f; char g; double h; Object i; byte j; }
    static class E { int a; }
    static class F extends E { Object b; }
    static class Heavy { protected void finalize() throws Exception { Thread.sleep(1000000); } }
    static class Held { final byte[] bytes = new byte[500000]; }
    public static class Copy { static final byte[] OWN = new byte[10000]; }

    static class Loader extends ClassLoader {
        final byte[] code;
        Loader(byte[] code) { super(Hoard.class.getClassLoader()); this.code = code; }
        @Override protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals("Hoard$Copy"))
                return super.loadClass(name, resolve);
            Class<?> known = findLoadedClass(name);
            return known != null ? known : defineClass(name, code, 0, code.length);
        }
    }

    static final List<Object> KEPT = new ArrayList<>();
    static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();

    static void shapes() {
        for (int i = 0; i < 300; i++)
            Collections.addAll(KEPT, new A(), new B(), new C(), new D(), new E(), new F());
        for (int i = 0; i < 40; i++)
            Collections.addAll(KEPT, new byte[i], new short[i], new int[i], new long[i], new char[i], new float[i],
                new double[i], new boolean[i], new Object[i], new String[i][]);
    }

    static void leaks() {
        for (int i = 0; i < 4; i++)
            Pool.ALL[i] = new Connection();
        for (int i = 0; i < 8000; i++)
            Pool.ALL[0].openStatements.add(new Statement(Pool.ALL[0], "select " + i));
        for (int i = 0; i < 6000; i++) {
            Session s = new Session("session-" + i);
            s.values.put("cart", new byte[2000]);
            s.values.put("user", "user " + i % 50);
            Registry.SESSIONS.put(s.id, s);
        }
    }

    static void wasted() {
        for (int i = 0; i < 2000; i++) {
            KEPT.add(new HashMap<>());
            KEPT.add(new ArrayList<>(200));
            KEPT.add(new TreeMap<>());
            KEPT.add(new String("the same text again"));
            KEPT.add(Integer.valueOf(1000 + i));
        }
        KEPT.add(new byte[1000000]);
    }

    static void native_(String[] words) throws Exception {
        KEPT.add(ByteBuffer.allocateDirect(1234567));
        KEPT.add(new java.util.zip.Inflater());
        KEPT.add(new java.util.zip.Deflater());
        File file = File.createTempFile("hoard", ".bin");
        try (RandomAccessFile f = new RandomAccessFile(file, "rw")) {
            f.setLength(70000);
            KEPT.add(f.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 50000));
        }
        file.delete();
    }

    static void loaders() throws Exception {
        byte[] code = new byte[100000];
        int n = 0;
        try (InputStream in = Hoard.class.getResourceAsStream("Hoard$Copy.class")) {
            for (int got; (got = in.read(code, n, code.length - n)) > 0; )
                n += got;
        }
        for (int i = 0; i < 5; i++)
            KEPT.add(Class.forName("Hoard$Copy", true, new Loader(java.util.Arrays.copyOf(code, n))).getDeclaredConstructor().newInstance());
    }

    // Virtual threads that wait, from 21 on: their stacks are objects.
    static void stacks() throws Exception {
        try {
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            for (int i = 0; i < 30; i++) {
                int depth = i;
                CountDownLatch up = new CountDownLatch(1);
                KEPT.add(Class.forName("java.lang.Thread$Builder").getMethod("start", Runnable.class)
                    .invoke(builder, (Runnable) () -> deep(depth, new Object(), up)));
                up.await();
            }
        } catch (ReflectiveOperationException e) {
            // older
        }
    }

    static void deep(int depth, Object held, CountDownLatch up) {
        if (depth > 0) {
            deep(depth - 1, held, up);
        } else {
            up.countDown();
            try { Thread.sleep(Long.MAX_VALUE); } catch (InterruptedException e) { }
        }
        if (held.hashCode() == 1)
            System.out.print("");
    }

    public static void main(String[] words) throws Exception {
        CountDownLatch up = new CountDownLatch(2);
        shapes();
        leaks();
        wasted();
        native_(words);
        loaders();
        for (int i = 0; i < 100; i++) {
            Object o = new long[10];
            KEPT.add(o);
            Weakly.SEEN.add(new WeakReference<>(o));
            KEPT.add(new SoftReference<>(new int[7]));
            KEPT.add(new PhantomReference<>(o, QUEUE));
        }
        stacks();
        Heavy[] heavy = new Heavy[20];
        for (int i = 0; i < heavy.length; i++)
            heavy[i] = new Heavy();
        heavy = null;
        Runnable lambda = () -> KEPT.size();
        KEPT.add(lambda);
        ForkJoinPool.commonPool().submit(lambda).get();
        for (int i = 0; i < 2; i++) {
            Thread t = new Thread(() -> deep(20, new Held(), up), "hoarder-" + i);
            t.setDaemon(true);
            t.start();
        }
        up.await();
        System.gc();
        Thread.sleep(300);
        System.gc();
        Thread.sleep(300);
        System.out.println("ready");
        Thread.sleep(Long.MAX_VALUE);
    }
}
