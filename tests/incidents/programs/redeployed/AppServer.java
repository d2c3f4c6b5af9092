// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A small server of applications. */
final class AppServer {
    static final class AppLoader extends ClassLoader {
        AppLoader() {
            super(AppServer.class.getClassLoader());
        }

        Class<?> define(String name) {
            byte[] b = Copies.named(name);
            return defineClass(name, b, 0, b.length);
        }
    }

    private static final String[] PARTS = {"Cart", "Item", "Price", "Stock", "Login", "Order", "Offer", "Image"};
    private static final String[] ROLES = {"View", "Store", "Filter", "Task", "Form"};

    private static Object deploy() throws ReflectiveOperationException {
        AppLoader loader = new AppLoader();
        Object servlet = null;
        for (String part : PARTS) {
            for (String role : ROLES) {
                servlet = loader.define("Shop." + part + role).getDeclaredConstructor().newInstance();
            }
        }
        return servlet;
    }

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        ExecutorService pool = Executors.newFixedThreadPool(4);
        Object[] deployed = {deploy()};
        Pace.keep(3, Integer.MAX_VALUE, i -> {
            Object servlet = repaired ? deployed[0] : deploy();
            deployed[0] = servlet;
            ThreadLocal<Object> context = new ThreadLocal<>(); // one for each application
            pool.submit(() -> context.set(new Object[] {servlet, context})).get();
        });
    }
}
