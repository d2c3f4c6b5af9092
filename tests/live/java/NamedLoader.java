// SPDX-License-Identifier: Apache-2.0
/** A class loader with a name. */
class NamedLoader extends ClassLoader {
    NamedLoader(String name, ClassLoader parent) {
        super(name, parent);
    }
}
