// SPDX-License-Identifier: Apache-2.0
package orders;

/**
 * The fault: every call makes a serializer configuration of its own, and with it a loader and a
 * generated class. Runs until it is stopped. Argument: calls per second.
 */
public final class OrderExport {
    private static int calls;

    private static String export(Object order) throws ReflectiveOperationException {
        String name = "orders.generated.Serializer_1_" + order.getClass().getSimpleName();
        SerializerLoader loader = new SerializerLoader(); // should be made once
        Serializer s = (Serializer) loader.define(name, ClassFile.make(name, 24))
                .getDeclaredConstructor().newInstance();
        calls++;
        return s.write(order);
    }

    public static void main(String[] args) throws Exception {
        int rate = args.length > 0 ? Integer.parseInt(args[0]) : 200;
        long start = System.nanoTime();
        System.out.println("ready");
        while (true) {
            export("order");
            long due = start + calls * 1_000_000_000L / rate - System.nanoTime();
            if (due > 0) {
                Thread.sleep(due / 1_000_000, (int) (due % 1_000_000));
            }
        }
    }
}
