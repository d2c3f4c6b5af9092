// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.lang.invoke.CallSite;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * Generates classes, as faulty libraries do and as healthy ones do. Arguments: what, how often a
 * second, how often in all.
 */
public final class Generators {
    static final class Book extends ClassLoader {
        Book() {
            super(Generators.class.getClassLoader());
        }

        Class<?> define(String name) {
            byte[] b = Copies.named(name);
            return defineClass(name, b, 0, b.length);
        }
    }

    private static final String[] AREAS = {"order", "invoice", "stock", "customer", "shipping", "tax", "report", "audit"};
    private static final String[] THINGS = {"Item", "Header", "Line", "Address", "Price", "Discount", "Status", "Range", "Total", "Note"};
    private static final String[] ROLES = {"Service", "Mapper", "Controller", "Repository", "Factory", "Validator", "Listener", "Dto", "Config", "Filter"};
    private static final String[] WAYS = {"", "Default", "Abstract", "Cached", "Remote", "Local", "Simple", "Async", "Legacy", "Batch"};

    private static final List<Object> KEPT = new ArrayList<>();
    private static final MethodHandles.Lookup HERE = MethodHandles.lookup();

    private static String ordinary(int i) {
        return "acme." + AREAS[i % 8] + '.' + WAYS[i / 8 % 10] + AREAS[i / 3 % 8].substring(0, 1).toUpperCase()
                + AREAS[i / 3 % 8].substring(1) + THINGS[i / 80 % 10] + ROLES[i / 800 % 10] + (i % 5 == 4 ? "$" + (1 + i % 3) : "")
                + (i >= 8000 ? "X" + AREAS[i % 8] : "");
    }

    private static Object text(Object o) {
        return "" + o;
    }

    private static void lambda(List<Object> kept) throws Throwable {
        MethodHandle body = HERE.findStatic(Generators.class, "text", MethodType.methodType(Object.class, Object.class));
        MethodType type = MethodType.methodType(Object.class, Object.class);
        CallSite site = LambdaMetafactory.metafactory(HERE, "apply", MethodType.methodType(UnaryOperator.class), type, body, type);
        Object made = site.getTarget().invoke();
        if (kept != null) {
            kept.add(made);
        }
    }

    public static void main(String[] args) throws Throwable {
        double rate = Double.parseDouble(args[1]);
        int most = args.length > 2 ? Integer.parseInt(args[2]) : Integer.MAX_VALUE;
        Book shared = new Book();
        Random random = new Random(7);
        switch (args[0]) {
            case "numbered":
                Pace.keep(rate, most, i -> shared.define("acme.gen.Row_" + i + "_Invoice"));
                break;
            case "hex":
                Pace.keep(rate, most, i -> shared.define(String.format("acme.gen.Row$%08x", random.nextInt())));
                break;
            case "per-call-3":
                Pace.keep(rate, most, i -> {
                    Book b = new Book();
                    b.define("acme.gen.Row");
                    b.define("acme.gen.RowWriter");
                    b.define("acme.gen.RowReader").getDeclaredConstructor().newInstance();
                });
                break;
            case "hidden":
                Pace.keep(rate, most, i -> KEPT.add(HERE.defineHiddenClass(Copies.named("ledgerbook.Compiled"), true).lookupClass()));
                break;
            case "lambda":
                Pace.keep(rate, most, i -> lambda(KEPT));
                break;
            case "plugins": // rate counts plugins
                Pace.keep(rate, most, i -> {
                    Book b = new Book();
                    KEPT.add(b);
                    for (int k = 0; k < 40; k++) {
                        b.define(ordinary(i * 7 + k * 13).replace("acme.", "plugin" + (i % 60) + '.'));
                    }
                });
                break;
            case "plugins-same": // all plugins bundle the same library of 40 classes, beside 20 of their own
                Pace.keep(rate, most, i -> {
                    Book b = new Book();
                    KEPT.add(b);
                    for (int k = 0; k < 40; k++) {
                        b.define(ordinary(k * 13));
                    }
                    for (int k = 0; k < 20; k++) {
                        b.define(ordinary(i * 7 + k * 13).replace("acme.", "plugin" + i + '.'));
                    }
                });
                break;
            case "application":
                Pace.keep(rate, most, i -> shared.define(ordinary(i)));
                break;
            case "jsp": // numbered in own loader to a bound
                Pace.keep(rate, most, i -> {
                    Book b = new Book();
                    KEPT.add(b);
                    b.define("jsp.page" + i + "_jsp");
                });
                break;
            default:
                throw new IllegalArgumentException(args[0]);
        }
    }
}
