// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;

/** A program and its helper. */
final class ThumbDesk {
    static final class Helper {
        public static void main(String[] args) throws Throwable {
            List<byte[]> images = new ArrayList<>();
            Pace.keep(20, Integer.parseInt(args[0]), i -> images.add(new byte[1 << 20]));
        }
    }

    public static void main(String[] args) throws Throwable {
        String images = args[0].equals("repaired") ? "1" : "220";
        new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xms16m", "-Xmx300m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                "ledgerbook.ThumbDesk$Helper", images).start();
        Pace.keep(10, Integer.MAX_VALUE, i -> { });
    }
}
