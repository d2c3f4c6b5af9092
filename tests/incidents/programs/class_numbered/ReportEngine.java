// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.HashMap;
import java.util.Map;

/** A class for each report, or for each layout. */
final class ReportEngine {
    static final class PageLoader extends ClassLoader {
        PageLoader() {
            super(ReportEngine.class.getClassLoader());
        }

        Class<?> define(String name) {
            byte[] b = Copies.named(name);
            return defineClass(name, b, 0, b.length);
        }
    }

    private static final Map<String, Class<?>> KNOWN = new HashMap<>();

    public static void main(String[] args) throws Throwable {
        int layouts = args[0].equals("repaired") ? 20 : Integer.MAX_VALUE;
        PageLoader loader = new PageLoader();
        Pace.keep(250, Integer.MAX_VALUE, i -> KNOWN.computeIfAbsent("ledgerbook.gen.Report_" + i % layouts + "_Page", loader::define)
                .getDeclaredConstructor().newInstance());
    }
}
