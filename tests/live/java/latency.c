// SPDX-License-Identifier: Apache-2.0
// The native side of Latency.java: one thread maps, touches and unmaps memory and times each round.
// mmap and munmap take the process's memory lock for writing, as thread starts and allocators do, so
// a reader that holds it shows up here.

#include <jni.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { ROUND_BYTES = 64 * 1024, TOUCHES = 2, LIMIT = 40 * 1000 * 1000 };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

// Pins the calling thread to `cpu` at real-time priority, so that other load does not count.
JNIEXPORT jboolean JNICALL Java_Latency_pin(JNIEnv *env, jclass self, jint cpu)
{
	struct sched_param priority = { .sched_priority = 40 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set) &&
	       !sched_setscheduler(0, SCHED_FIFO, &priority);
}

// {rounds, p50, p99, p99.9, p99.99, max} in ns over `seconds`.
JNIEXPORT jlongArray JNICALL Java_Latency_measure(JNIEnv *env, jclass self, jint seconds)
{
	uint32_t *took = malloc(LIMIT * sizeof(*took));
	uint64_t end = now_ns() + (uint64_t)seconds * 1000000000u;
	jlongArray out = (*env)->NewLongArray(env, 6);
	jlong v[6];
	size_t n = 0;

	if (!took || !out)
		return NULL;
	while (n < LIMIT && now_ns() < end) {
		uint64_t start = now_ns(), ns;
		char *p = mmap(NULL, ROUND_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			break;
		for (int i = 0; i < TOUCHES; i++)
			p[i * 4096] = 1;
		munmap(p, ROUND_BYTES);
		ns = now_ns() - start;
		took[n++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
	}
	qsort(took, n, sizeof(*took), by_value);
	v[0] = (jlong)n;
	v[1] = took[n / 2];
	v[2] = took[n * 99 / 100];
	v[3] = took[n * 999 / 1000];
	v[4] = took[(size_t)((double)n * 0.9999)];
	v[5] = took[n - 1];
	free(took);
	(*env)->SetLongArrayRegion(env, out, 0, 6, v);
	return out;
}
