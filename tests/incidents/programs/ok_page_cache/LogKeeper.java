// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.io.File;
import java.io.FileOutputStream;

/** Writes a log. */
final class LogKeeper {
    public static void main(String[] args) throws Throwable {
        byte[] lines = new byte[1 << 20];
        File file = new File(args[1], "log");
        try (FileOutputStream to = new FileOutputStream(file)) {
            Pace.keep(25, 500, i -> to.write(lines));
        }
    }
}
