// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** java.lang.reflect.Proxy in many loaders or one. */
final class ClientPool {
    static final class ApiLoader extends ClassLoader {
        ApiLoader() {
            super(ClientPool.class.getClassLoader());
        }
    }

    private static final List<Object> CLIENTS = new ArrayList<>();

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        ApiLoader shared = new ApiLoader();
        Pace.keep(90, Integer.MAX_VALUE, i -> CLIENTS.add(Proxy.newProxyInstance(repaired ? shared : new ApiLoader(),
                new Class<?>[] {Runnable.class, Comparable.class}, (self, method, values) -> null)));
    }
}
