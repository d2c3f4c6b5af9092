// SPDX-License-Identifier: Apache-2.0
package orders;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes a class file (version 50, so without stack maps) that implements {@link Serializer}: one
 * method for the interface and as many private ones as asked, each returning a string of its own.
 * What serializer generators do, without a library.
 */
final class ClassFile {
    private static final int PUBLIC = 1, FINAL = 16, SUPER = 32;
    private static final byte ALOAD_0 = 42, LDC_W = 19, ARETURN = (byte) 176, RETURN = (byte) 177,
            INVOKESPECIAL = (byte) 183;

    private final ByteArrayOutputStream poolBytes = new ByteArrayOutputStream();
    private final DataOutputStream pool = new DataOutputStream(poolBytes);
    private final Map<String, Integer> entries = new LinkedHashMap<>();
    private int next = 1;

    private interface Body {
        void write() throws IOException;
    }

    private int entry(String key, Body body) throws IOException {
        Integer have = entries.get(key);
        if (have != null) {
            return have;
        }
        body.write();
        entries.put(key, next);
        return next++;
    }

    private int utf8(String s) throws IOException {
        return entry("u" + s, () -> { pool.writeByte(1); pool.writeUTF(s); });
    }

    private int ref(int tag, String kind, String s) throws IOException {
        int text = utf8(s);
        return entry(kind + s, () -> { pool.writeByte(tag); pool.writeShort(text); });
    }

    private int constructorOfObject() throws IOException {
        int owner = ref(7, "c", "java/lang/Object"), name = utf8("<init>"), type = utf8("()V");
        int pair = entry("n<init>", () -> { pool.writeByte(12); pool.writeShort(name); pool.writeShort(type); });
        return entry("m<init>", () -> { pool.writeByte(10); pool.writeShort(owner); pool.writeShort(pair); });
    }

    private void method(DataOutputStream to, String name, String type, byte[] code) throws IOException {
        to.writeShort(PUBLIC);
        to.writeShort(utf8(name));
        to.writeShort(utf8(type));
        to.writeShort(1);
        to.writeShort(utf8("Code"));
        to.writeInt(12 + code.length);
        to.writeShort(1); // stack
        to.writeShort(2); // locals
        to.writeInt(code.length);
        to.write(code);
        to.writeInt(0); // neither handlers nor attributes
    }

    private static byte[] code(byte first, int index, byte last) {
        return new byte[] {first, (byte) (index >> 8), (byte) index, last};
    }

    /** The bytes of a class `name` (dotted) with `methods` methods beside the interface's own. */
    static byte[] make(String name, int methods) {
        try {
            return new ClassFile().bytes(name.replace('.', '/'), methods);
        } catch (IOException e) {
            throw new IllegalStateException(e); // no stream of memory fails
        }
    }

    private byte[] bytes(String name, int methods) throws IOException {
        ByteArrayOutputStream bodyBytes = new ByteArrayOutputStream();
        DataOutputStream body = new DataOutputStream(bodyBytes);
        body.writeShort(PUBLIC | FINAL | SUPER);
        body.writeShort(ref(7, "c", name));
        body.writeShort(ref(7, "c", "java/lang/Object"));
        body.writeShort(1);
        body.writeShort(ref(7, "c", "orders/Serializer"));
        body.writeShort(0); // fields
        body.writeShort(methods + 2);
        int init = constructorOfObject();
        method(body, "<init>", "()V",
                new byte[] {ALOAD_0, INVOKESPECIAL, (byte) (init >> 8), (byte) init, RETURN});
        method(body, "write", "(Ljava/lang/Object;)Ljava/lang/String;",
                code(LDC_W, ref(8, "s", name), ARETURN));
        for (int i = 0; i < methods; i++) {
            method(body, "field" + i, "()Ljava/lang/String;", code(LDC_W, ref(8, "s", "column_" + i), ARETURN));
        }
        body.writeShort(0); // class attributes
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        DataOutputStream to = new DataOutputStream(all);
        to.writeInt(0xCAFEBABE);
        to.writeInt(50);
        to.writeShort(next);
        to.write(poolBytes.toByteArray());
        to.write(bodyBytes.toByteArray());
        return all.toByteArray();
    }
}
