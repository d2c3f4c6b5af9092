// SPDX-License-Identifier: Apache-2.0
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** The code of a class of the tests. */
final class Bytes {
    static byte[] of(String resource) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] some = new byte[4096];
        try (InputStream in = Bytes.class.getResourceAsStream(resource)) {
            for (int n; (n = in.read(some)) > 0; ) {
                out.write(some, 0, n);
            }
        }
        return out.toByteArray();
    }
}
