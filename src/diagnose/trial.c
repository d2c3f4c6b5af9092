// SPDX-License-Identifier: Apache-2.0
#include "diagnose/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "diagnose/class_suspect.h"
#include "diagnose/diagnosis.h"

// Of a family's classes: more gone is "collectable", less is "held".
static const double MOST = 0.5, FEW = 0.1;
// What a trim that returned nothing may seem to have, because the JVM runs on.
#define TRIM_LEAST KIB(256)

static bool rose(const struct trial_moment *before, const struct trial_moment *after,
		 enum fact_id id)
{
	const struct fact *a = &before->snapshot->fact[id], *b = &after->snapshot->fact[id];

	return a->known && b->known && b->value > a->value;
}

// Collections of the whole heap: full ones, or cycles of a concurrent collector.
static bool was_collected(const struct trial_moment *before, const struct trial_moment *after)
{
	bool counted = before->snapshot->fact[F_GC_FULL_COUNT].known ||
		       before->snapshot->fact[F_GC_CYCLES].known;

	return rose(before, after, F_GC_FULL_COUNT) || rose(before, after, F_GC_CYCLES) ||
	       (!counted && rose(before, after, F_GC_COUNT));
}

static int by_count(const void *a, const void *b)
{
	const struct trial_unloaded *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1)
				    : strcmp(x->family->name, y->family->name);
}

static void list_unloaded(const struct snapshot *before, const struct snapshot *after,
			  struct arena *mem, struct trial *out)
{
	for (size_t i = 0; i < before->families.count; i++) {
		const struct family_row *f = &before->families.at[i];
		const struct family_row *now = class_suspect_family(after, f->name);
		uint32_t left = now ? now->class_count : 0;

		if (left < f->class_count)
			vec_push(mem, &out->unloaded,
				 (struct trial_unloaded){ f, f->class_count - left });
	}
	if (out->unloaded.count)
		qsort(out->unloaded.at, out->unloaded.count, sizeof(*out->unloaded.at), by_count);
}

// A family that is made on and on hides what of it went: the VM's own counter less the other
// families'.
static void correct_first(struct trial *out)
{
	double others = 0;
	struct trial_unloaded *first = out->unloaded.at;

	if (!out->unloaded.count)
		return;
	for (size_t i = 1; i < out->unloaded.count; i++)
		others += out->unloaded.at[i].count;
	if (out->unloaded_total - others <= first->count)
		return;
	first->count = out->unloaded_total - others < first->family->class_count
			       ? (uint32_t)(out->unloaded_total - others)
			       : first->family->class_count;
}

static uint32_t gone_of(const struct trial *t, const struct family_row *f)
{
	for (size_t i = 0; i < t->unloaded.count; i++)
		if (t->unloaded.at[i].family == f)
			return t->unloaded.at[i].count;
	return 0;
}

// -XX:-ClassUnloading, which is also how ZGC of JDK 11 runs: no collection frees a class.
static bool unloads_classes(const struct snapshot *s)
{
	const struct flag_row *flag = snapshot_find_flag(s, "ClassUnloading");

	return !flag || flag->number;
}

static void prove(const struct trial_moment *before, struct arena *mem, struct trial *out)
{
	const struct evidence e = {
		.now = before->snapshot,
		.first = before->snapshot,
		.ledger = before->ledger,
		.first_ledger = before->ledger,
	};
	struct diagnosis d;

	diagnose(&e, mem, &d);
	for (size_t i = 0; i < d.held; i++) {
		const struct finding *f = &d.all[i];
		const struct family_row *family;
		struct trial_proof p = { .cause = f->cause, .collectable = COLLECTABLE_UNKNOWN };

		if (f->cause->kind != KIND_CAUSE || !f->culprit.kind ||
		    strcmp(f->culprit.kind, "class-family") != 0)
			continue;
		family = class_suspect_family(before->snapshot, f->culprit.name);
		if (!family)
			continue;
		p.family = family;
		p.gone = gone_of(out, family);
		if (!unloads_classes(before->snapshot))
			; // that they are still there proves nothing
		else if (p.gone >= MOST * family->class_count)
			p.collectable = COLLECTABLE_CONFIRMED;
		else if (p.gone < FEW * family->class_count)
			p.collectable = COLLECTABLE_NO;
		vec_push(mem, &out->proofs, p);
	}
}

static void judge_gc(const struct trial_moment *before, const struct trial_moment *after,
		     const char *said, struct arena *mem, struct trial *out)
{
	const struct fact *was = &before->snapshot->fact[F_CLASSES_UNLOADED];
	const struct fact *is = &after->snapshot->fact[F_CLASSES_UNLOADED];

	out->effect = !strstr(said, "disabled") && was_collected(before, after);
	if (!out->effect) {
		out->why_not =
			strstr(said, "disabled")
				? arena_text(mem, said)
				: "no counter of the VM shows a collection of the whole heap";
		return;
	}
	if (was->known && is->known && is->value >= was->value)
		out->unloaded_total = (double)(is->value - was->value);
	list_unloaded(before->snapshot, after->snapshot, mem, out);
	correct_first(out);
	prove(before, mem, out);
}

static void judge_trim(const struct trial_moment *before, const struct trial_moment *after,
		       struct trial *out)
{
	const struct account_row *was = ledger_row(before->ledger, "malloc");
	const struct account_row *is = ledger_row(after->ledger, "malloc");

	if (was->unknown || is->unknown) {
		out->why_not = "what malloc holds is not known, before or after";
		return;
	}
	out->trim_returned = was->resident > is->resident ? was->resident - is->resident : 0;
	out->effect = out->trim_returned >= TRIM_LEAST;
	if (!out->effect)
		out->why_not = "malloc gave nothing back: what is free lies between what is in use";
}

void trial_judge(enum trial_kind kind, const struct trial_moment *before,
		 const struct trial_moment *after, const char *said, struct arena *mem,
		 struct trial *out)
{
	*out = (struct trial){ .unloaded_total = -1, .trim_returned = UNKNOWN_BYTES };
	if (kind == TRIAL_GC)
		judge_gc(before, after, said, mem, out);
	else
		judge_trim(before, after, out);
}
