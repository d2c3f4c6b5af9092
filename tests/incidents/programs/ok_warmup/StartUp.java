// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Warms up, then serves. */
final class StartUp {
    static final class CodeLoader extends ClassLoader {
        CodeLoader() {
            super(StartUp.class.getClassLoader());
        }

        Class<?> define(String name) {
            byte[] b = Copies.named(name);
            return defineClass(name, b, 0, b.length);
        }
    }

    private static final String[] WAYS = {"", "Default", "Abstract", "Cached", "Remote", "Local", "Simple", "Async", "Legacy", "Batch"};
    private static final String[] THINGS = {"Order", "Bill", "Stock", "Client", "Route", "Tax", "Memo", "Audit", "Price", "Range",
        "Total", "Note", "Offer", "Claim", "Rate", "Lease", "Quote", "Batch", "Shift", "Desk"};
    private static final String[] ROLES = {"Service", "Mapper", "Controller", "Store", "Factory", "Rule", "Listener", "Dto", "Config",
        "Filter", "Job", "View", "Event", "Helper", "Proxy", "Task", "Codec", "Guard", "Pool", "Key"};

    private static String ordinary(int i) {
        return "ledgerbook." + THINGS[i % 7].toLowerCase() + '.' + WAYS[i / 400 % 10] + THINGS[i % 20] + ROLES[i / 20 % 20];
    }

    private static volatile Object last;

    @SuppressWarnings("unchecked")
    public static void main(String[] args) throws Throwable {
        CodeLoader loader = new CodeLoader();
        List<UnaryOperator<Object>> parts = new ArrayList<>();
        Pace.keep(400, Integer.MAX_VALUE, i -> {
            if (i < 1600) {
                parts.add((UnaryOperator<Object>) loader.define(ordinary(i)).getDeclaredConstructor().newInstance());
            }
            for (int k = 0; k < 40; k++) {
                last = parts.get((i * 7 + k) % parts.size()).apply("row " + k);
            }
        });
    }
}
