// SPDX-License-Identifier: Apache-2.0
// The mappings: rows of the snapshot, and the claims that need nothing but a name.
#include "parse/maps.h"

#include <string.h>

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/mappings.h"

// Names that the kernel gives.  [heap] is malloc's to explain.
static const struct {
	const char *path, *account, *part;
} KERNEL_NAMES[] = {
	{ "[stack]", "thread-stacks", "primordial thread" },
	{ "[vdso]", "kernel", "vdso" },
	{ "[vvar]", "kernel", "vvar" },
	{ "[vvar_vclock]", "kernel", "vvar" },
	{ "[vsyscall]", "kernel", "vsyscall" },
};

static void claim(struct look *look, const struct mapping *m, const char *account, const char *part)
{
	snapshot_claim(look->out, (struct claim){
					  .start = m->start,
					  .end = m->end,
					  .account = account,
					  .part = part,
					  .source = "proc",
					  .certainty = CERTAINTY_EXACT,
				  });
}

static void add_mapping(struct look *look, const struct mapping *m)
{
	vec_push(look->mem, &look->out->mappings,
		 (struct mapping_row){
			 .start = m->start,
			 .end = m->end,
			 .readable = m->readable,
			 .writable = m->writable,
			 .executable = m->executable,
			 .shared = m->shared,
			 .deleted = m->deleted,
			 .path = m->path,
		 });
	for (size_t i = 0; i < sizeof(KERNEL_NAMES) / sizeof(KERNEL_NAMES[0]); i++)
		if (!strcmp(m->path, KERNEL_NAMES[i].path))
			claim(look, m, KERNEL_NAMES[i].account, KERNEL_NAMES[i].part);
	if (!mapping_is_anonymous(m) && m->path[0] != '[')
		claim(look, m, "mapped-files", mapping_file_name(m));
}

static bool run(struct look *look, struct fail *why)
{
	const struct target *t = look->target;

	if (!mappings_read(t->files, t->pid, look->mem, &look->maps, why))
		return false;
	if (!look->maps.count)
		return fail(why, FAIL_GONE, "process %d has exited: it maps nothing", t->pid);
	for (size_t i = 0; i < look->maps.count; i++)
		add_mapping(look, &look->maps.at[i]);
	mappings_hand_over(t, &look->maps, look->mem);
	snapshot_set(look->out, F_MAPPINGS, look->maps.count,
		     look_from(look, "maps", "proc", CERTAINTY_EXACT));
	return true;
}

const struct collector collector_maps = {
	.name = "maps",
	.sentence = "the mappings, with mapped files and the kernel's own ranges",
	.needs = TIER_C,
	.of_classes = CLASSES_LOADERS,
	.plain = true,
	.run = run,
};
