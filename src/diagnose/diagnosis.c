// SPDX-License-Identifier: Apache-2.0
// Every cause of the catalogue is judged once; what holds comes first, the heaviest of it first.

#include "diagnose/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include "diagnose/growth.h"
#include "diagnose/joined.h"
#include "diagnose/weigh.h"

static const struct rule *const RULES[] = {
#define RULE(name) &rule_##name,
#include "diagnose/rules.def"
#undef RULE
};

static const struct rule *find_rule(const char *cause)
{
	for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
		if (!strcmp(RULES[i]->cause, cause))
			return RULES[i];
	return NULL;
}

static bool holds(const struct finding *f)
{
	return f->verdict == VERDICT_CONFIRMED || f->verdict == VERDICT_LIKELY;
}

static void judge_cause(const struct evidence *e, const struct cause *cause, struct arena *mem,
			struct finding *out)
{
	const struct rule *rule = find_rule(cause->id);

	*out = (struct finding){ .cause = cause };
	if (rule)
		out->verdict = joined_judge(rule, e, mem, out);
	else if (e->log_alone)
		cannot_tell(out, mem, "a running JVM or a capture: a GC log does not say it",
			    "jledger doctor PID");
	else
		cannot_tell(out, mem, cause->decisive, cause->how);
	if (out->how)
		out->how = weigh_command(mem, out->how, e->now->pid);
	if (!out->text)
		out->text = "";
}

// Where a finding stands: causes, risks, notes, then what was ruled out, then what nobody knows.
static int place_of(const struct finding *f)
{
	if (holds(f))
		return (int)f->cause->kind;
	return f->verdict == VERDICT_RULED_OUT ? KIND_NOTE + 1 : KIND_NOTE + 2;
}

// What a finding explains: growth before size, since growth is what ends a container.
static int by_weight(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	double grown_a = a->has_growth ? a->growth_per_s : 0;
	double grown_b = b->has_growth ? b->growth_per_s : 0;

	if (place_of(a) != place_of(b))
		return place_of(a) - place_of(b);
	if (holds(a)) {
		if (a->at_limit != b->at_limit)
			return a->at_limit ? -1 : 1;
		if (grown_a != grown_b)
			return grown_a > grown_b ? -1 : 1;
		if (a->bytes != b->bytes)
			return a->bytes > b->bytes ? -1 : 1;
		if (a->verdict != b->verdict)
			return a->verdict == VERDICT_CONFIRMED ? -1 : 1;
	}
	return a->cause < b->cause ? -1 : a->cause > b->cause;
}

// Growth by what was allocated meanwhile, beside growth by time: twice the load is twice the one, and
// the other as before.
static void measure_by_allocation(const struct evidence *e, struct arena *mem,
				  struct diagnosis *out)
{
	double lasting = 0;

	allocation_in_window(e, mem, &out->allocation);
	for (size_t i = 0; i < out->growth.count; i++)
		if (!out->growth.at[i].harmless)
			lasting += (double)out->growth.at[i].bytes;
	out->has_growth_per_mb = e->ledger && e->ledger->has_growth &&
				 allocation_per_mb(&out->allocation, lasting, &out->growth_per_mb);
	for (size_t i = 0; i < out->held; i++) {
		struct finding *f = &out->all[i];

		f->has_growth_per_mb =
			f->has_growth &&
			allocation_per_mb(&out->allocation, f->growth_per_s * e->window_s,
					  &f->growth_per_mb);
	}
}

void diagnose(const struct evidence *e, struct arena *mem, struct diagnosis *out)
{
	*out = (struct diagnosis){ .healthy = true, .count = CAUSE_COUNT };
	out->all = arena_array(mem, struct finding, CAUSE_COUNT);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		judge_cause(e, &CAUSES[i], mem, &out->all[i]);
		if (!holds(&out->all[i]))
			continue;
		out->held++;
		if (CAUSES[i].kind == KIND_CAUSE)
			out->healthy = false;
	}
	qsort(out->all, out->count, sizeof(*out->all), by_weight);
	if (e->log_alone)
		return;
	growth_split(e, mem, out);
	growth_unexplained(e, out);
	growth_foresee(e, out);
	measure_by_allocation(e, mem, out);
}

const char *verdict_name(enum verdict v)
{
	static const char *const NAMES[] = {
		[VERDICT_CONFIRMED] = "confirmed",
		[VERDICT_LIKELY] = "likely",
		[VERDICT_RULED_OUT] = "ruled out",
		[VERDICT_CANNOT_TELL] = "cannot tell",
	};

	return NAMES[v];
}

const char *finding_kind_name(enum finding_kind k)
{
	static const char *const NAMES[] = {
		[KIND_CAUSE] = "cause",
		[KIND_RISK] = "risk",
		[KIND_NOTE] = "note",
	};

	return NAMES[k];
}

const char *collectable_name(enum collectable c)
{
	static const char *const NAMES[] = {
		[COLLECTABLE_NONE] = NULL,         [COLLECTABLE_CONFIRMED] = "confirmed",
		[COLLECTABLE_LIKELY] = "likely",   [COLLECTABLE_NO] = "no",
		[COLLECTABLE_UNKNOWN] = "unknown",
	};

	return NAMES[c];
}
