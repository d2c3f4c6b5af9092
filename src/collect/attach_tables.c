// SPDX-License-Identifier: Apache-2.0
#include "collect/attach_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "collect/collector.h"
#include "collect/nmt_rows.h"
#include "parse/classloader_stats.h"
#include "parse/codecache.h"
#include "parse/heap_info.h"
#include "parse/nmt.h"
#include "parse/thread_print.h"
#include "parse/vm_flags.h"
#include "parse/vm_metaspace.h"

static struct provenance from_attach(const struct look *look)
{
	return look_from(look, "attach", "attach", CERTAINTY_DERIVED);
}

static void set(const struct look *look, enum fact_id id, uint64_t value)
{
	snapshot_set(look->out, id, value, from_attach(look));
}

static void claim(const struct look *look, uint64_t start, uint64_t end, const char *account,
		  const char *part)
{
	snapshot_claim(look->out, (struct claim){
					  .start = start,
					  .end = end,
					  .account = account,
					  .part = part,
					  .source = "attach",
					  .certainty = CERTAINTY_DERIVED,
				  });
}

bool attach_take_heap(struct look *look, struct span text, struct fail *why)
{
	struct heap_info h;

	if (!heap_info_parse(text, look->mem, &h, why))
		return false;
	claim(look, h.start, h.end, "java-heap", NULL);
	set(look, F_HEAP_RESERVED, h.end - h.start);
	set(look, F_HEAP_COMMITTED, h.committed);
	set(look, F_HEAP_USED, h.used);
	if (!look->out->fact[F_COLLECTOR].known)
		snapshot_set_text(look->out, F_COLLECTOR, h.collector, from_attach(look));
	for (size_t i = 0; i < h.space_count; i++)
		vec_push(look->mem, &look->out->spaces,
			 (struct space_row){
				 .name = h.spaces[i].name,
				 .start = h.spaces[i].start,
				 .end = h.spaces[i].end,
				 .committed = h.spaces[i].committed,
				 .used = h.spaces[i].used,
			 });
	if (!h.has_metaspace)
		return true;
	// In whole KB; VM.metaspace, where there is one, says it to the byte afterwards.
	set(look, F_METASPACE_USED, h.metaspace_used - h.class_used);
	set(look, F_METASPACE_COMMITTED, h.metaspace_committed - h.class_committed);
	set(look, F_METASPACE_RESERVED, h.metaspace_reserved - h.class_reserved);
	set(look, F_CLASS_SPACE_USED, h.class_used);
	set(look, F_CLASS_SPACE_COMMITTED, h.class_committed);
	set(look, F_CLASS_SPACE_RESERVED, h.class_reserved);
	return true;
}

bool attach_take_metaspace(struct look *look, struct span text, struct fail *why)
{
	struct vm_metaspace m;

	if (!vm_metaspace_parse(text, look->mem, &m, why))
		return false;
	for (size_t i = 0; i < m.node_count; i++)
		claim(look, m.nodes[i].start, m.nodes[i].end,
		      m.nodes[i].class_space ? "class-space" : "metaspace", NULL);
	set(look, F_METASPACE_USED, m.nonclass.used);
	set(look, F_METASPACE_COMMITTED, m.nonclass.committed);
	set(look, F_METASPACE_RESERVED, m.nonclass.reserved);
	set(look, F_CLASS_SPACE_USED, m.class_space.used);
	set(look, F_CLASS_SPACE_COMMITTED, m.class_space.committed);
	set(look, F_CLASS_SPACE_RESERVED, m.class_space.reserved);
	return true;
}

bool attach_take_code(struct look *look, struct span text, struct fail *why)
{
	struct codecache c;
	uint64_t used = 0, committed = 0, reserved = 0;

	if (!codecache_parse(text, look->mem, &c, why))
		return false;
	for (size_t i = 0; i < c.count; i++) {
		const struct codecache_row *r = &c.at[i];

		claim(look, r->start, r->end, "code-cache", r->name);
		vec_push(look->mem, &look->out->code_heaps,
			 (struct code_heap_row){
				 .name = r->name,
				 .start = r->start,
				 .end = r->end,
				 .committed = r->high - r->start,
				 .used = r->used,
			 });
		used += r->used;
		committed += r->high - r->start;
		reserved += r->end - r->start;
	}
	set(look, F_CODE_USED, used);
	set(look, F_CODE_COMMITTED, committed);
	set(look, F_CODE_RESERVED, reserved);
	return true;
}

static enum flag_type type_of(const char *name)
{
	static const struct {
		const char *name;
		enum flag_type type;
	} TYPES[] = {
		{ "bool", FLAG_BOOL },   { "int", FLAG_INT },       { "intx", FLAG_INT },
		{ "uint", FLAG_UINT },   { "uintx", FLAG_UINT },    { "uint64_t", FLAG_UINT },
		{ "size_t", FLAG_UINT }, { "double", FLAG_DOUBLE },
	};

	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (!strcmp(name, TYPES[i].name))
			return TYPES[i].type;
	return FLAG_STRING;
}

static struct flag_row flag_of(const struct vm_flags_row *r)
{
	struct flag_row f = {
		.name = r->name, .type_name = r->type, .type = type_of(r->type), .origin = r->origin
	};

	switch (f.type) {
	case FLAG_BOOL:
		f.number = !strcmp(r->value, "true");
		break;
	case FLAG_INT:
		f.number = (uint64_t)strtoll(r->value, NULL, 10);
		break;
	case FLAG_UINT:
		f.number = strtoull(r->value, NULL, 10);
		break;
	case FLAG_DOUBLE:
		f.real = strtod(r->value, NULL);
		break;
	case FLAG_STRING:
		f.text = *r->value ? r->value : NULL;
		break;
	}
	return f;
}

static void set_from_flag(const struct look *look, enum fact_id id, const char *name)
{
	const struct flag_row *f = snapshot_find_flag(look->out, name);

	if (f)
		set(look, id, f->number);
}

bool attach_take_flags(struct look *look, struct span text, struct fail *why)
{
	const struct flag_row *metaspace, *direct;
	struct vm_flags flags;

	if (!vm_flags_parse(text, look->mem, &flags, why))
		return false;
	for (size_t i = 0; i < flags.count; i++)
		vec_push(look->mem, &look->out->flags, flag_of(&flags.at[i]));
	set_from_flag(look, F_HEAP_MAX, "MaxHeapSize");
	set_from_flag(look, F_HEAP_INITIAL, "InitialHeapSize");
	set_from_flag(look, F_HEAP_PRETOUCH, "AlwaysPreTouch");
	// The default is the largest value of its type, less its alignment.
	metaspace = snapshot_find_flag(look->out, "MaxMetaspaceSize");
	if (metaspace && metaspace->number < UINT64_C(1) << 60)
		set(look, F_METASPACE_MAX, metaspace->number);
	// 0: as large as the heap.
	direct = snapshot_find_flag(look->out, "MaxDirectMemorySize");
	if (direct && direct->number)
		set(look, F_DIRECT_LIMIT, direct->number);
	else if (direct && look->out->fact[F_HEAP_MAX].known)
		set(look, F_DIRECT_LIMIT, look->out->fact[F_HEAP_MAX].value);
	return true;
}

// JDK 17 prints words where the others print bytes: the used sum tells which, where it is known.
static uint64_t unit_of(const struct look *look, const struct classloader_stats *s)
{
	uint64_t used = snapshot_get(look->out, F_METASPACE_USED, 0) +
			snapshot_get(look->out, F_CLASS_SPACE_USED, 0);
	uint64_t as_words = s->block_raw * 8, as_bytes = s->block_raw;
	uint64_t off_words = as_words > used ? as_words - used : used - as_words;
	uint64_t off_bytes = as_bytes > used ? as_bytes - used : used - as_bytes;

	if (!used || (off_words > used / 4 && off_bytes > used / 4))
		return 0;
	return off_words < off_bytes ? 8 : 1;
}

static uint64_t cld_of(const struct classloader_stats *s, uint64_t loader_at)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->at[i].loader_at == loader_at && !s->at[i].hidden)
			return s->at[i].cld_at;
	return 0;
}

bool attach_take_loaders(struct look *look, struct span text, struct fail *why)
{
	struct classloader_stats s;
	uint64_t unit, loaders = 0, parent_at = 0, parent_cld = 0;

	if (!classloader_stats_parse(text, look->mem, &s, why))
		return false;
	unit = unit_of(look, &s);
	for (size_t i = 0; i < s.count; i++) {
		const struct classloader_row *r = &s.at[i];

		if (!r->classes)
			continue;
		loaders++;
		if (r->parent_at != parent_at) { // throw-away loaders mostly share one parent
			parent_at = r->parent_at;
			parent_cld = parent_at ? cld_of(&s, parent_at) : 0;
		}
		vec_push(look->mem, &look->out->loaders,
			 (struct loader_row){
				 .at = r->cld_at,
				 .type = r->type,
				 .parent_at = parent_cld,
				 .hidden = r->hidden,
				 .class_count = (uint32_t)r->classes,
				 .used = r->block_raw * unit,
				 .committed = r->chunk_raw * unit,
			 });
	}
	set(look, F_CLASSES, s.classes);
	set(look, F_LOADERS, loaders);
	return true;
}

bool attach_take_threads(struct look *look, struct span text, struct fail *why)
{
	struct thread_print printed;
	uint64_t java = 0;

	if (!thread_print_parse(text, look->mem, &printed, why))
		return false;
	for (size_t i = 0; i < printed.count; i++)
		java += printed.at[i].java;
	set(look, F_JAVA_THREADS, java);
	look->printed = arena_new(look->mem, struct thread_print);
	*look->printed = printed;
	return true;
}

bool attach_take_nmt(struct look *look, struct span text, struct fail *why)
{
	const char *level = nmt_rows_level(look);
	struct nmt nmt;

	look->out->nmt.level = level;
	if (level && !strcmp(level, "off"))
		return true; // nothing is missing: it was never asked for
	if (!nmt_parse(text, look->mem, &nmt, why))
		return false;
	look->out->nmt.known = true;
	look->out->nmt.source = "attach";
	nmt_rows_from_text(look, &nmt);
	nmt_rows_check(look);
	return true;
}
