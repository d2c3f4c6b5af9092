// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Formulas that are compiled. */
final class FormulaDesk {
    static final class FormulaLoader extends ClassLoader {
        FormulaLoader() {
            super(FormulaDesk.class.getClassLoader());
        }

        Class<?> define(String name) {
            byte[] b = Copies.named(name);
            return defineClass(name, b, 0, b.length);
        }
    }

    private static volatile Object last;

    @SuppressWarnings("unchecked")
    public static void main(String[] args) throws Throwable {
        int most = args[0].equals("repaired") ? 40 : Integer.MAX_VALUE;
        FormulaLoader loader = new FormulaLoader();
        List<UnaryOperator<Object>> formulas = new ArrayList<>();
        Pace.keep(100, Integer.MAX_VALUE, i -> {
            if (formulas.size() < most) {
                String name = "ledgerbook.gen.Formula" + i;
                formulas.add((UnaryOperator<Object>) loader.define(name).getDeclaredConstructor().newInstance());
            }
            UnaryOperator<Object> f = formulas.get(i % formulas.size());
            for (int k = 0; k < 6000; k++) {
                last = f.apply("row");
            }
        });
    }
}
