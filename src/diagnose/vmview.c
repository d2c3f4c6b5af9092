// SPDX-License-Identifier: Apache-2.0
#include "diagnose/vmview.h"

#include <string.h>

static const struct {
	const char *flag, *collector;
} COLLECTORS[] = {
	{ "UseSerialGC", "Serial" },
	{ "UseParallelGC", "Parallel" },
	{ "UseParallelOldGC", "Parallel" },
	{ "UseConcMarkSweepGC", "CMS" },
	{ "UseG1GC", "G1" },
	{ "UseZGC", "Z" },
	{ "UseShenandoahGC", "Shenandoah" },
	{ "UseEpsilonGC", "Epsilon" },
};

bool vmview_sets(const struct option_row *o, const char *flag)
{
	return !o->unread && o->flag &&
	       (!strcmp(o->flag, flag) || (o->also && !strcmp(o->also, flag)));
}

const struct option_row *vmview_option(const struct vmview *v, const char *flag)
{
	for (size_t i = v->s->options.count; i-- > 0;)
		if (vmview_sets(&v->s->options.at[i], flag))
			return &v->s->options.at[i];
	return NULL;
}

static void choose_collector(struct vmview *v)
{
	for (size_t i = 0; i < sizeof(COLLECTORS) / sizeof(COLLECTORS[0]); i++) {
		const struct option_row *o = vmview_option(v, COLLECTORS[i].flag);

		if (o && o->form == GIVEN_ON) {
			v->collector = COLLECTORS[i].collector;
			v->collector_given = true;
		}
	}
	if (!v->collector)
		v->collector = v->jdk == 8 ? "Parallel" : "G1";
}

struct vmview vmview_of(const struct snapshot *s, unsigned jdk)
{
	struct vmview v = { .s = s, .live = s->flags.count > 0, .jdk = jdk };

	v.memory = s->container.known ? s->container.limit : UNKNOWN_BYTES;
	if (!v.live) {
		choose_collector(&v);
		return v;
	}
	v.jdk = (unsigned)snapshot_get(s, F_JDK, 0);
	v.collector_given = true;
	if (s->fact[F_COLLECTOR].known)
		v.collector = s->fact[F_COLLECTOR].text;
	return v;
}

bool vmview_switch(const struct vmview *v, const char *flag, bool *known)
{
	const struct flag_row *row = snapshot_find_flag(v->s, flag);
	const struct option_row *o;

	if (v->live) {
		*known = row && row->type == FLAG_BOOL;
		return *known && row->number;
	}
	o = vmview_option(v, flag);
	*known = o && o->form != GIVEN_VALUE;
	return *known && o->form == GIVEN_ON;
}

bool vmview_given_number(const struct vmview *v, const char *flag, uint64_t *number)
{
	const struct flag_row *row = snapshot_find_flag(v->s, flag);
	const struct option_row *o = vmview_option(v, flag);

	if (v->live && row && o) {
		*number = row->number;
		return true;
	}
	if (!o || !o->has_number)
		return false;
	*number = o->number;
	return true;
}
