// SPDX-License-Identifier: Apache-2.0
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * Makes memory of every kind and prints "KIND ADDRESS BYTES" for each piece, then "ready".
 * Arguments: directory for files, seed, and a word that is put into the names of generated classes.
 * A line "gc" on stdin collects; anything else ends it.
 */
public final class Oracle {
    static native long allocate(long bytes);
    static native long allocateAligned(long bytes, long alignment);
    static native void release(long at);
    static native long map(long bytes);
    static native long addressOf(ByteBuffer buffer);
    static native long[] stack();
    static native long[] nativeThread();

    private static final List<Object> KEPT = new ArrayList<>();

    private static synchronized void tell(String kind, long at, long bytes) {
        System.out.printf("%s %x %d%n", kind, at, bytes);
    }

    /** Loads a copy of {@link Payload} under another name: its constant pool's class name is replaced. */
    static final class CopyLoader extends NamedLoader {
        CopyLoader(String name) {
            super(name, CopyLoader.class.getClassLoader());
        }

        Class<?> copy(byte[] original, String from, String to) throws Exception {
            DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(original));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(in.readInt());
            out.writeInt(in.readInt());
            int count = in.readUnsignedShort();
            out.writeShort(count);
            for (int i = 1; i < count; i++) {
                int tag = in.readUnsignedByte();
                out.writeByte(tag);
                if (tag == 1) {
                    String s = in.readUTF();
                    out.writeUTF(s.equals(from) ? to : s.replace("L" + from + ";", "L" + to + ";"));
                    continue;
                }
                int length = tag == 5 || tag == 6 ? 8 : tag == 15 ? 3 : tag == 7 || tag == 8 || tag == 16 || tag >= 19 ? 2 : 4;
                byte[] rest = new byte[length];
                in.readFully(rest);
                out.write(rest);
                if (length == 8) {
                    i++;
                }
            }
            byte[] rest = new byte[in.available()];
            in.readFully(rest);
            out.write(rest);
            byte[] made = bytes.toByteArray();
            return defineClass(to, made, 0, made.length);
        }
    }

    public static final class Payload {
        public String a() { return "a" + System.nanoTime(); }
        public String b() { return "b" + System.nanoTime(); }
        public int c(int x) { return x * 31 + toString().length(); }
        @Override public String toString() { return a() + b(); }
    }

    private static void mallocs(Random random) throws Exception {
        for (int t = 0; t < 4; t++) {
            long seed = random.nextLong();
            Thread thread = new Thread(() -> {
                Random r = new Random(seed);
                List<Long> freed = new ArrayList<>();
                for (int i = 0; i < 3000; i++) {
                    int size = r.nextInt(10) == 0 ? 1 + r.nextInt(60_000) : 16 + r.nextInt(500);
                    long at = allocate(size);
                    if (r.nextInt(4) == 0) {
                        freed.add(at);
                    } else {
                        tell("malloc", at, size);
                    }
                }
                freed.forEach(Oracle::release);
            });
            thread.start();
            thread.join();
        }
        for (int i = 0; i < 12; i++) {
            int size = 200_000 + random.nextInt(3_000_000);
            tell("malloc", allocate(size), size);
            tell("malloc", allocateAligned(400_000, 65_536), 400_000);
        }
    }

    private static void threads(int count) throws Exception {
        CountDownLatch told = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            int depth = 20 + i * 17;
            Thread thread = new Thread(null, () -> {
                long[] s = stack();
                tell("stack", s[0], s[1]);
                recurse(depth);
                told.countDown();
                synchronized (told) {
                    while (true) {
                        try {
                            told.wait();
                        } catch (InterruptedException e) {
                            return;
                        }
                    }
                }
            }, "oracle worker with a rather long name " + i, i % 3 == 0 ? 0 : 400_000 + 64_000L * i);
            thread.setDaemon(true);
            thread.start();
        }
        told.await();
        for (int i = 0; i < 4; i++) {
            long[] s = nativeThread();
            tell("stack", s[0], s[1]);
        }
    }

    private static int recurse(int depth) {
        return depth == 0 ? 1 : recurse(depth - 1) + 1;
    }

    public static void main(String[] args) throws Exception {
        File dir = new File(args[0]);
        Random random = new Random(Long.parseLong(args[1]));
        String word = args[2];
        System.load(new File(dir, "liboracle.so").getAbsolutePath());
        mallocs(random);
        for (int i = 0; i < 60; i++) {
            int size = i % 10 == 0 ? 1 << 20 : i % 10 == 5 ? 0 : 1 + random.nextInt(120_000);
            ByteBuffer buffer = ByteBuffer.allocateDirect(size);
            KEPT.add(buffer);
            KEPT.add(buffer.slice());
            tell("direct", addressOf(buffer), size);
        }
        for (int i = 0; i < 5; i++) {
            long size = 40_960 + 4096L * random.nextInt(300);
            tell("native", map(size), size);
        }
        // Data, whatever their names say.
        for (String name : new String[] {"mapped.data", "libjvm.so", "libc.so.6", "classes.jsa"}) {
            File file = new File(dir, name);
            try (RandomAccessFile f = new RandomAccessFile(file, "rw")) {
                long size = 1_000_000 + random.nextInt(2_000_000);
                f.setLength(size);
                MappedByteBuffer b = f.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, size);
                for (int at = 0; at < size; at += 4096) {
                    b.put(at, (byte) 1);
                }
                KEPT.add(b);
                tell("file", addressOf(b), size);
            }
        }
        threads(12);
        byte[] original = Bytes.of("Oracle$Payload.class");
        for (int i = 0; i < 80; i++) {
            CopyLoader loader = new CopyLoader(word + "-loader-" + i);
            for (int k = 0; k <= i % 3; k++) {
                KEPT.add(loader.copy(original, "Oracle$Payload", word + "Class" + i + "x" + k)
                        .getDeclaredConstructor().newInstance());
            }
        }
        tell("loaders", 0, 80);
        byte[][] heap = new byte[24][];
        for (int i = 0; i < heap.length; i++) {
            heap[i] = new byte[1 << 20];
        }
        KEPT.add(heap);
        System.gc();
        Thread.sleep(1500); // lets the compilers finish what the start gave them
        System.out.println("ready");
        int c;
        while ((c = System.in.read()) >= 0) {
            if (c == 'g') {
                System.gc();
            }
        }
    }
}
