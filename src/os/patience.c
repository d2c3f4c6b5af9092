// SPDX-License-Identifier: Apache-2.0
#include "os/patience.h"

#include <time.h>

#include "base/memory.h"

enum {
	TRIES = 50,
	CPU_NS = 200 * 1000 * 1000,
	FIRST_PAUSE_NS = 250 * 1000,
	PAUSE_NS = 5 * 1000 * 1000,
	DOUBLINGS = 5,
};

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct patience patience_start(const struct memory *memory)
{
	return (struct patience){ .tries = 1,
				  .limit = memory_can_change(memory) ? TRIES : 1,
				  .started = cpu_ns() };
}

bool patience_again(struct patience *p)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (p->tries >= p->limit || cpu_ns() - p->started >= CPU_NS)
		return false;
	if (p->tries < DOUBLINGS)
		pause.tv_nsec = (long)FIRST_PAUSE_NS << (p->tries - 1);
	nanosleep(&pause, NULL);
	p->tries++;
	return true;
}
