// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;

/** A pool that is there from the start. */
final class WorkerHall {
    private static volatile Object last;

    public static void main(String[] args) throws Throwable {
        ThreadPoolExecutor pool = (ThreadPoolExecutor) Executors.newFixedThreadPool(200);
        pool.prestartAllCoreThreads();
        Pace.keep(50, Integer.MAX_VALUE, i -> pool.submit(() -> last = new byte[100]));
    }
}
