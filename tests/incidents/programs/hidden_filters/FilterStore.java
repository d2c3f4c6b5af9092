// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.Map;

/** Hidden classes by text or by shape. */
final class FilterStore {
    private static final Map<String, Class<?>> KEPT = new HashMap<>();
    private static final MethodHandles.Lookup HERE = MethodHandles.lookup();

    private static Class<?> compile() {
        try {
            return HERE.defineHiddenClass(Copies.named("ledgerbook.Compiled"), true).lookupClass();
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        Pace.keep(150, Integer.MAX_VALUE, i -> KEPT.computeIfAbsent(repaired ? "price > ?" : "price > " + i, k -> compile()));
    }
}
