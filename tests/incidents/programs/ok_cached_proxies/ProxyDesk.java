// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** Beans and their proxies. */
final class ProxyDesk {
    static final class BeanLoader extends ClassLoader {
        BeanLoader() {
            super(ProxyDesk.class.getClassLoader());
        }
    }

    private static final List<Object> BEANS = new ArrayList<>();
    private static volatile Object last;

    public static void main(String[] args) throws Throwable {
        for (int i = 0; i < 300; i++) {
            BEANS.add(Proxy.newProxyInstance(new BeanLoader(), new Class<?>[] {Runnable.class, Comparable.class}, (self, method, values) -> null));
        }
        Pace.keep(100, Integer.MAX_VALUE, i -> last = BEANS.get(i % BEANS.size()));
    }
}
