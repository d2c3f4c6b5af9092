// SPDX-License-Identifier: Apache-2.0
package ledgerbook;

import java.util.HashMap;
import java.util.Map;

/** Sessions by user. */
final class SessionBook {
    static final class Session {
        final byte[] basket = new byte[900];
        final String user;

        Session(String user) {
            this.user = user;
        }
    }

    private static final Map<Integer, Session> SESSIONS = new HashMap<>();
    private static volatile byte[] garbage;

    public static void main(String[] args) throws Throwable {
        int most = args[0].equals("repaired") ? 5000 : Integer.MAX_VALUE;
        int[] next = {0};
        Pace.keep(25, Integer.MAX_VALUE, i -> {
            for (int k = 0; k < 120; k++) {
                int id = next[0]++;
                SESSIONS.put(id, new Session("user " + id));
                SESSIONS.remove(id - most);
            }
            for (int k = 0; k < 40; k++) {
                garbage = new byte[25_000];
            }
        });
    }
}
