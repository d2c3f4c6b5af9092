// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;

/** Threads make Deflaters, a quarter of a megabyte of malloc'd memory each, and end every other one. */
public class Retained {
    static final List<Deflater> KEPT = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        int each = Integer.parseInt(args[0]);
        List<Thread> threads = new ArrayList<>();

        for (int i = 0; i < 4; i++) {
            Thread t = new Thread(() -> {
                List<Deflater> mine = new ArrayList<>();
                byte[] out = new byte[64];

                for (int k = 0; k < each; k++) {
                    Deflater d = new Deflater();
                    d.setInput(new byte[100000]);
                    d.deflate(out);
                    mine.add(d);
                }
                for (int k = 0; k < each; k += 2) {
                    mine.get(k).end();
                }
                synchronized (KEPT) {
                    KEPT.addAll(mine);
                }
            });
            t.start();
            threads.add(t);
        }
        for (Thread t : threads) {
            t.join();
        }
        Thread.sleep(300);
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until it ends
        }
    }
}
