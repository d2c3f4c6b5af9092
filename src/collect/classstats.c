// SPDX-License-Identifier: Apache-2.0
// What each class takes, part by part, where it is asked for.
//
// Loaders are taken in batches whose chunks are fetched together: a class's parts lie in its loader's
// chunks, thousands of small reads apart otherwise.  A class that does not validate is read anew with
// all such; what still does not has changed or gone, and is counted as that.
#include "jvm/classstats.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/families.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace.h"

enum { TRIES = 3 };
#define BATCH_BYTES                                                                                \
	MIB(8) // of chunks that are fetched together: few, as fresh buffers cost more than calls
#define SLACK_BYTES MIB(1)
#define GAP_BYTES   KIB(16) // chunks nearer than this are fetched in one piece

// Where a column stands in what was read of a class.
static const struct {
	size_t offset;
	bool known;
} SOURCES[CLASS_COLUMN_COUNT] = {
#define SOURCE(column, member)                                                                     \
	[CLASS_COLUMN_##column] = { offsetof(struct classstats_sizes, member), true }
	SOURCE(InstSize, inst_size),
	SOURCE(Mirror, mirror),
	SOURCE(KlassBytes, klass),
	SOURCE(K_secondary_supers, secondary_supers),
	SOURCE(VTab, vtable),
	SOURCE(ITab, itable),
	SOURCE(OopMap, oop_map),
	SOURCE(IK_methods, methods_array),
	SOURCE(IK_method_ordering, method_ordering),
	SOURCE(IK_local_interfaces, local_interfaces),
	SOURCE(IK_transitive_interfaces, transitive_interfaces),
	SOURCE(IK_fields, fields),
	SOURCE(IK_inner_classes, inner_classes),
	SOURCE(IK_nest_members, nest_members),
	SOURCE(class_annotations, class_annotations),
	SOURCE(class_type_annotations, class_type_annotations),
	SOURCE(fields_annotations, fields_annotations),
	SOURCE(fields_type_annotations, fields_type_annotations),
	SOURCE(methods_annotations, methods_annotations),
	SOURCE(methods_parameter_annotations, parameter_annotations),
	SOURCE(methods_type_annotations, methods_type_annotations),
	SOURCE(methods_default_annotations, default_annotations),
	SOURCE(annotations, annotations),
	SOURCE(Cp, pool),
	SOURCE(CpTags, tags),
	SOURCE(CpCache, cache),
	SOURCE(CpOperands, operands),
	SOURCE(CpRefMap, reference_map),
	SOURCE(CpAll, pool_all),
	SOURCE(MethodCount, method_count),
	SOURCE(MethodBytes, method),
	SOURCE(ConstMethod, const_method),
	SOURCE(MethodData, method_data),
	SOURCE(StackMap, stackmap),
	SOURCE(Bytecodes, bytecodes),
	SOURCE(MethodAll, method_all),
	SOURCE(ROAll, ro_all),
	SOURCE(RWAll, rw_all),
	SOURCE(Total, total),
	SOURCE(Others, others),
	SOURCE(Metaspace, metaspace),
#undef SOURCE
};

static const char NEEDS_HEAP[] = "instances are not counted: that takes a walk over the Java heap, "
				 "which this look leaves alone";

// Which part of a VM's knowledge a column needs.
static const struct {
	enum class_column column;
	enum classstats_part part;
} NEEDS[] = {
	{ CLASS_COLUMN_Mirror, CLASSSTATS_MIRROR },
	{ CLASS_COLUMN_IK_nest_members, CLASSSTATS_NEST_MEMBERS },
	{ CLASS_COLUMN_class_annotations, CLASSSTATS_ANNOTATIONS },
	{ CLASS_COLUMN_class_type_annotations, CLASSSTATS_ANNOTATIONS },
	{ CLASS_COLUMN_fields_annotations, CLASSSTATS_ANNOTATIONS },
	{ CLASS_COLUMN_fields_type_annotations, CLASSSTATS_ANNOTATIONS },
	{ CLASS_COLUMN_annotations, CLASSSTATS_ANNOTATIONS },
	{ CLASS_COLUMN_methods_annotations, CLASSSTATS_METHOD_ANNOTATIONS },
	{ CLASS_COLUMN_methods_parameter_annotations, CLASSSTATS_METHOD_ANNOTATIONS },
	{ CLASS_COLUMN_methods_type_annotations, CLASSSTATS_METHOD_ANNOTATIONS },
	{ CLASS_COLUMN_methods_default_annotations, CLASSSTATS_METHOD_ANNOTATIONS },
	{ CLASS_COLUMN_MethodAll, CLASSSTATS_METHOD_ANNOTATIONS },
	{ CLASS_COLUMN_MethodAll, CLASSSTATS_METHOD_DATA },
	{ CLASS_COLUMN_MethodData, CLASSSTATS_METHOD_DATA },
	{ CLASS_COLUMN_CpCache, CLASSSTATS_POOL },
	{ CLASS_COLUMN_CpOperands, CLASSSTATS_POOL },
	{ CLASS_COLUMN_CpRefMap, CLASSSTATS_POOL },
	{ CLASS_COLUMN_CpAll, CLASSSTATS_POOL },
	{ CLASS_COLUMN_ROAll, CLASSSTATS_NEST_MEMBERS },
	{ CLASS_COLUMN_ROAll, CLASSSTATS_ANNOTATIONS },
	{ CLASS_COLUMN_ROAll, CLASSSTATS_METHOD_ANNOTATIONS },
	{ CLASS_COLUMN_ROAll, CLASSSTATS_POOL },
	{ CLASS_COLUMN_RWAll, CLASSSTATS_MIRROR },
	{ CLASS_COLUMN_RWAll, CLASSSTATS_POOL },
	{ CLASS_COLUMN_RWAll, CLASSSTATS_METHOD_DATA },
};

struct counting {
	struct look *look;
	const struct hotspot_classes *classes;
	struct classstats stats;
	struct class_stats_facts *out;
	struct arena frame;
	VEC(uint64_t) super_of;  // row -> Klass* of its super class
	VEC(uint32_t) failed;    // classes that did not validate
	struct addresses firsts; // Symbol* of an array class of the loader at hand -> row
	struct addresses names;  // Symbol* -> index into texts
	VEC(const char *) texts;
};

static void set_why_not(struct counting *c)
{
	const char **why = c->out->column_why_not;

	why[CLASS_COLUMN_InstCount] = why[CLASS_COLUMN_InstBytes] = NEEDS_HEAP;
	for (size_t i = 0; i < sizeof(NEEDS) / sizeof(*NEEDS); i++)
		if (c->stats.unknown[NEEDS[i].part])
			why[NEEDS[i].column] = c->stats.unknown[NEEDS[i].part];
	if (why[CLASS_COLUMN_ROAll] || why[CLASS_COLUMN_RWAll])
		why[CLASS_COLUMN_Total] =
			why[CLASS_COLUMN_ROAll] ? why[CLASS_COLUMN_ROAll] : why[CLASS_COLUMN_RWAll];
}

static const char *name_of(struct counting *c, const struct hotspot_class *k)
{
	uint32_t i;

	if (!addresses_put(&c->names, k->symbol, (uint32_t)c->texts.count, &i)) {
		addresses_put(&c->names, k->symbol, i, NULL);
		return c->texts.at[i];
	}
	vec_push(&c->frame, &c->texts, families_dotted(c->look->mem, k->name));
	return c->texts.at[c->texts.count - 1];
}

static struct class_stats_row row_of(struct counting *c, const struct hotspot_loader *l,
				     const struct hotspot_class *k,
				     const struct classstats_sizes *sizes)
{
	struct class_stats_row row = {
		.name = name_of(c, k), .super = CLASS_STATS_NONE, .at = k->at, .loader_at = l->at
	};

	for (int i = 0; i < CLASS_COLUMN_COUNT; i++) {
		uint64_t value = c->out->column_why_not[i] ? CLASSSTATS_UNKNOWN : 0;

		if (SOURCES[i].known)
			memcpy(&value, (const char *)sizes + SOURCES[i].offset, sizeof(value));
		row.value[i] = value > CLASS_STATS_UNKNOWN ? CLASS_STATS_UNKNOWN : (uint32_t)value;
	}
	return row;
}

static uint32_t plus(uint32_t a, uint32_t b)
{
	return a == CLASS_STATS_UNKNOWN || b == CLASS_STATS_UNKNOWN ? CLASS_STATS_UNKNOWN : a + b;
}

// JDK 28 has two Klass structures for most classes of object arrays: one row, as there is one class
// with one java.lang.Class object.
static bool add_to_first(struct counting *c, const struct hotspot_loader *l,
			 const struct hotspot_class *k, struct classstats_sizes *sizes)
{
	struct class_stats_row extra;
	uint32_t first;

	if (!k->extra || !addresses_find(&c->firsts, k->symbol, &first))
		return false;
	sizes->rw_all -= sizes->rw_all == CLASSSTATS_UNKNOWN ? 0 : sizes->mirror;
	sizes->total -= sizes->total == CLASSSTATS_UNKNOWN ? 0 : sizes->mirror;
	sizes->mirror = 0;
	extra = row_of(c, l, k, sizes);
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		c->out->rows.at[first].value[i] =
			plus(c->out->rows.at[first].value[i], extra.value[i]);
	return true;
}

static bool read_class(struct counting *c, const struct hotspot_loader *l, uint32_t index)
{
	const struct hotspot_class *k = &c->classes->classes.at[index];
	struct classstats_sizes sizes;
	enum classstats_part part;

	if (!classstats_read(&c->stats, k, l->at, l->hidden, &sizes, &part, NULL))
		return false;
	if (add_to_first(c, l, k, &sizes))
		return true;
	if (l->extra)
		addresses_put(&c->firsts, k->symbol, (uint32_t)c->out->rows.count, NULL);
	vec_push(c->look->mem, &c->out->rows, row_of(c, l, k, &sizes));
	vec_push(&c->frame, &c->super_of, sizes.super_at);
	return true;
}

static void read_loader(struct counting *c, const struct hotspot_loader *l)
{
	addresses_init(&c->firsts, &c->frame);
	for (int extra = 0; extra <= (l->extra != 0); extra++)
		for (size_t i = l->first; i < l->first + l->count; i++)
			if (c->classes->classes.at[i].extra == (extra != 0) &&
			    !read_class(c, l, (uint32_t)i))
				vec_push(&c->frame, &c->failed, (uint32_t)i);
}

static const struct hotspot_loader *loader_of(const struct hotspot_classes *c, uint32_t class)
{
	for (size_t i = 0; i < c->loaders.count; i++)
		if (class >= c->loaders.at[i].first &&
		    class - c->loaders.at[i].first < c->loaders.at[i].count)
			return &c->loaders.at[i];
	return &c->loaders.at[c->loaders.count - 1];
}

static void read_failed_again(struct counting *c)
{
	for (int try = 1; try < TRIES && c->failed.count; try++) {
		size_t left = 0;

		classstats_forget(&c->stats);
		addresses_init(&c->firsts, &c->frame);
		for (size_t i = 0; i < c->failed.count; i++)
			if (!read_class(c, loader_of(c->classes, c->failed.at[i]), c->failed.at[i]))
				c->failed.at[left++] = c->failed.at[i];
		c->failed.count = left;
	}
	c->out->unreadable = c->failed.count;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

// The used part of the chunks of loaders [first, last).
static void fetch(struct counting *c, size_t first, size_t last)
{
	const struct metaspace *m = c->look->metaspace;
	VEC(struct range) ranges = { 0 };
	struct range together = { 0 };

	for (size_t i = first; i < last; i++)
		for (size_t k = 0; k < m->loaders[i].chunk_count; k++) {
			const struct metaspace_chunk *chunk =
				&m->chunks.at[m->loaders[i].first_chunk + k];
			struct range r = { chunk->start, chunk->start + chunk->used };

			vec_push(&c->frame, &ranges, r);
		}
	if (ranges.count)
		qsort(ranges.at, ranges.count, sizeof(*ranges.at), by_start);
	for (size_t i = 0; i < ranges.count; i++) {
		if (together.end && ranges.at[i].start - together.end < GAP_BYTES) {
			together.end = ranges.at[i].end;
			continue;
		}
		memory_prefetch(c->look->target->memory, together.start, together.end);
		together = ranges.at[i];
	}
	memory_prefetch(c->look->target->memory, together.start, together.end);
}

static uint64_t fetched_bytes(const struct counting *c, size_t loader)
{
	const struct metaspace_loader *l = &c->look->metaspace->loaders[loader];

	return l->nonclass.used + l->class_space.used + KIB(4) * (uint64_t)l->chunk_count;
}

static void read_all(struct counting *c)
{
	const struct hotspot_classes *k = c->classes;

	for (size_t first = 0, last; first < k->loaders.count; first = last) {
		uint64_t bytes = 0;

		for (last = first; last < k->loaders.count; last++) {
			bytes += c->look->metaspace ? fetched_bytes(c, last) : 0;
			if (last > first && bytes > BATCH_BYTES)
				break;
		}
		if (c->look->metaspace) {
			classstats_forget(&c->stats);
			fetch(c, first, last);
		}
		for (size_t i = first; i < last; i++)
			read_loader(c, &k->loaders.at[i]);
	}
	read_failed_again(c);
}

// ---- in order

struct key {
	const struct class_stats_row *row;
	uint32_t size, index;
};

static int by_size(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	if (x->row->name != y->row->name)
		return strcmp(x->row->name, y->row->name);
	return (x->row->at > y->row->at) - (x->row->at < y->row->at);
}

// The largest first; where the sum is not known, by the Klass alone.
static void put_in_order(struct counting *c)
{
	struct class_stats_facts *out = c->out;
	size_t count = out->rows.count;
	enum class_column by = out->column_why_not[CLASS_COLUMN_Total] ? CLASS_COLUMN_KlassBytes
								       : CLASS_COLUMN_Total;
	struct key *keys = arena_array(&c->frame, struct key, count + 1);
	struct addresses at;

	addresses_init(&at, &c->frame);
	out->order = arena_array(c->look->mem, uint32_t, count + 1);
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct key){ &out->rows.at[i], out->rows.at[i].value[by], (uint32_t)i };
	if (count)
		qsort(keys, count, sizeof(*keys), by_size);
	for (size_t i = 0; i < count; i++) {
		out->order[i] = keys[i].index;
		addresses_put(&at, keys[i].row->at, (uint32_t)i, NULL);
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t super;

		if (c->super_of.at[i] && addresses_find(&at, c->super_of.at[i], &super))
			out->rows.at[i].super = (int32_t)super;
	}
}

static void sum_up(struct class_stats_facts *s)
{
	for (int v = 0; v < CLASS_COLUMN_COUNT; v++)
		s->total[v] = s->column_why_not[v] ? UNKNOWN_BYTES : 0;
	for (size_t i = 0; i < s->rows.count; i++)
		for (int v = 0; v < CLASS_COLUMN_COUNT; v++)
			s->total[v] = s->total[v] == UNKNOWN_BYTES ||
						      s->rows.at[i].value[v] == CLASS_STATS_UNKNOWN
					      ? UNKNOWN_BYTES
					      : s->total[v] + s->rows.at[i].value[v];
}

// Parts of classes are parts of what their loaders use, and that was read before: more than it by more
// than a VM that loads classes can have added since is a layout that is not this one.
static bool is_plausible(struct counting *c)
{
	const struct metaspace *m = c->look->metaspace;
	uint64_t used = 0, sum = c->out->total[CLASS_COLUMN_Metaspace];

	c->out->loaders_used = UNKNOWN_BYTES;
	if (!m || m->unreadable)
		return true;
	for (size_t i = 0; i < m->loader_count; i++)
		used += m->loaders[i].nonclass.used + m->loaders[i].class_space.used;
	c->out->loaders_used = used;
	return sum <= used + used / 8 + SLACK_BYTES;
}

static bool run(struct look *look, struct fail *why)
{
	struct class_stats_facts *out = &look->out->class_stats;
	struct counting c = { .look = look, .classes = look->classes, .out = out };

	if (!(look->target->of_them & CLASSES_PARTS))
		return true;
	out->asked = true;
	if (!look->classes || !classstats_open(look->vm, look->classes, look->mem, &c.stats, why)) {
		out->why_not = look->classes ? arena_text(look->mem, why->text)
					     : "the classes can't be read";
		return !look->classes; // else it has been said
	}
	addresses_init(&c.names, &c.frame);
	set_why_not(&c);
	// Of a size that is known: growing would copy all of them again and again.
	out->rows.room = look->classes->classes.count;
	out->rows.at = arena_array(look->mem, struct class_stats_row, out->rows.room + 1);
	read_all(&c);
	put_in_order(&c);
	sum_up(out);
	out->known = out->rows.count > 0 && is_plausible(&c);
	if (!out->known)
		out->why_not = out->rows.count ? "layout unknown: classes sum to more than their "
						 "loaders use"
					       : "no class's metadata can be read";
	if (!out->known)
		out->rows.count = 0;
	arena_drop(&c.frame);
	return true;
}

const struct collector collector_classstats = {
	.name = "classstats",
	.sentence = "what each class takes in Metaspace, part by part, where it is asked for",
	.needs = TIER_B,
	.needs_vm = true,
	.of_classes = CLASSES_PARTS,
	.run = run,
};
