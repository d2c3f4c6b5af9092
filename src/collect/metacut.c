// SPDX-License-Identifier: Apache-2.0
// How Metaspace is cut, where it is asked for: what jcmd VM.metaspace prints, read from outside.
//
// Collector metaspace has the loaders' chunks; here they are put in rows by size and kind of loader,
// with the free ones beside them, and set against what the nodes have committed.
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/mappings.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace.h"
#include "jvm/metaspacefree.h"
#include "os/mapped.h"
#include "os/symtab.h"

enum { UNLIMITED_FROM_BIT = 60, TRIES = 3 };
#define MEDIUM_BYTES       KIB(64) // of JDK 8 to 15: chunks above it are made to measure
#define MEDIUM_CLASS_BYTES KIB(32)

static const char REFLECTION[] = "DelegatingClassLoader"; // sun.reflect's, jdk.internal.reflect's

struct cutting {
	struct look *look;
	const struct hotspot_classes *classes;
	const struct metaspace *m;
	struct metaspace_facts *out;
	bool buddies; // JDK 16 and later: chunks are powers of two, their headers lie elsewhere
};

static enum metaspace_owner owner_of(const struct hotspot_loader *l)
{
	const char *name = l->type ? strrchr(l->type, '/') : NULL;

	if (l->hidden)
		return METASPACE_HIDDEN;
	if (l->of_boot)
		return METASPACE_BOOT;
	return name && !strcmp(name + 1, REFLECTION) ? METASPACE_REFLECTION : METASPACE_STANDARD;
}

static void add(struct metaspace_share *to, const struct metaspace_share *from)
{
	to->chunks += from->chunks;
	to->capacity += from->capacity;
	to->committed += from->committed;
	to->used += from->used;
	to->overhead += from->overhead;
	to->free += from->free;
	to->waste += from->waste;
}

static void add_to_row(struct cutting *c, enum metaspace_owner owner, bool class_space,
		       uint64_t size, const struct metaspace_share *share)
{
	bool humongous = !c->buddies && size > (class_space ? MEDIUM_CLASS_BYTES : MEDIUM_BYTES);
	struct metaspace_chunk_row row = { owner, class_space, humongous, size, *share };

	for (size_t i = 0; i < c->out->chunks.count; i++) {
		struct metaspace_chunk_row *r = &c->out->chunks.at[i];

		if (r->owner != owner || r->class_space != class_space ||
		    r->humongous != humongous || (!humongous && r->size != size))
			continue;
		if (size > r->size)
			r->size = size;
		add(&r->share, share);
		return;
	}
	vec_push(c->look->mem, &c->out->chunks, row);
}

// `overhead` of each chunk is its header, which its top counts and the loader's own sum does not.
static void add_chunk(struct cutting *c, enum metaspace_owner owner,
		      const struct metaspace_chunk *k, uint64_t overhead)
{
	uint64_t left = k->committed - k->used;
	struct metaspace_share share = { .chunks = 1,
					 .capacity = k->size,
					 .committed = k->committed,
					 .used = k->used - overhead,
					 .overhead = overhead,
					 .free = k->current ? left : 0,
					 .waste = k->current ? 0 : left };

	add_to_row(c, owner, k->class_space, k->size, &share);
	add(k->class_space ? &c->out->class_space.in_use : &c->out->nonclass.in_use, &share);
}

// Of each chunk of this kind of a loader.
static uint64_t header_of(const struct cutting *c, const struct metaspace_usage *u, uint64_t used)
{
	return c->buddies || !u->chunks || used < u->used ? 0 : (used - u->used) / u->chunks;
}

static void add_loader(struct cutting *c, size_t index)
{
	const struct hotspot_loader *l = &c->classes->loaders.at[index];
	const struct metaspace_loader *of = &c->m->loaders[index];
	enum metaspace_owner owner = owner_of(l);
	uint64_t used[2] = { 0 }, header[2];

	if (!of->readable) {
		c->out->unreadable++;
		return;
	}
	c->out->owners[owner].loaders += of->chunk_count != 0; // else it has no Metaspace yet
	c->out->owners[owner].classes += l->count - l->extra;
	for (size_t i = 0; i < of->chunk_count; i++) {
		const struct metaspace_chunk *k = &c->m->chunks.at[of->first_chunk + i];

		used[k->class_space] += k->used;
	}
	header[0] = header_of(c, &of->nonclass, used[0]);
	header[1] = header_of(c, &of->class_space, used[1]);
	for (size_t i = 0; i < of->chunk_count; i++) {
		const struct metaspace_chunk *k = &c->m->chunks.at[of->first_chunk + i];

		add_chunk(c, owner, k, header[k->class_space]);
	}
}

static void add_free(struct cutting *c)
{
	uint64_t boot = c->classes->boot_at;
	struct metaspace_free free = { 0 };
	struct fail why = { .kind = FAIL_NONE };
	bool ok = false;

	for (int try = 0; try < TRIES && !ok; try++) {
		if (try)
			memory_forget(c->look->target->memory);
		ok = metaspacefree_read(c->look->vm, c->m, boot, c->look->mem, &free, &why);
	}
	c->out->free_known = ok;
	if (!ok)
		c->out->free_why_not = arena_text(c->look->mem, why.text);
	for (size_t i = 0; ok && i < free.chunks.count; i++) {
		const struct metaspace_free_chunk *k = &free.chunks.at[i];
		const struct metaspace_share share = { .chunks = 1,
						       .capacity = k->size,
						       .committed = k->committed,
						       .free = k->committed };

		add_to_row(c, METASPACE_FREE, k->class_space, k->size, &share);
		add(k->class_space ? &c->out->class_space.free : &c->out->nonclass.free, &share);
	}
}

static void add_blocks(struct cutting *c)
{
	size_t count = c->m->loader_count;
	uint64_t *at = arena_array(c->look->mem, uint64_t, count + 1);
	struct metaspace_blocks nonclass = { 0 }, class_space = { 0 };
	struct fail why = { .kind = FAIL_NONE };
	bool ok = false;

	for (size_t i = 0; i < count; i++)
		at[i] = c->classes->loaders.at[i].at;
	for (int try = 0; try < TRIES && !ok && why.kind != FAIL_ABSENT; try++) {
		if (try)
			memory_forget(c->look->target->memory);
		ok = metaspacefree_blocks(c->look->vm, c->m, at, count, &nonclass, &class_space,
					  &why);
	}
	c->out->blocks_known = ok;
	if (!ok)
		c->out->blocks_why_not = arena_text(c->look->mem, why.text);
	c->out->nonclass.blocks = nonclass.count;
	c->out->nonclass.block_bytes = nonclass.bytes;
	c->out->class_space.blocks = class_space.count;
	c->out->class_space.block_bytes = class_space.bytes;
}

static void add_nodes(struct cutting *c)
{
	for (size_t i = 0; i < c->m->nodes.count; i++) {
		const struct metaspace_node *n = &c->m->nodes.at[i];
		struct metaspace_sum *sum =
			n->class_space ? &c->out->class_space : &c->out->nonclass;

		vec_push(c->look->mem, &c->out->nodes,
			 (struct metaspace_node_row){ n->start, n->end, n->committed, n->used,
						      n->class_space });
		sum->reserved += n->end - n->start;
		sum->committed += n->committed;
	}
}

static int by_kind(const void *a, const void *b)
{
	const struct metaspace_chunk_row *x = a, *y = b;

	if (x->class_space != y->class_space)
		return x->class_space - y->class_space;
	if (x->owner != y->owner)
		return (int)x->owner - (int)y->owner;
	return (x->size < y->size) - (x->size > y->size);
}

static void finish_sum(const struct metaspace_facts *f, struct metaspace_sum *s)
{
	uint64_t in_chunks = s->in_use.committed + s->free.committed;

	if (f->free_known && !f->unreadable && s->committed > in_chunks)
		s->beside = s->committed - in_chunks;
}

static void sum_up(struct metaspace_facts *f)
{
	struct metaspace_sum *b = &f->both;

	finish_sum(f, &f->nonclass);
	finish_sum(f, &f->class_space);
	*b = f->nonclass;
	b->reserved += f->class_space.reserved;
	b->committed += f->class_space.committed;
	b->beside += f->class_space.beside;
	b->blocks += f->class_space.blocks;
	b->block_bytes += f->class_space.block_bytes;
	add(&b->in_use, &f->class_space.in_use);
	add(&b->free, &f->class_space.free);
	if (b->committed)
		f->fragmentation = 100 - (double)(b->in_use.used - b->block_bytes) * 100 /
						 (double)b->committed;
}

// ---- when the VM collects for it

static void add_flags(struct cutting *c)
{
	static const struct {
		const char *name;
		bool percent;
	} FLAGS[] = {
		{ "MetaspaceSize", false },
		{ "MaxMetaspaceSize", false },
		{ "CompressedClassSpaceSize", false },
		{ "MinMetaspaceFreeRatio", true },
		{ "MaxMetaspaceFreeRatio", true },
		{ "MinMetaspaceExpansion", false },
		{ "MaxMetaspaceExpansion", false },
	};

	for (size_t i = 0; i < sizeof(FLAGS) / sizeof(*FLAGS); i++) {
		struct metaspace_flag_row row = { .name = FLAGS[i].name,
						  .percent = FLAGS[i].percent };

		if (!hotspot_flag(c->look->vm, row.name, &row.value))
			continue;
		row.unlimited = row.value >> UNLIMITED_FROM_BIT;
		vec_push(c->look->mem, &c->out->flags, row);
	}
}

// MetaspaceGC::_capacity_until_GC is in no table of the VM's, but in its library's .symtab.
static bool read_high_water(struct cutting *c, uint64_t *value, struct fail *why)
{
	static const char NAME[] = "_ZN11MetaspaceGC18_capacity_until_GCE";
	const struct look *look = c->look;
	const struct mapping *m = maps_find(&look->maps, look->vm->library_start);
	struct mapped_file file;
	uint64_t at, max;

	if (!m)
		return fail(why, FAIL_ABSENT, "libjvm.so is not mapped");
	file = mappings_file(look->target, m);
	if (!symtab_find(look->target->files, &file, "symbols/high-water-mark", NAME, look->mem,
			 &at, why) ||
	    !memory_read_u64(look->target->memory, look->vm->library_start + at, value, why))
		return false;
	if (*value % PAGE_SIZE_BYTES || !*value ||
	    (hotspot_flag(look->vm, "MaxMetaspaceSize", &max) && *value > units_page_up(max) &&
	     !(max >> UNLIMITED_FROM_BIT)))
		return fail(why, FAIL_CORRUPT, "layout unknown: the mark makes no sense");
	return true;
}

static void add_high_water(struct cutting *c)
{
	struct fail why = { .kind = FAIL_NONE };
	struct metaspace_facts *f = c->out;

	f->high_water_mark = f->until_gc = UNKNOWN_BYTES;
	if (!read_high_water(c, &f->high_water_mark, &why)) {
		f->high_water_mark = UNKNOWN_BYTES;
		f->high_water_why_not = arena_text(c->look->mem, why.text);
		return;
	}
	f->until_gc =
		f->high_water_mark > f->both.committed ? f->high_water_mark - f->both.committed : 0;
}

static bool run(struct look *look, struct fail *why)
{
	struct cutting c = { .look = look,
			     .classes = look->classes,
			     .m = look->metaspace,
			     .out = &look->out->metaspace };

	if (!(look->target->of_them & CLASSES_CHUNKS))
		return true;
	c.out->asked = true;
	c.out->high_water_mark = c.out->until_gc = UNKNOWN_BYTES;
	if (!c.m || !c.classes) {
		c.out->why_not = "Metaspace can't be read";
		return true; // which has been said
	}
	c.buddies = c.m->nodes.count && c.m->nodes.at[0].granule;
	for (size_t i = 0; i < c.m->loader_count; i++)
		add_loader(&c, i);
	add_nodes(&c);
	add_free(&c);
	add_blocks(&c);
	if (c.out->chunks.count)
		qsort(c.out->chunks.at, c.out->chunks.count, sizeof(*c.out->chunks.at), by_kind);
	sum_up(c.out);
	add_flags(&c);
	add_high_water(&c);
	c.out->known = true;
	return true;
}

const struct collector collector_metacut = {
	.name = "metacut",
	.sentence =
		"how Metaspace is cut into chunks, and what of it is lost, where it is asked for",
	.needs = TIER_B,
	.needs_vm = true,
	.of_classes = CLASSES_CHUNKS,
	.run = run,
};
