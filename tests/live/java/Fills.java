// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.List;

/** Fills WAIT_MS: after a while, its heap until there is no more. */
public class Fills {
    static final List<byte[]> KEPT = new ArrayList<>();

    public static void main(String[] words) throws Exception {
        System.out.println("ready");
        Thread.sleep(Long.parseLong(words[0]));
        while (true) {
            KEPT.add(new byte[1 << 20]);
        }
    }
}
