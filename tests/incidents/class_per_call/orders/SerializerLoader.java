// SPDX-License-Identifier: Apache-2.0
package orders;

/** Defines what one configuration generated. */
final class SerializerLoader extends ClassLoader {
    SerializerLoader() {
        super(SerializerLoader.class.getClassLoader());
    }

    Class<?> define(String name, byte[] bytes) {
        return defineClass(name, bytes, 0, bytes.length);
    }
}
