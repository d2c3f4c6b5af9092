// SPDX-License-Identifier: Apache-2.0
// Class loaders as rows; their bytes and the families follow in collect/metaspace.c, which knows the
// bytes.
#include "jvm/classes.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/mask.h"
#include "collect/collector.h"
#include "collect/duplicates.h"
#include "collect/families.h"
#include "jvm/classcounts.h"
#include "jvm/hotspot.h"

static struct loader_row row_of(struct look *look, const struct hotspot_classes *c,
				const struct hotspot_loader *l)
{
	struct loader_row row = { .at = l->at,
				  // A capture holds it masked.
				  .name = l->name ? mask_copy(look->mem, l->name) : NULL,
				  .object_at = l->object_at,
				  .hidden = l->hidden,
				  .unloading = l->unloading,
				  .class_count = (uint32_t)(l->count - l->extra) };

	if (l->of_boot)
		row.type = "<boot>";
	else if (l->type)
		row.type = families_dotted(look->mem, l->type);
	if (l->parent != LOADER_NONE)
		row.parent_at = c->loaders.at[l->parent].at;
	return row;
}

static uint64_t count_instances(const struct hotspot_classes *c)
{
	uint64_t instances = 0;

	for (size_t i = 0; i < c->classes.count; i++)
		instances += c->classes.at[i].kind == CLASS_INSTANCE;
	return instances;
}

// jvmstat counts classes as they are defined and unloaded, arrays apart; in a process that runs it is
// shown as a check.  In one that stands still it can count more than there are only where threads
// raced for a class of the archive: each counts it, and one of them defines it (seen in 21 to 28).
// The VM's own counters then say whether the walk was whole.
static bool check_count(struct look *look, const struct hotspot_classes *c, struct fail *why)
{
	uint64_t loaded = snapshot_get(look->out, F_CLASSES_LOADED, 0);
	uint64_t unloaded = snapshot_get(look->out, F_CLASSES_UNLOADED, 0);
	uint64_t instances = count_instances(c);
	bool agree;

	if (!loaded)
		return true;
	vec_push(look->mem, &look->out->checks,
		 (struct check_row){ "metaspace", "hsperf", "classes", loaded - unloaded, true,
				     instances });
	// More than counted may be old versions and failed definitions; fewer are lost.
	if (instances >= loaded - unloaded)
		return true;
	agree = classcounts_agree(look->vm, c); // asked also where nobody minds: a capture needs it
	return agree || !(look_is_stopped(look) || !look->target->live) ||
	       fail(why, FAIL_CORRUPT,
		    "layout unknown: %" PRIu64 " classes found, %" PRIu64 " counted", instances,
		    loaded - unloaded);
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "classes", "vmstructs", CERTAINTY_EXACT);
	struct hotspot_classes *c = arena_new(look->mem, struct hotspot_classes);
	uint64_t classes = 0;

	if (!classes_read(look->vm, look->mem, c, why) || !check_count(look, c, why)) {
		snapshot_set_missing(look->out, F_CLASSES, from, why->text);
		snapshot_set_missing(look->out, F_LOADERS, from, why->text);
		return false;
	}
	look->classes = c;
	for (size_t i = 0; i < c->loaders.count; i++) {
		const struct hotspot_loader *l = &c->loaders.at[i];

		classes += l->count - l->extra;
		if (l->count || l->unreadable)
			vec_push(look->mem, &look->out->loaders, row_of(look, c, l));
	}
	if (look->target->classes_alone && look->target->of_them & CLASSES_DUPLICATES) {
		snapshot_set(look->out, F_CLASSES_INSTANCE, count_instances(c), from);
		duplicates_build(c, look->out);
		look->out->duplicates_known = true;
	}
	snapshot_set(look->out, F_CLASSES, classes, from);
	snapshot_set(look->out, F_LOADERS, look->out->loaders.count - c->unreadable, from);
	snapshot_set(look->out, F_LOADERS_UNREADABLE, c->unreadable, from);
	return true;
}

const struct collector collector_classes = {
	.name = "classes",
	.sentence = "class loaders and their classes, read without a safepoint",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "metaspace", "class-space" },
	.of_classes = CLASSES_LOADERS,
	.run = run,
};
