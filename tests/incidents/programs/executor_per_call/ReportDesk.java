// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An executor for each call, or one for all. */
final class ReportDesk {
    private static volatile Object last;

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        ExecutorService shared = Executors.newFixedThreadPool(2);
        Pace.keep(8, Integer.MAX_VALUE, i -> {
            ExecutorService pool = repaired ? shared : Executors.newFixedThreadPool(2);
            pool.submit(() -> last = new byte[100]);
            pool.submit(() -> last = new byte[100]);
        });
    }
}
