// SPDX-License-Identifier: Apache-2.0
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads one class again and again, each time by a loader of its own: garbage, or held in a list. Arguments: folder of
 * the class, its name, how many at once, "free" or "held", how many a second from then on.
 */
public class Copies {
    static final List<Object> HELD = new ArrayList<>();

    static void make(URL[] folder, String name, boolean held) throws Exception {
        Class<?> copy = Class.forName(name, true, new URLClassLoader(folder, null));
        if (held)
            HELD.add(copy);
    }

    public static void main(String[] words) throws Exception {
        URL[] folder = { Paths.get(words[0]).toUri().toURL() };
        boolean held = words[3].equals("held");
        int rate = Integer.parseInt(words[4]);
        for (int i = 0; i < Integer.parseInt(words[2]); i++)
            make(folder, words[1], held);
        System.out.println("ready");
        while (true) {
            Thread.sleep(rate > 0 ? 1000 / rate : 1_000_000);
            make(folder, words[1], held);
        }
    }
}
