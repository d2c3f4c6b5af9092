// SPDX-License-Identifier: Apache-2.0
// Makes garbage, then collects on the word "gc"; on "spin" a thread named spinner keeps busy.
import java.io.BufferedReader;
import java.io.InputStreamReader;

public class LiveGcGarbage {
	static volatile Object sink;
	static volatile long count;

	public static void main(String[] arguments) throws Exception {
		byte[][] kept = new byte[64][];
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

		for (int i = 0; i < 2000; i++)
			sink = kept[i % 64] = new byte[64 << 10];
		System.out.println("ready");
		for (String line; (line = in.readLine()) != null;) {
			if (line.equals("gc"))
				System.gc();
			if (line.equals("spin")) {
				Thread t = new Thread("spinner") {
					public void run() {
						for (;;)
							count++;
					}
				};
				t.setDaemon(true);
				t.start();
			}
			System.out.println("done");
		}
	}
}
