// SPDX-License-Identifier: Apache-2.0
// Makes classes of any name in loaders as it is told on stdin, and says "done" after each line:
//   loaders N C NAME   N loaders with C classes each, called NAME with 0 ... C-1 for its '#'
//   kind NAME          the class of the loaders that are made from now on, itself made, called NAME
//   count N NAME       N classes in one loader, called NAME with a number for its '#'
//   again N NAME       one class, and N more definitions of it in the same loader, which fail
//   context            a loader of type Classes$Pinned that a thread has for its context loader, and one class in it
//   child              a loader of type Classes$Parent with a class, and one of another type whose parent it is
//   free               a loader of type Classes$Free with a class, that only this program's list holds
//   native LIBRARY     of three loaders of types Classes$Native0 ... 2 native code holds an instance of a class,
//                      the loader, and a class
//   drop               forgets all loaders
//   gc                 collects
// Prints "ready" first.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

public class Classes {
    public static class Loader extends ClassLoader {
        public Loader() {
            super(Classes.class.getClassLoader());
        }

        Loader(ClassLoader parent) {
            super(parent);
        }

        public Class<?> define(String name, byte[] bytes) {
            return defineClass(name, bytes, 0, bytes.length);
        }
    }

    static class Pinned extends Loader {
    }

    static class Parent extends Loader {
    }

    static class Free extends Loader {
    }

    static class Native0 extends Loader {
    }

    static class Native1 extends Loader {
    }

    static class Native2 extends Loader {
    }

    static native void hold(Object o);

    static final List<Object> kept = new ArrayList<>();
    static Class<?> kind = Loader.class;

    /** A class without members. */
    static byte[] bytesOf(String name, String parent, boolean constructor) throws IOException {
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(to);

        out.writeInt(0xcafebabe);
        out.writeInt(49);
        out.writeShort(10);
        for (String text : new String[] {name.replace('.', '/'), parent}) {
            out.writeByte(1);
            out.writeUTF(text);
        }
        out.writeByte(7);
        out.writeShort(1);
        out.writeByte(7);
        out.writeShort(2);
        for (String text : new String[] {"<init>", "()V", "Code"}) {
            out.writeByte(1);
            out.writeUTF(text);
        }
        out.writeByte(12); // 8: <init>()V
        out.writeShort(5);
        out.writeShort(6);
        out.writeByte(10); // 9: parent.<init>()V
        out.writeShort(4);
        out.writeShort(8);
        out.writeShort(0x21);
        out.writeShort(3);
        out.writeShort(4);
        out.writeShort(0);
        out.writeShort(0);
        out.writeShort(constructor ? 1 : 0);
        if (constructor) {
            out.writeShort(1);
            out.writeShort(5);
            out.writeShort(6);
            out.writeShort(1);
            out.writeShort(7);
            out.writeInt(17);
            out.writeShort(1);
            out.writeShort(1);
            out.writeInt(5);
            out.writeByte(0x2a);
            out.writeByte(0xb7);
            out.writeShort(9);
            out.writeByte(0xb1);
            out.writeShort(0);
            out.writeShort(0);
        }
        out.writeShort(0);
        return to.toByteArray();
    }

    static Loader loader() throws Exception {
        Loader l = (Loader) kind.getDeclaredConstructor().newInstance();

        kept.add(l);
        return l;
    }

    static void define(Loader l, String name) throws Exception {
        kept.add(l.define(name, bytesOf(name, "java/lang/Object", false)));
    }

    static void many(int loaders, int classes, String name) throws Exception {
        for (int i = 0; i < loaders; i++) {
            Loader l = loader();

            for (int k = 0; k < classes; k++)
                define(l, name.replace("#", String.valueOf(k)));
        }
    }

    static void again(int times, String name) throws Exception {
        Loader l = loader();
        byte[] bytes = bytesOf(name, "java/lang/Object", false);

        define(l, name);
        for (int i = 0; i < times; i++)
            try {
                l.define(name, bytes);
                throw new IllegalStateException("defined twice");
            } catch (LinkageError expected) {
                // that it fails is what is asked for
            }
    }

    static void context() throws Exception {
        Loader l = new Pinned();
        Thread t = new Thread(() -> sleep(), "the holder");

        define(l, "held.One");
        t.setContextClassLoader(l);
        t.setDaemon(true);
        t.start();
    }

    static void child() throws Exception {
        Parent parent = new Parent();
        Loader child = new Loader(parent);

        define(parent, "held.Parents");
        define(child, "held.Childs");
        kept.add(child);
    }

    static void natives(String library) throws Exception {
        Loader[] loaders = {new Native0(), new Native1(), new Native2()};
        Class<?> made = null;

        System.load(library);
        for (int i = 0; i < 3; i++) {
            String name = "held.Native" + i;

            made = loaders[i].define(name, bytesOf(name, "java/lang/Object", true));
            if (i == 0)
                hold(made.getDeclaredConstructor().newInstance());
        }
        hold(loaders[1]);
        hold(made);
    }

    static void sleep() {
        try {
            Thread.sleep(1000000000L);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void obey(String[] w) throws Exception {
        switch (w[0]) {
        case "loaders":
            many(Integer.parseInt(w[1]), Integer.parseInt(w[2]), w[3]);
            break;
        case "kind":
            kind = new Loader().define(w[1], bytesOf(w[1], "Classes$Loader", true));
            break;
        case "count":
            many(1, Integer.parseInt(w[1]), w[2]);
            break;
        case "again":
            again(Integer.parseInt(w[1]), w[2]);
            break;
        case "context":
            context();
            break;
        case "child":
            child();
            break;
        case "free":
            Free f = new Free();
            define(f, "held.Free");
            kept.add(f);
            break;
        case "native":
            natives(w[1]);
            break;
        case "drop":
            kept.clear();
            break;
        case "gc":
            System.gc();
            System.gc();
            break;
        default:
            throw new IllegalArgumentException(w[0]);
        }
    }

    public static void main(String[] words) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

        System.out.println("ready");
        for (String line; (line = in.readLine()) != null;) {
            obey(line.split(" "));
            System.out.println("done");
        }
    }
}
