// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.lang.invoke.CallSite;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** LambdaMetafactory called by the program, for each rule or once. */
final class RuleBook {
    private static final List<Object> RULES = new ArrayList<>();
    private static final MethodHandles.Lookup HERE = MethodHandles.lookup();

    static Object text(Object o) {
        return "" + o;
    }

    private static Object spin() throws Throwable {
        MethodType type = MethodType.methodType(Object.class, Object.class);
        CallSite site = LambdaMetafactory.metafactory(HERE, "apply", MethodType.methodType(UnaryOperator.class), type,
                HERE.findStatic(RuleBook.class, "text", type), type);
        return site.getTarget().invoke();
    }

    public static void main(String[] args) throws Throwable {
        boolean repaired = args[0].equals("repaired");
        Object first = spin();
        Pace.keep(150, Integer.MAX_VALUE, i -> RULES.add(repaired ? first : spin()));
    }
}
