// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

/** The class whose copies are generated: a few methods and texts, as a mapper of rows has. */
public class Entry implements java.util.function.UnaryOperator<Object> {
    private int calls;

    @Override
    public Object apply(Object row) {
        calls++;
        return calls > 1 ? total(row) : head(row);
    }

    private String head(Object row) {
        return "account " + row;
    }

    private String total(Object row) {
        return "total of " + calls + " rows: " + row.hashCode() + tail(calls);
    }

    private static String tail(int n) {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < n && i < 3; i++) {
            s.append(", currency ").append(i);
        }
        return s.toString();
    }
}
