// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A heap of many small objects, about 1 MB for each unit of the argument, two thirds of it in one leak. */
public class Crowd {
    static class Order {
        final Long number;
        final String state;
        Order next;
        final List<String> lines = new ArrayList<>(2);
        Order(long number, Order next) {
            this.number = number;
            this.state = number % 3 == 0 ? "paid" : "new";
            this.next = next;
            lines.add("line " + number);
            lines.add(state);
        }
    }
    static class Customer {
        final String name;
        final Map<String, Order> orders = new HashMap<>(4);
        final byte[] token = new byte[20];
        Customer(int i) { name = "customer " + i; }
    }
    static class Known { static final Map<String, Customer> ALL = new ConcurrentHashMap<>(); }
    static class Others { static final List<Customer> SOME = new ArrayList<>(); }

    public static void main(String[] words) throws Exception {
        int count = Integer.parseInt(words[0]) * 1000;
        Order last = null;
        for (int i = 0; i < count; i++) {
            Customer c = new Customer(i);
            for (int o = 0; o < 4; o++)
                c.orders.put("o" + o, last = new Order(i * 4L + o, o == 0 ? null : last));
            if (i % 3 == 0)
                Others.SOME.add(c);
            else
                Known.ALL.put(c.name, c);
        }
        System.out.println("ready");
        Thread.sleep(Long.MAX_VALUE);
    }
}
