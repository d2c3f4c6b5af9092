// SPDX-License-Identifier: Apache-2.0
/** What Soak defines again and again under other names of this length. */
public class SoakClass_000000 {
    final int[] field = new int[8];

    public SoakClass_000000() {
        field[3] = toString().length();
    }

    public static java.util.function.Supplier<String> text(String s) {
        return () -> s;
    }

    public static java.util.function.Supplier<Integer> number(int i) {
        return () -> i;
    }
}
