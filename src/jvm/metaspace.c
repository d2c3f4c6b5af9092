// SPDX-License-Identifier: Apache-2.0
#include "jvm/metaspace.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace_walk.h"

enum {
	CLD_METASPACE = 16, // ClassLoaderData::_metaspace, and the lock behind it
	TRIES = 3,
	PROBES = 64, // loaders to try a layout on
};

static const struct metaspace_layout *const LAYOUTS[] = { &METASPACE_16, &METASPACE_11,
							  &METASPACE_8 };

// Whether the range may have been mapped after the maps were read: they have nothing there.
static bool may_be_younger(const struct metaspace_walk *w, uint64_t start, uint64_t end)
{
	const struct maps *maps = w->vm->maps;

	for (size_t i = 0; i < maps->count; i++)
		if (maps->at[i].start < end && start < maps->at[i].end)
			return false;
	return end > start && memory_can_change(w->vm->memory);
}

bool metaspace_check_range(const struct metaspace_walk *w, uint64_t start, uint64_t end,
			   struct fail *why)
{
	const struct mapping *m = end > start ? maps_find(w->vm->maps, start) : NULL;

	if (m ? m->path[0] == '/' || !maps_find(w->vm->maps, end - 1)
	      : !may_be_younger(w, start, end))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: no mapping for Metaspace at 0x%" PRIx64, start);
	return true;
}

bool metaspace_count_bits(const struct hotspot *vm, uint64_t map_at, uint64_t bits, uint64_t *count,
			  struct fail *why)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < bits;) {
		uint64_t words[64];
		uint64_t n = (bits - i + 63) / 64;

		if (n > 64)
			n = 64;
		if (!memory_read(vm->memory, map_at + i / 8, words, n * 8, why))
			return false;
		for (uint64_t k = 0; k < n; k++, i += 64) {
			if (bits - i < 64)
				words[k] &= (UINT64_C(1) << (bits - i)) - 1;
			sum += (uint64_t)__builtin_popcountll(words[k]);
		}
	}
	*count = sum;
	return true;
}

bool metaspace_node(struct metaspace_walk *w, const struct metaspace_layout *layout, uint64_t at,
		    bool class_space, uint32_t *index, struct fail *why)
{
	uint32_t first = 0;
	bool is_first = true;

	while (!addresses_find(&w->node_index, at, index)) {
		struct metaspace_node n;
		uint64_t next;

		if (!hotspot_is_pointer(at))
			return fail(why, FAIL_CORRUPT, "a Metaspace chunk names no node");
		if (w->out->nodes.count == METASPACE_NODE_LIMIT)
			return fail(why, FAIL_CORRUPT, "layout unknown: endless Metaspace nodes");
		// A node behind the wanted one may be younger than the mappings that are known: what is
		// in it is found by its own chunks, or not at all.
		if (!layout->read_node(w, at, &n, &next, is_first ? why : NULL)) {
			if (is_first)
				return false;
			break;
		}
		n.class_space = class_space;
		for (size_t i = 0; i < w->out->nodes.count; i++)
			if (n.start < w->out->nodes.at[i].end && w->out->nodes.at[i].start < n.end)
				return fail(why, FAIL_CORRUPT, "Metaspace nodes overlap");
		*index = (uint32_t)w->out->nodes.count;
		addresses_put(&w->node_index, at, *index, NULL);
		vec_push(w->mem, &w->out->nodes, n);
		if (is_first)
			first = *index;
		is_first = false;
		if (!next)
			break;
		at = next;
	}
	if (w->out->nodes.at[*index].class_space != class_space)
		return fail(why, FAIL_CORRUPT, "a Metaspace node is class space and is not");
	if (!is_first)
		*index = first;
	return true;
}

// Whether the arena, if there is one, starts with that lock where it should.
static bool has_lock(const struct hotspot *vm, const struct metaspace_layout *layout,
		     uint64_t arena_at, uint64_t lock)
{
	uint64_t first;

	return !layout->arenas_have_lock || !arena_at ||
	       (memory_read_u64(vm->memory, arena_at, &first, NULL) && first == lock && lock);
}

bool metaspace_find_arenas(const struct hotspot *vm, const struct metaspace_layout *layout,
			   uint64_t loader_at, uint64_t *nonclass, uint64_t *class_space,
			   struct fail *why)
{
	uint64_t of_loader[2], object[4];

	*nonclass = *class_space = 0;
	if (!memory_read(vm->memory, loader_at + CLD_METASPACE, of_loader, sizeof(of_loader), why))
		return false;
	if (!of_loader[0])
		return true; // it has not allocated anything yet
	if (!hotspot_is_pointer(of_loader[0]) ||
	    !memory_read(vm->memory, of_loader[0], object, sizeof(object), why))
		return fail(why, FAIL_CORRUPT, "layout unknown: a loader's Metaspace");
	*nonclass = object[layout->nonclass / 8];
	*class_space = object[layout->class_space / 8];
	if ((*nonclass && !hotspot_is_pointer(*nonclass)) ||
	    (*class_space && !hotspot_is_pointer(*class_space)))
		return fail(why, FAIL_CORRUPT, "layout unknown: a loader's Metaspace arenas");
	return (has_lock(vm, layout, *nonclass, of_loader[1]) &&
		has_lock(vm, layout, *class_space, of_loader[1]) &&
		(!layout->has_lock ||
		 (object[layout->lock / 8] == of_loader[1] && of_loader[1]))) ||
	       fail(why, FAIL_CORRUPT, "layout unknown: a loader's Metaspace has another lock");
}

static bool read_loader(struct metaspace_walk *w, const struct metaspace_layout *layout,
			uint64_t loader_at, struct metaspace_loader *out, struct fail *why)
{
	struct metaspace_loader l = { .readable = true, .first_chunk = w->out->chunks.count };
	uint64_t nonclass, class_space;

	if (!metaspace_find_arenas(w->vm, layout, loader_at, &nonclass, &class_space, why) ||
	    (nonclass && !layout->read_arena(w, nonclass, false, &l.nonclass, why)) ||
	    (class_space && !layout->read_arena(w, class_space, true, &l.class_space, why))) {
		w->out->chunks.count = l.first_chunk;
		return false;
	}
	l.chunk_count = w->out->chunks.count - l.first_chunk;
	*out = l;
	return true;
}

// The layout that some loader's arenas validate under; loaders without chunks prove nothing.
// The boot loader is the last in the list, so the search starts at the end.
static const struct metaspace_layout *
find_layout(struct metaspace_walk *w, const uint64_t *loaders_at, size_t count, struct fail *why)
{
	for (size_t k = 0; k < sizeof(LAYOUTS) / sizeof(LAYOUTS[0]); k++)
		for (size_t i = 0; i < count && i < PROBES; i++) {
			struct metaspace_loader l;
			bool ok = read_loader(w, LAYOUTS[k], loaders_at[count - 1 - i], &l,
					      k == 0 && i == 0 ? why : NULL) &&
				  l.chunk_count;

			w->out->chunks.count = 0;
			if (ok)
				return LAYOUTS[k];
			w->out->nodes.count = 0;
			addresses_init(&w->node_index, w->mem);
		}
	fail(why, FAIL_CORRUPT, "layout unknown: Metaspace of no loader makes sense");
	return NULL;
}

// Nodes that hold no chunk of any loader are in the VM's own lists only.
static void add_list_heads(struct metaspace_walk *w, const struct metaspace_layout *layout,
			   uint64_t loader_at)
{
	uint64_t arenas[2]; // non-class, class space

	if (!layout->list_head ||
	    !metaspace_find_arenas(w->vm, layout, loader_at, &arenas[0], &arenas[1], NULL))
		return;
	for (int class_space = 0; class_space < 2; class_space++) {
		uint64_t at =
			arenas[class_space] ? layout->list_head(w->vm, arenas[class_space]) : 0;
		uint32_t index;

		if (at)
			metaspace_node(w, layout, at, class_space, &index, NULL);
	}
}

static void sum_up(struct metaspace *m, const struct metaspace_layout *layout)
{
	struct arena frame = { 0 };
	struct addresses seen;

	addresses_init(&seen, &frame);
	for (size_t i = 0; i < m->chunks.count; i++) // one in two loaders' lists is one
		if (addresses_put(&seen, m->chunks.at[i].start, 0, NULL))
			m->nodes.at[m->chunks.at[i].node].chunks++;
	arena_drop(&frame);
	for (size_t i = 0; i < m->nodes.count; i++) {
		const struct metaspace_node *n = &m->nodes.at[i];

		m->chunks_counted += n->chunks_counted;
		m->chunks_found += n->chunks;
		if (n->class_space) {
			m->class_space.reserved += n->end - n->start;
			m->class_space.committed += n->committed;
		} else {
			m->nonclass.reserved += n->end - n->start;
			m->nonclass.committed += n->committed;
		}
	}
	for (size_t i = 0; i < m->loader_count; i++) {
		m->nonclass.used += m->loaders[i].nonclass.used;
		m->class_space.used += m->loaders[i].class_space.used;
		m->unreadable += !m->loaders[i].readable;
	}
	if (layout->headers_apart)
		m->nonclass.used = m->class_space.used = 0;
	for (size_t i = 0; layout->headers_apart && i < m->chunks.count; i++) {
		const struct metaspace_chunk *c = &m->chunks.at[i];

		*(c->class_space ? &m->class_space.used : &m->nonclass.used) += c->used;
	}
}

struct totals {
	struct metaspace_sums nonclass, class_space;
	uint64_t chunks;
};

// Whether some node counts more or fewer chunks in use than the loaders have in it.
static bool chunks_differ(const struct metaspace *m)
{
	for (size_t i = 0; i < m->nodes.count; i++)
		if (m->nodes.at[i].chunks != m->nodes.at[i].chunks_counted)
			return true;
	return false;
}

// The nodes were read before the loaders' chunks: what was committed meanwhile may be in use
// already.
static bool is_older(const struct metaspace_sums *s)
{
	return s->used > s->committed;
}

// False when the VM's counters are not known or what was read agrees with them.
static bool differs(const struct hotspot *vm, const struct metaspace_layout *layout,
		    uint64_t loader_at, const struct metaspace *m, struct totals *theirs)
{
	uint64_t nonclass, class_space;

	memset(theirs, 0, sizeof(*theirs));
	theirs->chunks = m->chunks_counted;
	if (is_older(&m->nonclass) || is_older(&m->class_space))
		return true;
	if (layout->nodes_count_chunks)
		return chunks_differ(m);
	if (!layout->read_totals ||
	    !metaspace_find_arenas(vm, layout, loader_at, &nonclass, &class_space, NULL))
		return false;
	return (nonclass && layout->read_totals(vm, nonclass, &theirs->nonclass, NULL) &&
		memcmp(&theirs->nonclass, &m->nonclass, sizeof(m->nonclass)) != 0) ||
	       (class_space && layout->read_totals(vm, class_space, &theirs->class_space, NULL) &&
		memcmp(&theirs->class_space, &m->class_space, sizeof(m->class_space)) != 0);
}

static void fetch(struct metaspace_walk *w, const struct metaspace_layout *layout,
		  const uint64_t *loaders_at, size_t count)
{
	struct arena frame = { 0 };
	uint64_t *arenas = arena_array(&frame, uint64_t, 2 * count + 2);
	size_t n = 0;

	for (size_t i = 0; layout->fetch && i < count; i++) {
		uint64_t of_loader[2];

		if (!metaspace_find_arenas(w->vm, layout, loaders_at[i], &of_loader[0],
					   &of_loader[1], NULL))
			continue;
		for (int k = 0; k < 2; k++)
			if (of_loader[k])
				arenas[n++] = of_loader[k];
	}
	if (n)
		layout->fetch(w, arenas, n);
	arena_drop(&frame);
}

static bool read_once(const struct hotspot *vm, const uint64_t *loaders_at, size_t count,
		      struct arena *mem, struct metaspace *out, const struct metaspace_layout **by,
		      struct fail *why)
{
	struct metaspace m = { .loaders = arena_array(mem, struct metaspace_loader, count + 1),
			       .loader_count = count };
	struct metaspace_walk w = { .vm = vm, .mem = mem, .out = &m };
	const struct metaspace_layout *layout;
	size_t bad = count;

	addresses_init(&w.node_index, mem);
	layout = find_layout(&w, loaders_at, count, why);
	if (!layout)
		return false;
	fetch(&w, layout, loaders_at, count);
	// A loader that changes while it is read is read again, all such together.
	for (int try = 0; try < TRIES && bad; try++) {
		if (try) {
			heapclock_restart(vm);
			w.headers = NULL;
		}
		bad = 0;
		for (size_t i = 0; i < count; i++)
			if (!m.loaders[i].readable &&
			    !read_loader(&w, layout, loaders_at[i], &m.loaders[i], why))
				bad++;
	}
	if (bad == count)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: Metaspace of no loader makes sense");
	add_list_heads(&w, layout, loaders_at[count - 1]);
	sum_up(&m, layout);
	m.layout = layout;
	*out = m;
	*by = layout;
	return true;
}

bool metaspace_read(const struct hotspot *vm, const uint64_t *loaders_at, size_t count,
		    struct arena *mem, struct metaspace *out, struct fail *why)
{
	struct totals before = { 0 };
	unsigned same = 0;

	for (int try = 0; try < TRIES; try++) {
		const struct metaspace_layout *layout = NULL;
		struct metaspace m = { 0 };
		struct totals now;

		if (try)
			heapclock_restart(vm);
		// All loaders may be met as they change, of a VM that loads and unloads without
		// pause.
		if (!read_once(vm, loaders_at, count, mem, &m, &layout, why)) {
			if (try + 1 < TRIES && memory_can_change(vm->memory))
				continue;
			return false;
		}
		*out = m;
		if (!differs(vm, layout, loaders_at[count - 1], &m, &now))
			return true;
		same = memcmp(&now, &before, sizeof(now)) ? 0 : same + 1;
		before = now;
	}
	out->contradicted = same == TRIES - 1;
	out->counted_nonclass = before.nonclass;
	out->counted_class_space = before.class_space;
	return true;
}

bool metaspace_class_space(const struct hotspot *vm, uint64_t loader_at, struct metaspace_node *out,
			   struct fail *why)
{
	struct arena frame = { 0 };
	struct metaspace m = { 0 };
	struct metaspace_walk w = { .vm = vm, .mem = &frame, .out = &m };
	bool ok = false;

	addresses_init(&w.node_index, &frame);
	for (size_t k = 0; k < sizeof(LAYOUTS) / sizeof(LAYOUTS[0]) && !ok; k++) {
		uint64_t nonclass, class_space, node_at, next;
		struct metaspace_node n;

		if (!metaspace_find_arenas(vm, LAYOUTS[k], loader_at, &nonclass, &class_space,
					   NULL) ||
		    !class_space || !LAYOUTS[k]->first_node(&w, class_space, &node_at, NULL) ||
		    !hotspot_is_pointer(node_at) ||
		    !LAYOUTS[k]->read_node(&w, node_at, &n, &next, NULL))
			continue;
		n.class_space = true;
		*out = n;
		ok = true;
	}
	arena_drop(&frame);
	return ok || fail(why, FAIL_ABSENT, "no compressed class space");
}

bool metaspace_node_committed(const struct hotspot *vm, const struct metaspace_node *node,
			      struct arena *mem, struct range **out, size_t *count,
			      struct fail *why)
{
	VEC(struct range) ranges = { 0 };
	uint64_t bits, bytes;
	uint8_t *map;

	if (!node->granule) { // JDK 8-15 commit from the start upwards
		vec_push(mem, &ranges,
			 (struct range){ node->start, node->start + node->committed });
		*out = ranges.at;
		*count = node->committed != 0;
		return true;
	}
	bits = (node->end - node->start) / node->granule;
	bytes = (bits + 7) / 8;
	map = arena_get(mem, bytes + 1);
	if (!memory_read(vm->memory, node->mask_at, map, bytes, why))
		return false;
	for (uint64_t i = 0; i < bits; i++) {
		uint64_t start = node->start + i * node->granule;

		if (!(map[i / 8] >> i % 8 & 1))
			continue;
		if (ranges.count && ranges.at[ranges.count - 1].end == start)
			ranges.at[ranges.count - 1].end += node->granule;
		else
			vec_push(mem, &ranges, (struct range){ start, start + node->granule });
	}
	*out = ranges.at;
	*count = ranges.count;
	return true;
}
