// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;

/** Plugins by and by. */
final class PluginHost {
    static final class PluginLoader extends ClassLoader {
        PluginLoader() {
            super(PluginHost.class.getClassLoader());
        }

        void define(String name) {
            byte[] b = Copies.named(name);
            defineClass(name, b, 0, b.length);
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

    private static final List<Object> PLUGINS = new ArrayList<>();

    public static void main(String[] args) throws Throwable {
        Pace.keep(2, Integer.MAX_VALUE, i -> {
            PluginLoader loader = new PluginLoader();
            for (int k = 0; k < 30; k++) {
                loader.define(ordinary(i * 17 + k * 13).replace("ledgerbook.", "ledgerbook.Plugin." + THINGS[i % 20].toLowerCase() + ROLES[i / 20 % 20].toLowerCase() + '.'));
            }
            PLUGINS.add(loader);
        });
    }
}
