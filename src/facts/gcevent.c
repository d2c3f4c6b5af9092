// SPDX-License-Identifier: Apache-2.0
#include "facts/gcevent.h"

#include <math.h>
#include <string.h>

void gc_event_clear(struct gc_event *e)
{
	static const struct gc_change NONE = { UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES };

	e->type = GC_PAUSE;
	e->kind = GC_OTHER;
	e->flags = 0;
	e->id = UNKNOWN_BYTES;
	e->name[0] = e->cause[0] = '\0';
	e->uptime_s = e->wall_s = e->duration_s = e->reach_s = NAN;
	e->user_s = e->sys_s = e->real_s = NAN;
	e->heap = e->young = e->old = e->meta = NONE;
	e->survivors = e->humongous_regions = e->final_refs = UNKNOWN_BYTES;
	e->tenuring = 0;
	e->file = 0;
	e->line = e->last_line = 0;
}

const char *gc_type_name(enum gc_type type)
{
	static const char *const NAMES[GC_TYPE_COUNT] = {
		[GC_PAUSE] = "pause", [GC_CONCURRENT] = "concurrent",
		[GC_CYCLE] = "cycle", [GC_STALL] = "stall",
		[GC_STOP] = "stop",
	};
	return NAMES[type];
}

const char *gc_kind_name(enum gc_kind kind)
{
	static const char *const NAMES[GC_KIND_COUNT] = {
		[GC_OTHER] = "other",
		[GC_YOUNG] = "young",
		[GC_MIXED] = "mixed",
		[GC_FULL] = "full",
		[GC_INITIAL_MARK] = "initial-mark",
		[GC_REMARK] = "remark",
		[GC_CLEANUP] = "cleanup",
		[GC_MARK] = "mark",
		[GC_PRECLEAN] = "preclean",
		[GC_SWEEP] = "sweep",
		[GC_DEGENERATED] = "degenerated",
	};
	return NAMES[kind];
}

bool gc_stop_is_other(const char *name)
{
	static const char *const COLLECTIONS[] = { "Collect", "GC",    "ZMark",     "ZReloc",
						   "ZVerify", "XMark", "XReloc",    "Shenandoah",
						   "CMS_",    "G1",    "ZOperation" };

	if (!strncmp(name, "GC_HeapInspection", 17))
		return true;
	for (size_t i = 0; i < sizeof(COLLECTIONS) / sizeof(COLLECTIONS[0]); i++)
		if (strstr(name, COLLECTIONS[i]))
			return false;
	return true;
}
