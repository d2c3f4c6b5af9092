// SPDX-License-Identifier: Apache-2.0
#include "record/triggers.h"

#include "base/arena.h"
#include "base/units.h"

static const double WINDOW_S = 60; // growth and full collections are counted over that long
static const double CALM = 0.95;

enum { LEAST_SAMPLES = 3 };

const char *trigger_name(enum trigger t)
{
	static const char *const NAMES[] = { "limit", "growth", "full-gc", "rss" };

	return NAMES[t];
}

void triggers_push(struct trigger_view *v, double at_s, uint64_t rss, uint64_t full_gcs)
{
	size_t at = v->count++ % TRIGGER_SAMPLES;

	v->sample[at].at_s = at_s;
	v->sample[at].rss = rss;
	v->sample[at].full_gcs = full_gcs;
}

// The oldest sample of the window, counted back from the latest; 0: too few.
static size_t window_samples(const struct trigger_view *v)
{
	size_t kept = v->count < TRIGGER_SAMPLES ? v->count : TRIGGER_SAMPLES, back = 0;
	double last = kept ? v->sample[(v->count - 1) % TRIGGER_SAMPLES].at_s : 0;

	// Beyond the window when ticks are rarer than it is long.
	while (back + 1 < kept &&
	       (back + 1 < LEAST_SAMPLES ||
		last - v->sample[(v->count - 2 - back) % TRIGGER_SAMPLES].at_s <= WINDOW_S))
		back++;
	return back + 1 >= LEAST_SAMPLES ? back : 0;
}

double triggers_growth(const struct trigger_view *v)
{
	size_t back = window_samples(v), last = (v->count - 1) % TRIGGER_SAMPLES, first;
	double span;

	if (!back)
		return 0;
	first = (v->count - 1 - back) % TRIGGER_SAMPLES;
	span = v->sample[last].at_s - v->sample[first].at_s;
	if (span <= 0 || v->sample[last].rss == UINT64_MAX || v->sample[first].rss == UINT64_MAX)
		return 0;
	return ((double)v->sample[last].rss - (double)v->sample[first].rss) / span;
}

static double full_gcs_per_min(const struct trigger_view *v)
{
	size_t back = window_samples(v), last = (v->count - 1) % TRIGGER_SAMPLES, first;
	double span;

	if (!back)
		return 0;
	first = (v->count - 1 - back) % TRIGGER_SAMPLES;
	span = v->sample[last].at_s - v->sample[first].at_s;
	if (span <= 0 || v->sample[last].full_gcs == UINT64_MAX ||
	    v->sample[first].full_gcs == UINT64_MAX ||
	    v->sample[last].full_gcs < v->sample[first].full_gcs)
		return 0;
	// A short window would make a rate of one collection: what a minute had counts.
	return (double)(v->sample[last].full_gcs - v->sample[first].full_gcs) * 60 /
	       (span < WINDOW_S ? WINDOW_S : span);
}

static double rss_limit(const struct trigger_settings *t, const struct trigger_view *v)
{
	if (t->rss)
		return (double)t->rss;
	return v->heap_max != UINT64_MAX ? t->rss_share * (double)v->heap_max : 0;
}

struct measure {
	double now, bound; // bound 0: not wanted, or not known
};

static struct measure measure_of(const struct trigger_settings *t, const struct trigger_view *v,
				 enum trigger which)
{
	uint64_t rss = v->count ? v->sample[(v->count - 1) % TRIGGER_SAMPLES].rss : UINT64_MAX;

	switch (which) {
	case TRIGGER_LIMIT:
		if (v->limit == UINT64_MAX || v->working_set == UINT64_MAX)
			break;
		return (struct measure){ (double)v->working_set,
					 t->limit_share * (double)v->limit };
	case TRIGGER_GROWTH:
		return (struct measure){ triggers_growth(v), t->growth_per_s };
	case TRIGGER_FULL_GC:
		return (struct measure){ full_gcs_per_min(v), t->full_gc_per_min };
	case TRIGGER_RSS:
		if (rss == UINT64_MAX)
			break;
		return (struct measure){ (double)rss, rss_limit(t, v) };
	case TRIGGER_COUNT:
		break;
	}
	return (struct measure){ 0, 0 };
}

static const char *size(double bytes, struct arena *mem)
{
	char text[16];

	return arena_text(mem, units_print_size(bytes > 0 ? (uint64_t)bytes : 0, text));
}

static const char *say(const struct trigger_view *v, enum trigger which, struct measure m,
		       struct arena *mem)
{
	switch (which) {
	case TRIGGER_LIMIT:
		return arena_format(mem, "%s of %s are in use (%.0f %% of the %s)",
				    size(m.now, mem), size((double)v->limit, mem),
				    100 * m.now / (double)v->limit,
				    v->of_machine ? "machine's memory" : "container's limit");
	case TRIGGER_GROWTH:
		return arena_format(mem, "it grows by %s a second, more than %s", size(m.now, mem),
				    size(m.bound, mem));
	case TRIGGER_FULL_GC:
		return arena_format(mem, "%.1f full collections in a minute, more than %g", m.now,
				    m.bound);
	default:
		return arena_format(mem, "%s are resident, more than %s", size(m.now, mem),
				    size(m.bound, mem));
	}
}

unsigned triggers_judge(const struct trigger_settings *t, const struct trigger_view *v,
			struct trigger_state state[TRIGGER_COUNT], double now_s, double rest_s,
			struct arena *mem, const char **why)
{
	unsigned fire = 0;

	for (int i = 0; i < TRIGGER_COUNT; i++) {
		struct measure m = measure_of(t, v, (enum trigger)i);

		if (m.bound <= 0)
			continue;
		if (m.now < m.bound) {
			if (m.now < CALM * m.bound && now_s - state[i].fired_s >= rest_s)
				state[i].fired = false;
			continue;
		}
		if (state[i].fired)
			continue;
		state[i] = (struct trigger_state){ true, now_s };
		if (!fire)
			*why = say(v, (enum trigger)i, m, mem);
		fire |= 1u << i;
	}
	return fire;
}
