// SPDX-License-Identifier: Apache-2.0
#include "diagnose/aftermath.h"

#include <string.h>

#include "base/units.h"
#include "diagnose/weigh.h"

// A JVM that has run for less than this, and for less than half of what the older one had, may have
// the fault and not show it yet.
static const double SETTLED_S = 60;

static double uptime_s(const struct evidence *e)
{
	return (double)snapshot_get(e->now, F_UPTIME, 0) / 1000;
}

void aftermath_keep(const struct evidence *e, const struct diagnosis *d, struct arena *mem,
		    struct aftermath_old *out)
{
	*out = (struct aftermath_old){ .uptime_s = uptime_s(e), .has_window = weigh_has_window(e) };
	for (size_t i = 0; i < d->held; i++) {
		const struct finding *f = &d->all[i];

		if (f->cause->kind != KIND_NOTE)
			vec_push(mem, &out->held,
				 (struct aftermath_then){
					 .cause = f->cause,
					 .verdict = f->verdict,
					 .culprit = f->culprit.name
							    ? arena_text(mem, f->culprit.name)
							    : NULL,
					 .has_growth_per_mb = f->has_growth_per_mb,
					 .growth_per_mb = f->growth_per_mb,
				 });
	}
}

static const struct finding *find(const struct diagnosis *d, const struct cause *cause)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->all[i].cause == cause)
			return &d->all[i];
	return NULL;
}

static bool held_then(const struct aftermath_old *old, const struct cause *cause)
{
	for (size_t i = 0; i < old->held.count; i++)
		if (old->held.at[i].cause == cause)
			return true;
	return false;
}

static struct aftermath_row not_fixed(const struct aftermath_then *then, const struct finding *now,
				      struct arena *mem)
{
	const char *culprit = now->culprit.name;
	const char *other = "", *pace = "";

	if (then->culprit && culprit && strcmp(then->culprit, culprit) != 0)
		other = arena_format(mem, ", by %s (then by %s)", culprit, then->culprit);
	if (then->has_growth_per_mb && now->has_growth_per_mb)
		pace = arena_format(mem, "; %.1f KB for each MB allocated, then %.1f KB",
				    now->growth_per_mb / (double)KIB(1),
				    then->growth_per_mb / (double)KIB(1));
	return (struct aftermath_row){ then->cause, OUTCOME_NOT_FIXED,
				       arena_format(mem, "%s then, %s now%s%s",
						    verdict_name(then->verdict),
						    verdict_name(now->verdict), other, pace) };
}

static struct aftermath_row judge(const struct aftermath_old *old,
				  const struct aftermath_then *then, const struct evidence *e,
				  const struct finding *now, struct arena *mem)
{
	struct aftermath_row row = { then->cause, OUTCOME_CANNOT_TELL, NULL };
	double run = uptime_s(e);

	if (now && (now->verdict == VERDICT_CONFIRMED || now->verdict == VERDICT_LIKELY))
		return not_fixed(then, now, mem);
	if (!now || now->verdict == VERDICT_CANNOT_TELL)
		row.because = arena_format(mem, "not known: %s",
					   now && now->missing ? now->missing : "not judged");
	else if (old->has_window && !weigh_has_window(e))
		row.because = "it was seen over a window then: look with --for 30s";
	else if (run < SETTLED_S && run < old->uptime_s / 2)
		row.because = arena_format(mem,
					   "this JVM has run for %.0f s, then it had for %.0f s: "
					   "look again later",
					   run, old->uptime_s);
	else
		row = (struct aftermath_row){ then->cause, OUTCOME_FIXED, now->text };
	return row;
}

void aftermath_of(const struct aftermath_old *old, const struct evidence *e,
		  const struct diagnosis *now, struct arena *mem, struct aftermath *out)
{
	*out = (struct aftermath){ 0 };
	for (size_t i = 0; i < old->held.count; i++) {
		const struct aftermath_then *then = &old->held.at[i];

		vec_push(mem, &out->rows, judge(old, then, e, find(now, then->cause), mem));
	}
	for (size_t i = 0; i < now->held; i++) {
		const struct finding *f = &now->all[i];

		if (f->cause->kind != KIND_NOTE && !held_then(old, f->cause))
			vec_push(mem, &out->rows,
				 (struct aftermath_row){
					 f->cause, OUTCOME_NEW,
					 arena_format(mem, "%s now", verdict_name(f->verdict)) });
	}
}

const char *outcome_name(enum outcome o)
{
	static const char *const NAMES[] = {
		[OUTCOME_FIXED] = "fixed",
		[OUTCOME_NOT_FIXED] = "not fixed",
		[OUTCOME_CANNOT_TELL] = "cannot tell",
		[OUTCOME_NEW] = "new",
	};

	return NAMES[o];
}
