// SPDX-License-Identifier: Apache-2.0
#include "diagnose/joined.h"

#include "diagnose/weigh.h"

static bool holds(enum verdict v)
{
	return v == VERDICT_CONFIRMED || v == VERDICT_LIKELY;
}

// Evidence and remedies of the weaker of two findings that agree, behind those of the stronger.
static void add_from(struct finding *to, const struct finding *other, struct arena *mem)
{
	for (size_t i = 0; i < other->evidence.count; i++)
		vec_push(mem, &to->evidence, other->evidence.at[i]);
	for (size_t i = 0; i < other->confused.count; i++)
		vec_push(mem, &to->confused, other->confused.at[i]);
	if (!to->bytes)
		to->bytes = other->bytes;
	if (!to->has_growth) {
		to->has_growth = other->has_growth;
		to->growth_per_s = other->growth_per_s;
	}
	if (!to->culprit.name)
		to->culprit = other->culprit;
	if (!to->experiment)
		to->experiment = other->experiment;
}

static void add_against(struct finding *to, const struct finding *other, bool other_is_log,
			struct arena *mem)
{
	if (other->text && *other->text)
		add_evidence(to, mem, other_is_log ? "gclog.against" : "window.against", 0,
			     other_is_log ? "GC log" : "live", "against it, %s: %s",
			     other_is_log ? "in the log" : "in the window", other->text);
}

// `strong` holds.
static enum verdict join_holding(struct finding *strong, const struct finding *other,
				 bool other_is_log, struct arena *mem)
{
	if (holds(other->verdict))
		add_from(strong, other, mem);
	else if (other->verdict == VERDICT_RULED_OUT)
		add_against(strong, other, other_is_log, mem);
	return strong->verdict;
}

enum verdict joined_judge(const struct rule *rule, const struct evidence *e, struct arena *mem,
			  struct finding *out)
{
	struct finding live = *out, logged = *out;

	if (e->log_alone && !rule->judge_log)
		return cannot_tell(out, mem, "a running JVM or a capture: a GC log does not say it",
				   "jledger doctor PID");
	if (!e->log && !rule->judge)
		return cannot_tell(out, mem, out->cause->decisive, out->cause->how);
	if (!e->log || !rule->judge_log)
		return rule->judge(e, mem, out);
	logged.verdict = rule->judge_log(e, mem, &logged);
	if (e->log_alone || !rule->judge) {
		*out = logged;
		return out->verdict;
	}
	live.verdict = rule->judge(e, mem, &live);
	if (holds(live.verdict) &&
	    (live.verdict == VERDICT_CONFIRMED || logged.verdict != VERDICT_CONFIRMED)) {
		*out = live;
		return join_holding(out, &logged, true, mem);
	}
	if (holds(logged.verdict)) {
		*out = logged;
		return join_holding(out, &live, false, mem);
	}
	// Neither holds: what rules it out says more than what is missing.
	*out = live.verdict == VERDICT_CANNOT_TELL ? logged : live;
	return out->verdict;
}
