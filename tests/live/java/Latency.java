// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;

/**
 * A heap that is touched (by -XX:+AlwaysPreTouch) and a thread that times mmap, touch and munmap.
 * "measure N" on stdin prints {rounds, p50, p99, p99.9, p99.99, max} in ns over N seconds.
 */
public final class Latency {
    static native boolean pin(int cpu);
    static native long[] measure(int seconds);

    public static void main(String[] args) throws Exception {
        System.load(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println(pin(1) ? "pinned" : "not pinned");
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            System.out.println(Arrays.toString(measure(Integer.parseInt(words[1]))));
        }
    }
}
