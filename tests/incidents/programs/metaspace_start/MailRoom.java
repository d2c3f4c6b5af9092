// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** Keeps some classes and makes others that nobody keeps. */
final class MailRoom {
    static final class LetterLoader extends ClassLoader {
        LetterLoader() {
            super(MailRoom.class.getClassLoader());
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

    public static void main(String[] args) throws Throwable {
        LetterLoader base = new LetterLoader();
        for (int i = 0; i < 900; i++) {
            base.define(ordinary(i));
        }
        Pace.keep(140, Integer.MAX_VALUE, i -> last = new LetterLoader().define("ledgerbook.gen.Letter").getDeclaredConstructor().newInstance());
    }
}
