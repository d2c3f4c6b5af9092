// SPDX-License-Identifier: Apache-2.0
#include "present/rows.h"

#include <string.h>

#include "facts/jvms.h"
#include "ledger/ledger.h"

// Width 0 with an empty heading is never printed; a gap parts a number from text behind it.
#define GAP(n)                                                                                     \
	{                                                                                          \
		NULL, "", n, COLUMN_TEXT, ""                                                       \
	}

const struct column ACCOUNT_COLUMNS[AC_COUNT] = {
	[AC_TITLE] = { NULL, "account", 22, COLUMN_TEXT, "the account" },
	[AC_ID] = { "account", NULL, 0, COLUMN_TEXT, "id, as in ledger/accounts.def" },
	[AC_PARENT] = { "parent", NULL, 0, COLUMN_TEXT, "group or account that it belongs to" },
	[AC_NMT] = { "nmt", NULL, 0, COLUMN_TEXT, "the JVM's own category" },
	[AC_RESIDENT] = { "resident", "resident", 9, COLUMN_BYTES, "in memory" },
	[AC_SWAP] = { "swap", "swap", 8, COLUMN_BYTES, "swapped out" },
	[AC_USED] = { "used", "used", 8, COLUMN_BYTES, "in use, as the JVM counts" },
	[AC_COMMITTED] = { "committed", "committed", 11, COLUMN_BYTES, "as the JVM counts (NMT)" },
	[AC_RESERVED] = { "reserved", "reserved", 10, COLUMN_BYTES, "address space kept for it" },
	[AC_PSS] = { "pss", NULL, 0, COLUMN_BYTES, "proportional share (--pss)" },
	[AC_GROWTH] = { "growth", "", 8, COLUMN_CHANGE, "resident, within the window" },
	[AC_GAP] = GAP(2),
	[AC_CERTAINTY] = { "certainty", "certainty", 10, COLUMN_TEXT, "exact, derived, estimated" },
	[AC_CERTAIN] = { "certain", NULL, 0, COLUMN_BYTES, "exact and derived bytes" },
	[AC_SOURCE] = { "source", NULL, 0, COLUMN_TEXT, "who says so of most of it" },
	[AC_TIER] = { "tier", NULL, 0, COLUMN_TEXT, "what the kernel let us read" },
};

const struct column MAPPING_COLUMNS[MC_COUNT] = {
	[MC_START] = { "start", "start", 14, COLUMN_ADDRESS, "first address" },
	[MC_END] = { "end", NULL, 0, COLUMN_ADDRESS, "behind the last address" },
	[MC_PERMS] = { "perms", "perm", 5, COLUMN_TEXT, "as /proc/PID/maps" },
	[MC_SIZE] = { NULL, "size", 8, COLUMN_BYTES, "its length" },
	[MC_RESIDENT] = { "resident", "resident", 9, COLUMN_BYTES, "in memory" },
	[MC_SWAP] = { "swap", NULL, 0, COLUMN_BYTES, "swapped out" },
	[MC_UNACCOUNTED] = { "unaccounted", "unacc.", 7, COLUMN_BYTES, "resident, of nobody" },
	[MC_GAP] = GAP(1),
	[MC_OWNER] = { NULL, "mostly", 17, COLUMN_TEXT, "account that holds most of it" },
	[MC_PATH] = { "path", "path", 20, COLUMN_NAME, "file or kernel name" },
};

const struct column THREAD_COLUMNS[TC_COUNT] = {
	[TC_TID] = { "tid", "tid", 8, COLUMN_COUNT, "the host's" },
	[TC_RESIDENT] = { "resident", "resident", 10, COLUMN_BYTES, "of its stack, in memory" },
	[TC_COMMITTED] = { "committed", "committed", 11, COLUMN_BYTES, "of its stack" },
	[TC_RESERVED] = { "reserved", "reserved", 10, COLUMN_BYTES, "of its stack" },
	[TC_GAP] = GAP(2),
	[TC_KIND] = { "kind", "kind", 8, COLUMN_TEXT, "java, gc, jit, vm or native" },
	[TC_NAME] = { "name", "name", 32, COLUMN_TEXT, "Java's whole name, else the kernel's" },
};

const struct column LOADER_COLUMNS[LC_COUNT] = {
	[LC_LOADER] = { "loader", NULL, 0, COLUMN_ADDRESS, "its ClassLoaderData" },
	[LC_TYPE] = { "type", "type", 32, COLUMN_NAME, "class of the loader" },
	[LC_NAME] = { "name", NULL, 0, COLUMN_TEXT, "ClassLoader.getName()" },
	[LC_CLASSES] = { "class_count", "classes", 8, COLUMN_COUNT, "arrays included" },
	[LC_RESIDENT] = { "resident", "resident", 10, COLUMN_BYTES, "Metaspace in memory" },
	[LC_USED] = { "used", "used", 8, COLUMN_BYTES, "of its chunks" },
	[LC_COMMITTED] = { "committed", "committed", 11, COLUMN_BYTES, "its chunks" },
	[LC_WASTED] = { "wasted", NULL, 0, COLUMN_BYTES, "free within its chunks" },
	[LC_GAP] = GAP(1),
	[LC_KIND] = { NULL, "", 10, COLUMN_TEXT, "hidden, unloading or nothing" },
	[LC_STATE] = { "state", NULL, 0, COLUMN_TEXT, "alive or unloading" },
};

const struct column SPACE_COLUMNS[SC_COUNT] = {
	[SC_NAME] = { "space", NULL, 0, COLUMN_TEXT, "eden, old, humongous ..." },
	[SC_START] = { "start", NULL, 0, COLUMN_ADDRESS, "first address" },
	[SC_END] = { "end", NULL, 0, COLUMN_ADDRESS, "behind the last address" },
	[SC_RESIDENT] = { "resident", NULL, 0, COLUMN_BYTES, "in memory" },
	[SC_USED] = { "used", NULL, 0, COLUMN_BYTES, "below its top" },
	[SC_COMMITTED] = { "committed", NULL, 0, COLUMN_BYTES, "as the JVM counts" },
	[SC_REGIONS] = { "regions", NULL, 0, COLUMN_COUNT, "of a heap of regions" },
};

const struct column ARENA_COLUMNS[RC_COUNT] = {
	[RC_ADDRESS] = { "address", "arena", 16, COLUMN_ADDRESS, "its malloc_state" },
	[RC_MAIN] = { "main", "main", 6, COLUMN_FLAG, "the one that uses brk" },
	[RC_HEAPS] = { "heaps", "heaps", 7, COLUMN_COUNT, "of 64 MB each" },
	[RC_THREADS] = { "attached_threads", "threads", 9, COLUMN_COUNT, "that allocate from it" },
	[RC_SYSTEM] = { "system", "system", 9, COLUMN_BYTES, "taken from the kernel" },
	[RC_RESIDENT] = { "resident", "resident", 10, COLUMN_BYTES, "in memory" },
};

const struct column JVM_COLUMNS[JC_COUNT] = {
	[JC_PID] = { "pid", "pid", 7, COLUMN_COUNT, "process id here" },
	[JC_PID_GAP] = GAP(1),
	[JC_MAIN] = { "main", "main", 17, COLUMN_NAME, "main class or jar" },
	[JC_JDK] = { "jdk", "JDK", 10, COLUMN_TEXT, "version" },
	[JC_RSS] = { "rss", "RSS", 7, COLUMN_BYTES, "resident" },
	[JC_LIMIT] = { "limit", "limit", 7, COLUMN_BYTES, "of its container" },
	[JC_HEAP_USED] = { NULL, "heap", 7, COLUMN_BYTES, "used Java heap" },
	[JC_HEAP_MAX] = { NULL, "of max", 7, COLUMN_BYTES, "largest Java heap" },
	[JC_GAP] = GAP(1),
	[JC_TIER] = { "tier", "tier", 5, COLUMN_TEXT, "what the kernel lets us read" },
	[JC_STATE] = { "state", "state", 12, COLUMN_TEXT, "in one word" },
	[JC_VM] = { "vm", NULL, 0, COLUMN_TEXT, "HotSpot, OpenJ9 or a native image" },
	[JC_CONTAINER] = { "container", NULL, 0, COLUMN_TEXT, "container id" },
};

void rows_account(const struct ledger *l, const struct account_row *a, struct cell out[AC_COUNT])
{
	const struct account_info *info = &ACCOUNTS[a->account];

	memset(out, 0, AC_COUNT * sizeof(*out));
	out[AC_TITLE] = cell_text(info->title);
	out[AC_ID] = cell_text(info->id);
	out[AC_PARENT] = cell_text(info->parent);
	out[AC_NMT] = cell_text(info->nmt);
	out[AC_RESIDENT] = cell_bytes(a->unknown ? UNKNOWN_BYTES : a->resident);
	out[AC_SWAP] = cell_bytes(a->unknown ? UNKNOWN_BYTES : a->swap);
	out[AC_USED] = cell_bytes(a->used);
	out[AC_COMMITTED] = cell_bytes(a->committed);
	out[AC_RESERVED] = cell_bytes(a->reserved);
	out[AC_PSS] = cell_bytes(a->unknown ? UNKNOWN_BYTES : a->pss);
	out[AC_GROWTH] = cell_change(a->growth, a->has_growth && !a->unknown);
	out[AC_CERTAINTY] = cell_text(a->unknown ? NULL : certainty_name(a->certainty));
	out[AC_CERTAIN] = cell_bytes(a->unknown ? UNKNOWN_BYTES : a->certain);
	out[AC_SOURCE] = cell_text(a->source);
	out[AC_TIER] = cell_text(tier_name(l->of->tier));
}

void rows_malloc(const struct ledger *l, const struct malloc_split *split, enum malloc_share share,
		 struct cell out[AC_COUNT])
{
	rows_account(l, &split->row[share], out);
	out[AC_PARENT] = out[AC_ID];
	out[AC_ID] = cell_text(MALLOC_SHARE_INFO[share].id);
	out[AC_TITLE] = cell_text(MALLOC_SHARE_INFO[share].title);
}

void rows_mapping(const struct ledger *l, const struct mapping_total *m, struct cell out[MC_COUNT],
		  char perms[5])
{
	const struct mapping_row *r = &l->of->mappings.at[m->mapping];

	memset(out, 0, MC_COUNT * sizeof(*out));
	out[MC_START] = (struct cell){ .known = true, .number = r->start };
	out[MC_END] = cell_address(r->end);
	out[MC_PERMS] = cell_text(mapping_permissions(r, perms));
	out[MC_SIZE] = cell_bytes(r->end - r->start);
	out[MC_RESIDENT] = cell_bytes(m->resident);
	out[MC_SWAP] = cell_bytes(m->swap);
	out[MC_UNACCOUNTED] = cell_bytes(m->unaccounted);
	out[MC_OWNER] = cell_text(m->owner == ACCOUNT_NONE ? NULL : ACCOUNTS[m->owner].title);
	out[MC_PATH] = cell_text(r->path && *r->path ? r->path : NULL);
}

void rows_thread(const struct ledger *l, size_t row, uint64_t resident, struct cell out[TC_COUNT])
{
	const struct thread_row *t = &l->of->threads.at[row];

	memset(out, 0, TC_COUNT * sizeof(*out));
	out[TC_TID] = cell_count((uint64_t)t->tid);
	out[TC_KIND] = cell_text(thread_kind_name(t->kind));
	out[TC_NAME] = cell_text(t->name);
	if (!t->has_stack)
		return;
	out[TC_RESIDENT] = cell_bytes(resident);
	out[TC_RESERVED] = cell_bytes(t->stack_end - t->stack_start);
	out[TC_COMMITTED] = cell_bytes(t->stack_committed ? t->stack_committed : UNKNOWN_BYTES);
}

void rows_loader(const struct ledger *l, size_t row, uint64_t resident, struct cell out[LC_COUNT])
{
	const struct loader_row *r = &l->of->loaders.at[row];
	bool known = !ledger_row(l, "metaspace")->unknown;

	memset(out, 0, LC_COUNT * sizeof(*out));
	out[LC_LOADER] = cell_address(r->at);
	out[LC_TYPE] = cell_text(r->type);
	out[LC_NAME] = cell_text(r->name);
	out[LC_CLASSES] = cell_count(r->class_count);
	out[LC_RESIDENT] = cell_bytes(known ? resident : UNKNOWN_BYTES);
	out[LC_USED] = cell_bytes(known ? r->used : UNKNOWN_BYTES);
	out[LC_COMMITTED] = cell_bytes(known ? r->committed : UNKNOWN_BYTES);
	out[LC_WASTED] = cell_bytes(known ? r->wasted : UNKNOWN_BYTES);
	out[LC_KIND] = cell_text(r->unloading ? "unloading" : r->hidden ? "hidden" : NULL);
	out[LC_STATE] = cell_text(r->unloading ? "unloading" : "alive");
}

// A space of regions lies here and there: its pages are not told apart.
void rows_space(const struct ledger *l, size_t row, struct cell out[SC_COUNT])
{
	const struct space_row *r = &l->of->spaces.at[row];

	memset(out, 0, SC_COUNT * sizeof(*out));
	out[SC_NAME] = cell_text(r->name);
	out[SC_USED] = cell_bytes(r->used);
	out[SC_COMMITTED] = cell_bytes(r->committed);
	out[SC_REGIONS] = cell_count(r->regions);
	if (r->start >= r->end)
		return;
	out[SC_START] = cell_address(r->start);
	out[SC_END] = cell_address(r->end);
	out[SC_RESIDENT] = cell_bytes(ledger_resident_between(l, r->start, r->end));
}

void rows_arena(const struct ledger *l, size_t row, uint64_t resident, struct cell out[RC_COUNT])
{
	const struct arena_row *a = &l->of->arenas.at[row];

	memset(out, 0, RC_COUNT * sizeof(*out));
	out[RC_ADDRESS] = cell_address(a->at);
	out[RC_MAIN] = cell_flag(a->main);
	out[RC_HEAPS] = cell_count(a->heaps);
	out[RC_THREADS] = cell_count(a->attached_threads);
	out[RC_SYSTEM] = cell_bytes(a->system);
	out[RC_RESIDENT] = cell_bytes(resident);
}

static const char *const KINDS[] = {
	[JVM_UNKNOWN] = NULL,
	[JVM_HOTSPOT] = "HotSpot",
	[JVM_OPENJ9] = "OpenJ9",
	[JVM_NATIVE_IMAGE] = "GraalVM native image",
};

void rows_jvm(const struct jvm_row *j, struct cell out[JC_COUNT])
{
	memset(out, 0, JC_COUNT * sizeof(*out));
	out[JC_PID] = cell_count((uint64_t)j->pid);
	out[JC_MAIN] = cell_text(j->main);
	out[JC_JDK] = cell_text(j->jdk);
	out[JC_RSS] = cell_bytes(j->rss);
	out[JC_LIMIT] = cell_bytes(j->limit);
	out[JC_HEAP_USED] = cell_bytes(j->heap_used);
	out[JC_HEAP_MAX] = cell_bytes(j->heap_max);
	out[JC_TIER] = cell_text(tier_name(j->tier));
	out[JC_STATE] = cell_text(j->state);
	out[JC_VM] = cell_text(KINDS[j->kind]);
	out[JC_CONTAINER] = cell_text(j->container);
}
