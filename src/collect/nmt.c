// SPDX-License-Identifier: Apache-2.0
// Native Memory Tracking, where the VM runs with it: its
// counters by category, its ranges, and checks of accounts by them.  A VM without it costs no read.
//
// Where the counters can't be had from memory and the user asked for rows that need them, the VM
// itself is asked: VM.native_memory, by the attach protocol.
#include "jvm/nmtsummary.h"

#include <string.h>

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/nmt_blocks.h"
#include "collect/nmt_rows.h"
#include "collect/nmt_sites.h"
#include "jvm/attach.h"
#include "jvm/hotspot.h"
#include "jvm/nmtregions.h"
#include "jvm/statics.h"
#include "parse/nmt.h"

static struct nmtsummary_known known_of(const struct snapshot *s)
{
	return (struct nmtsummary_known){
		.java_heap = snapshot_get(s, F_HEAP_RESERVED, 0),
		.code = snapshot_get(s, F_CODE_RESERVED, 0),
		.class_space = snapshot_get(s, F_CLASS_SPACE_RESERVED, 0),
		.metaspace = snapshot_get(s, F_METASPACE_RESERVED, 0),
	};
}

static void say_why_not(struct look *look, const char *text)
{
	if (!look->out->nmt.why_not)
		look->out->nmt.why_not = arena_text(look->mem, text);
}

// Something is missing; what there is stands.
static void note(struct look *look, const struct fail *why)
{
	say_why_not(look, why->text);
	look_miss(look, &collector_nmt, why);
}

static bool read_regions(struct look *look, const struct statics *statics,
			 const struct nmtsummary *summary, struct nmtregions *out)
{
	struct fail why;

	if (!summary->mappings_known) // which is said
		return false;
	if (!nmtregions_read(look->vm, statics, summary, look->mem, out, &why)) {
		note(look, &why);
		return false;
	}
	for (size_t i = 0; i < out->list.count; i++) {
		const struct nmtregion *r = &out->list.at[i];

		vec_push(look->mem, &look->out->nmt.regions,
			 (struct nmt_region_row){
				 .start = r->start,
				 .end = r->end,
				 .committed = r->committed,
				 .category = nmt_rows_category(summary, r->category) });
	}
	nmt_rows_add_regions(look);
	return true;
}

static void read_blocks(struct look *look, const struct nmtsummary *summary)
{
	struct fail why;

	if (nmt_blocks_read(look, summary, &why))
		return;
	if (why.kind == FAIL_ABSENT) // what this VM can't tell is not missing
		say_why_not(look, why.text);
	else
		note(look, &why);
}

static void read_sites(struct look *look, const struct statics *statics,
		       const struct nmtsummary *summary, const struct nmtregions *regions)
{
	struct fail why;

	if (strcmp(look->out->nmt.level, "detail") != 0)
		return;
	look->out->nmt.sites_known = nmt_sites_read(look, statics, summary, regions, &why);
	if (!look->out->nmt.sites_known)
		note(look, &why);
}

// What is there is in the snapshot; false when not all of the counters are.
static bool read_counters(struct look *look, struct fail *why)
{
	struct nmtsummary_known known = known_of(look->out);
	struct nmtsummary summary;
	struct nmtregions regions;
	struct statics statics;
	const char *missing;
	bool has_regions;

	if (!statics_read(look->vm, look->mem, &statics, why) ||
	    !nmtsummary_read(look->vm, &statics, &known, look->mem, &summary, why))
		return false;
	missing = summary.malloc_known ? summary.mappings_why_not : summary.malloc_why_not;
	if (summary.malloc_known || summary.mappings_known) {
		look->out->nmt.known = true;
		look->out->nmt.source = "memory";
		nmt_rows_from_memory(look, &summary);
		has_regions = read_regions(look, &statics, &summary, &regions);
		if (look->target->want_blocks)
			read_blocks(look, &summary);
		if (look->target->want_sites)
			read_sites(look, &statics, &summary, has_regions ? &regions : NULL);
	}
	return !missing || fail(why, FAIL_CORRUPT, "%s", missing);
}

static bool ask(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct attach session;
	struct span text;
	struct nmt report;
	uint64_t forbidden;

	if (!t->may_attach)
		return fail(why, FAIL_DENIED, "attaching is switched off (--no-attach)");
	if (hotspot_flag(look->vm, "DisableAttachMechanism", &forbidden) && forbidden)
		return fail(why, FAIL_DENIED,
			    "the VM runs with -XX:+DisableAttachMechanism: it was not asked");
	attach_init(&session, t->files, t->pid, t->ns_pid);
	if (!attach_run(&session, "VM.native_memory summary", look->mem, &text, why) ||
	    !nmt_parse(text, look->mem, &report, why))
		return false;
	look->out->nmt.known = true;
	look->out->nmt.source = "attach";
	look->out->nmt.why_not = NULL;
	look->out->nmt.rows.count = 0;
	nmt_rows_from_text(look, &report);
	return true;
}

static bool run(struct look *look, struct fail *why)
{
	const char *level = nmt_rows_level(look);
	struct fail here = { .kind = FAIL_NONE };
	bool complete;

	look->out->nmt.level = level;
	if (!level || !strcmp(level, "off"))
		return true;
	complete = read_counters(look, &here);
	if (!complete && here.kind != FAIL_GONE && look->target->ask_nmt)
		complete = ask(look, &here);
	if (look->out->nmt.known)
		nmt_rows_check(look);
	if (complete)
		return true;
	if (here.kind == FAIL_GONE) {
		*why = here;
		return false;
	}
	note(look, &here);
	return true;
}

const struct collector collector_nmt = {
	.name = "nmt",
	.sentence = "the VM's own categories, where it runs with Native Memory Tracking",
	.needs = TIER_B,
	.needs_vm = true,
	.run = run,
};
