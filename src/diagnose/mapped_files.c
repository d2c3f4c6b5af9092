// SPDX-License-Identifier: Apache-2.0
// Mapped files are resident, and there are more and more of them.
//
// An index that is mapped and stays is what databases are built with: the mapped bytes must grow.
#include <ctype.h>
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST_MB = 16, LEAST_GROWN_MB = 4, NAME_ROOM = 256 };

// The name of a file with its runs of digits folded: "segment-#.idx".
static void fold(const char *path, char to[NAME_ROOM])
{
	const char *name = strrchr(path, '/');
	size_t n = 0;

	for (name = name ? name + 1 : path; *name && n + 1 < NAME_ROOM; name++) {
		if (!isdigit((unsigned char)*name))
			to[n++] = *name;
		else if (!n || to[n - 1] != '#')
			to[n++] = '#';
	}
	to[n] = '\0';
}

struct stem {
	char name[NAME_ROOM];
	uint64_t resident;
	size_t files;
};

// Of the mapped files those of one stem that have the most resident bytes.
static struct stem largest_stem(const struct ledger *l, const struct snapshot *s)
{
	struct arena scratch = { 0 };
	VEC(struct stem) stems = { 0 };
	struct stem best = { .resident = 0 };
	uint32_t last = PIECE_UNMAPPED;

	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];
		struct stem *found = NULL;
		char name[NAME_ROOM];

		if (p->account != account_find("mapped-files") || p->mapping == PIECE_UNMAPPED)
			continue;
		fold(s->mappings.at[p->mapping].path, name);
		for (size_t k = 0; k < stems.count && !found; k++)
			if (!strcmp(stems.at[k].name, name))
				found = &stems.at[k];
		if (!found) {
			vec_push(&scratch, &stems, (struct stem){ .resident = 0 });
			found = &stems.at[stems.count - 1];
			strcpy(found->name, name);
		}
		found->resident += p->resident;
		found->files += p->mapping != last;
		last = p->mapping;
	}
	for (size_t k = 0; k < stems.count; k++)
		if (stems.at[k].resident > best.resident)
			best = stems.at[k];
	arena_drop(&scratch);
	return best;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct account_row *row, *was;
	struct stem now, before;
	unsigned seconds;

	if (!e->ledger || !e->now->mappings.count)
		return cannot_tell(out, mem, "the ledger", "jledger map PID");
	row = ledger_row(e->ledger, "mapped-files");
	if (row->resident < MIB(LEAST_MB))
		return ruled_out(out, mem, "mapped files have %s resident",
				 weigh_size(mem, row->resident));
	now = largest_stem(e->ledger, e->now);
	if (!weigh_has_window(e))
		return cannot_tell(
			out, mem,
			arena_format(mem, "whether mapped files grow: %s resident at one moment",
				     weigh_size(mem, row->resident)),
			"jledger doctor PID --for 30s");
	was = ledger_row(e->first_ledger, "mapped-files");
	before = largest_stem(e->first_ledger, e->first);
	if (row->growth < (int64_t)MIB(1))
		return ruled_out(out, mem, "mapped files have %s resident, and do not grow",
				 weigh_size(mem, row->resident));
	seconds = weigh_window_for(e, (double)row->growth, (double)MIB(LEAST_GROWN_MB));
	if (row->growth < (int64_t)MIB(LEAST_GROWN_MB) ||
	    weigh_pace(e, (double)was->resident, (double)row->growth) != PACE_GOES_ON)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether mapped files go on to grow: %s in %s; look again for "
				     "%u s",
				     weigh_signed_size(mem, (double)row->growth),
				     weigh_window_text(mem, e), seconds),
			arena_format(mem, "jledger doctor PID --for %us", seconds));
	out->bytes = row->resident;
	out->has_growth = true;
	out->growth_per_s = (double)row->growth / e->window_s;
	out->culprit.kind = "file";
	out->culprit.name = arena_text(mem, now.name);
	add_evidence(out, mem, "mapped.resident", (double)row->resident, "pagemap",
		     "%s of mapped files resident, %s in %s", weigh_size(mem, row->resident),
		     weigh_signed_size(mem, (double)row->growth), weigh_window_text(mem, e));
	add_evidence(out, mem, "mapped.files", (double)now.files, "proc",
		     "%zu mappings of files named %s with %s", now.files, now.name,
		     weigh_size(mem, now.resident));
	weigh_confused(out, mem, "container-page-cache",
		       "these pages are in the process's own RSS");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "which files: %s",
				  weigh_command(mem, "jledger map PID --by mapping", e->now->pid)));
	if (now.files > before.files && !strcmp(now.name, before.name))
		return confirmed(
			out, mem,
			"More and more files are mapped: %zu of %s with %s resident, %+ld in %s "
			"(%s).",
			now.files, now.name, weigh_size(mem, now.resident),
			(long)now.files - (long)before.files, weigh_window_text(mem, e),
			weigh_signed_size(mem, (double)row->growth));
	return likely(out, mem, "Mapped files grow: %s resident, %s in %s; most of it in %s.",
		      weigh_size(mem, row->resident), weigh_signed_size(mem, (double)row->growth),
		      weigh_window_text(mem, e), now.name);
}

const struct rule rule_mapped_files = { .cause = "mapped-files", .judge = judge };
