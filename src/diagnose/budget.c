// SPDX-License-Identifier: Apache-2.0
#include "diagnose/budget.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "ledger/ledger.h"

// What the VM itself calls no limit, less what rounding takes of it.
#define UNLIMITED ((uint64_t)1 << 62)

struct plan {
	const struct snapshot *s;
	const struct ledger *l;
	struct arena *mem;
	struct budget *b;
};

static void add_part(struct plan *p, struct budget_part part)
{
	vec_push(p->mem, &p->b->parts, part);
}

static uint64_t resident(const struct plan *p, const char *account)
{
	return ledger_row(p->l, account)->resident;
}

// The value of a flag that somebody set, as it is in force; false: it is at its default, or the VM's choice.
static bool was_set(const struct snapshot *s, const char *flag, uint64_t *value)
{
	const struct flag_row *row = snapshot_find_flag(s, flag);

	if (!row || !strcmp(row->origin, "default") || !strcmp(row->origin, "ergonomic") ||
	    row->number >= UNLIMITED)
		return false;
	*value = row->number;
	return true;
}

static uint64_t flag_or(const struct snapshot *s, const char *flag, uint64_t otherwise)
{
	const struct flag_row *row = snapshot_find_flag(s, flag);

	return row && row->number < UNLIMITED ? row->number : otherwise;
}

static uint64_t known_or(uint64_t bytes, uint64_t otherwise)
{
	return bytes == UNKNOWN_BYTES ? otherwise : bytes;
}

static void add_heap(struct plan *p)
{
	uint64_t now = resident(p, "java-heap");
	uint64_t max = snapshot_get(p->s, F_HEAP_MAX, UNKNOWN_BYTES);

	if (max == UNKNOWN_BYTES)
		add_part(p, (struct budget_part){ "java-heap", now,
						  "in use now: its maximum is not known", now,
						  UNKNOWN_BYTES });
	else
		add_part(p, (struct budget_part){ "java-heap", max, "MaxHeapSize", now, max });
}

static void add_metaspace(struct plan *p)
{
	uint64_t limit, space, now = resident(p, "metaspace"),
			       of_classes = resident(p, "class-space");

	if (was_set(p->s, "MaxMetaspaceSize", &limit)) {
		add_part(p, (struct budget_part){ "metaspace", limit,
						  "MaxMetaspaceSize, with the class space",
						  now + of_classes, limit });
		return;
	}
	add_part(p,
		 (struct budget_part){ "metaspace", snapshot_get(p->s, F_METASPACE_COMMITTED, now),
				       "committed now: it has no limit", now, UNKNOWN_BYTES });
	if (was_set(p->s, "CompressedClassSpaceSize", &space))
		add_part(p, (struct budget_part){ "class-space", space, "CompressedClassSpaceSize",
						  of_classes, space });
	else
		add_part(p, (struct budget_part){
				    "class-space",
				    snapshot_get(p->s, F_CLASS_SPACE_COMMITTED, of_classes),
				    "committed now", of_classes,
				    snapshot_get(p->s, F_CLASS_SPACE_RESERVED, UNKNOWN_BYTES) });
}

static void add_code(struct plan *p)
{
	uint64_t now = resident(p, "code-cache"), limit;

	if (was_set(p->s, "ReservedCodeCacheSize", &limit))
		add_part(p, (struct budget_part){ "code-cache", limit, "ReservedCodeCacheSize", now,
						  limit });
	else
		add_part(p, (struct budget_part){
				    "code-cache", snapshot_get(p->s, F_CODE_COMMITTED, now),
				    "committed now", now,
				    flag_or(p->s, "ReservedCodeCacheSize",
					    snapshot_get(p->s, F_CODE_RESERVED, UNKNOWN_BYTES)) });
}

static void add_direct(struct plan *p)
{
	uint64_t now = resident(p, "direct-buffers"), limit;
	uint64_t capacity = snapshot_get(p->s, F_DIRECT_RESERVED, now);

	if (was_set(p->s, "MaxDirectMemorySize", &limit) && limit)
		add_part(p, (struct budget_part){ "direct-buffers", limit, "MaxDirectMemorySize",
						  now, limit });
	else
		add_part(p, (struct budget_part){
				    "direct-buffers", capacity, "in use now", now,
				    snapshot_get(p->s, F_DIRECT_LIMIT,
						 snapshot_get(p->s, F_HEAP_MAX, UNKNOWN_BYTES)) });
}

static void add_stacks(struct plan *p)
{
	uint64_t now = resident(p, "thread-stacks");

	add_part(p, (struct budget_part){
			    "thread-stacks", now,
			    arena_format(p->mem, "touched now by %" PRIu64 " threads",
					 snapshot_get(p->s, F_THREADS, p->s->threads.count)),
			    now, ledger_row(p->l, "thread-stacks")->reserved });
}

// Its structures are reserved for the heap at its largest.  ZGC reserves far more than it can ever need.
static void add_gc(struct plan *p)
{
	uint64_t now = resident(p, "gc"),
		 reserved = snapshot_get(p->s, F_GC_RESERVED, UNKNOWN_BYTES);
	uint64_t heap = snapshot_get(p->s, F_HEAP_MAX, 0);

	if (reserved != UNKNOWN_BYTES && reserved >= now && reserved <= heap / 4)
		add_part(p, (struct budget_part){ "gc", reserved, "reserved beside the heap", now,
						  reserved });
	else
		add_part(p, (struct budget_part){ "gc", now, "in use now", now, UNKNOWN_BYTES });
}

static void add_used(struct plan *p, const char *account, uint64_t now, const char *source)
{
	if (now && now != UNKNOWN_BYTES)
		add_part(p, (struct budget_part){ account, now, source, now, UNKNOWN_BYTES });
}

// Mapped files are left out: the kernel drops their pages when memory is short.
static void add_rest(struct plan *p)
{
	static const char *const USED[] = { "malloc", "cds", "libraries", "jvm-other" };

	for (size_t i = 0; i < sizeof(USED) / sizeof(USED[0]); i++)
		add_used(p, USED[i], resident(p, USED[i]), "in use now");
	add_used(p, "unaccounted", p->l->unaccounted, "in use now");
}

static void add_container(struct plan *p)
{
	const struct container_facts *c = &p->s->container;

	if (!c->known)
		return;
	add_used(p, "other-processes", c->others_rss_anon,
		 "anonymous memory of the container's others");
	add_used(p, "tmpfs", c->shmem, "files in memory and shared memory");
	if (c->kernel != UNKNOWN_BYTES)
		add_used(p, "kernel-memory", c->kernel, "the container's kernel memory");
	else
		add_used(p, "kernel-memory",
			 known_or(c->slab, 0) + known_or(c->page_tables, 0) +
				 known_or(c->kernel_stacks, 0),
			 "the container's kernel memory");
}

static void set_limit(const struct snapshot *s, uint64_t asked, struct budget *b)
{
	b->limit = UNKNOWN_BYTES;
	if (asked != UNKNOWN_BYTES) {
		b->limit = asked;
		b->limit_source = "--limit";
	} else if (s->container.known && s->container.limit < UNLIMITED) {
		b->limit = s->container.limit;
		b->limit_source = "container";
	} else if (s->machine_memory) {
		b->limit = s->machine_memory;
		b->limit_source = "machine";
	}
}

void budget_of(const struct snapshot *s, const struct ledger *l, uint64_t limit, struct arena *mem,
	       struct budget *out)
{
	struct plan p = { .s = s, .l = l, .mem = mem, .b = out };

	*out = (struct budget){ 0 };
	set_limit(s, limit, out);
	add_heap(&p);
	add_metaspace(&p);
	add_code(&p);
	add_direct(&p);
	add_stacks(&p);
	add_gc(&p);
	add_rest(&p);
	if (out->limit_source && !strcmp(out->limit_source, "container"))
		add_container(&p);
	budget_close(s, limit != UNKNOWN_BYTES, mem, out);
}
