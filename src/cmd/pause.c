// SPDX-License-Identifier: Apache-2.0
#include "cmd/pause.h"

#include <errno.h>
#include <time.h>

void pause_for(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
}
