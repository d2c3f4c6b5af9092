// SPDX-License-Identifier: Apache-2.0
// The native side of Oracle.java: makes memory of every kind and tells where it is.

#include <jni.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

JNIEXPORT jlong JNICALL Java_Oracle_allocate(JNIEnv *env, jclass self, jlong bytes)
{
	void *p = malloc((size_t)bytes);

	if (p)
		memset(p, 0x5a, (size_t)bytes);
	return (jlong)(uintptr_t)p;
}

JNIEXPORT jlong JNICALL Java_Oracle_allocateAligned(JNIEnv *env, jclass self, jlong bytes,
						    jlong alignment)
{
	void *p = NULL;

	if (posix_memalign(&p, (size_t)alignment, (size_t)bytes))
		return 0;
	memset(p, 0x5a, (size_t)bytes);
	return (jlong)(uintptr_t)p;
}

JNIEXPORT void JNICALL Java_Oracle_release(JNIEnv *env, jclass self, jlong at)
{
	free((void *)(uintptr_t)at);
}

JNIEXPORT jlong JNICALL Java_Oracle_map(JNIEnv *env, jclass self, jlong bytes)
{
	void *p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (p == MAP_FAILED)
		return 0;
	memset(p, 0x5a, (size_t)bytes);
	return (jlong)(uintptr_t)p;
}

JNIEXPORT jlong JNICALL Java_Oracle_addressOf(JNIEnv *env, jclass self, jobject buffer)
{
	return (jlong)(uintptr_t)(*env)->GetDirectBufferAddress(env, buffer);
}

// {lowest address, size} of the calling thread's stack, as its attributes give it.
JNIEXPORT jlongArray JNICALL Java_Oracle_stack(JNIEnv *env, jclass self)
{
	pthread_attr_t attributes;
	void *low = NULL;
	size_t size = 0;
	jlong pair[2];
	jlongArray out = (*env)->NewLongArray(env, 2);

	if (!pthread_getattr_np(pthread_self(), &attributes)) {
		pthread_attr_getstack(&attributes, &low, &size);
		pthread_attr_destroy(&attributes);
	}
	pair[0] = (jlong)(uintptr_t)low;
	pair[1] = (jlong)size;
	if (out)
		(*env)->SetLongArrayRegion(env, out, 0, 2, pair);
	return out;
}

struct native_thread {
	_Atomic uintptr_t low; // != 0: the size is there too
	size_t size;
};

static void *sleep_for_ever(void *arg)
{
	struct native_thread *me = arg;
	pthread_attr_t attributes;
	void *low = NULL;
	volatile char deep[48 * 1024];

	memset((void *)deep, 1, sizeof(deep));
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &low, &me->size);
	pthread_attr_destroy(&attributes);
	me->low = (uintptr_t)low;
	for (;;)
		pause();
	return NULL;
}

// Starts a thread that the VM knows nothing of; {lowest address, size} of its stack.
JNIEXPORT jlongArray JNICALL Java_Oracle_nativeThread(JNIEnv *env, jclass self)
{
	struct native_thread *t = calloc(1, sizeof(*t));
	jlongArray out = (*env)->NewLongArray(env, 2);
	pthread_t thread;
	jlong pair[2];

	if (!t || !out || pthread_create(&thread, NULL, sleep_for_ever, t))
		return NULL;
	while (!t->low)
		sched_yield();
	pair[0] = (jlong)t->low;
	pair[1] = (jlong)t->size;
	(*env)->SetLongArrayRegion(env, out, 0, 2, pair);
	return out;
}
