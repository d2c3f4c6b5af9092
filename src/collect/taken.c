// SPDX-License-Identifier: Apache-2.0
#include "collect/taken.h"

#include <stdlib.h>
#include <string.h>

#include "collect/collector.h"
#include "collect/mappings.h"
#include "malloc/view.h"

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static bool takes(const struct claim *c)
{
	return c->certainty != CERTAINTY_ESTIMATED && strcmp(c->account, "malloc") != 0 &&
	       strcmp(c->account, "direct-buffers") != 0;
}

static bool read_maps(void *arg, struct maps *out)
{
	struct look *look = arg;

	return mappings_read(look->target->files, look->target->pid, look->mem, out, NULL);
}

void taken_view(struct look *look, struct malloc_view *out)
{
	const struct snapshot *s = look->out;
	struct range *at = arena_array(look->mem, struct range, s->claims.count + 1);
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < s->claims.count; i++)
		if (takes(&s->claims.at[i]))
			at[count++] = (struct range){ s->claims.at[i].start, s->claims.at[i].end };
	qsort(at, count, sizeof(*at), by_start);
	for (size_t i = 0; i < count; i++) {
		if (kept && at[i].start <= at[kept - 1].end) {
			if (at[i].end > at[kept - 1].end)
				at[kept - 1].end = at[i].end;
		} else {
			at[kept++] = at[i];
		}
	}
	*out = (struct malloc_view){
		.memory = look->target->memory,
		.maps = &look->maps,
		.pages = look->has_pages ? &look->pages : NULL,
		.taken = at,
		.taken_count = kept,
		.read_maps = read_maps,
		.read_maps_arg = look,
	};
}
