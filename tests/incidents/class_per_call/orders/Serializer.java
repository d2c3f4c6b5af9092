// SPDX-License-Identifier: Apache-2.0
package orders;

public interface Serializer {
    String write(Object bean);
}
