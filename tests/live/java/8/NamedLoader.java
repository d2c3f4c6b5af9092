// SPDX-License-Identifier: Apache-2.0
/** On JDK 8, which knows no names of class loaders. */
class NamedLoader extends ClassLoader {
    NamedLoader(String name, ClassLoader parent) {
        super(parent);
    }
}
