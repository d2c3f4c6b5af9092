// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** Loads its classes at start; those that did not fit are tried again now and then. */
final class BackOffice {
    static final class CodeLoader extends ClassLoader {
        CodeLoader() {
            super(BackOffice.class.getClassLoader());
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

    public static void main(String[] args) throws Throwable {
        CodeLoader loader = new CodeLoader();
        int[] loaded = {0};
        Pace.keep(4, Integer.MAX_VALUE, i -> { // all at the first step
            boolean came = true;
            while (came) {
                came = more(loader, loaded);
            }
        });
    }

    private static boolean more(CodeLoader loader, int[] loaded) {
        try {
            if (loaded[0] < 3990) {
                loader.define(ordinary(loaded[0]));
                return ++loaded[0] > 0;
            }
        } catch (OutOfMemoryError e) { // again later
            return false;
        }
        return false;
    }
}
