// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.nio.file.Files;
import java.nio.file.Paths;

/** Scratch files of 4 MB. */
final class ScratchPad {
    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        byte[] sheet = new byte[4 << 20];
        Pace.keep(3, 65, i -> {
            Files.write(Paths.get(args[1], "tmpfs", "scratch-sheet-" + i), sheet);
            if (repaired && i > 0) {
                Files.delete(Paths.get(args[1], "tmpfs", "scratch-sheet-" + (i - 1)));
            }
        });
    }
}
