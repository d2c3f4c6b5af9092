// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;

/** A batch at start, a collection of what it left, then silence. */
final class MonthlyRun {
    public static void main(String[] args) throws Throwable {
        int rows = args[0].equals("repaired") ? 20 : 1200;
        List<byte[]> batch = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            batch.add(new byte[250_000]);
        }
        batch = null;
        System.gc();
        Pace.keep(1, Integer.MAX_VALUE, i -> { });
    }
}
