// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Copies of {@link Entry} under other names: the constant pool is rewritten, nothing else. */
final class Copies {
    private static final byte[] ORIGINAL = read();

    private Copies() {
    }

    private static byte[] read() {
        try (InputStream in = Copies.class.getResourceAsStream("Entry.class")) {
            return rest(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] rest(InputStream in) throws IOException { // JDK 8 has no readAllBytes
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] some = new byte[4096];
        for (int n = in.read(some); n >= 0; n = in.read(some)) {
            all.write(some, 0, n);
        }
        return all.toByteArray();
    }

    static byte[] named(String name) {
        try {
            return rename("ledgerbook/Entry", name.replace('.', '/'));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] rename(String from, String to) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(ORIGINAL));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeLong(in.readLong()); // magic and version
        int count = in.readUnsignedShort();
        out.writeShort(count);
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            out.writeByte(tag);
            switch (tag) {
                case 1:
                    String text = in.readUTF();
                    out.writeUTF(text.equals(from) ? to : text.replace("L" + from + ";", "L" + to + ";"));
                    break;
                case 5:
                case 6:
                    out.writeLong(in.readLong());
                    i++;
                    break;
                case 7:
                case 8:
                case 16:
                case 19:
                case 20:
                    out.writeShort(in.readUnsignedShort());
                    break;
                case 15:
                    out.writeByte(in.readUnsignedByte());
                    out.writeShort(in.readUnsignedShort());
                    break;
                default:
                    out.writeInt(in.readInt());
            }
        }
        out.write(rest(in));
        return bytes.toByteArray();
    }
}
