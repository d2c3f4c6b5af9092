// SPDX-License-Identifier: Apache-2.0
// The native side of Classes.java: JNI global references that are never deleted.

#include <jni.h>

JNIEXPORT void JNICALL Java_Classes_hold(JNIEnv *env, jclass self, jobject object)
{
	(*env)->NewGlobalRef(env, object);
}
