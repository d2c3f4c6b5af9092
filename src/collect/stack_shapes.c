// SPDX-License-Identifier: Apache-2.0
#include "collect/stack_shapes.h"

#include "base/units.h"
#include "parse/maps.h"

// HotSpot's zones take 4 pages by default; flags (StackShadowPages ...) can make them larger.
#define ZONES_LIMIT KIB(256)
#define STACK_LIMIT MIB(1024)

void stack_sizes_add(struct stack_sizes *s, uint64_t bytes)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->at[i] == bytes)
			return;
	if (bytes && s->count < STACK_SIZES)
		s->at[s->count++] = bytes;
}

static bool is_stack_like(const struct mapping *m)
{
	return m->readable && m->writable && !m->executable && !m->shared &&
	       mapping_is_anonymous(m);
}

static bool is_guard_like(const struct mapping *m)
{
	return !m->readable && !m->writable && !m->executable && mapping_is_anonymous(m);
}

// The inaccessible mapping right below, or NULL.
static const struct mapping *guard_below(const struct maps *maps, const struct mapping *m)
{
	const struct mapping *below = m > maps->at ? m - 1 : NULL;

	return below && below->end == m->start && is_guard_like(below) ? below : NULL;
}

// A stack of `size` that ends where the mapping ends.
static bool fits_end(const struct mapping *m, const struct mapping *guard, uint64_t size,
		     struct range *out)
{
	uint64_t start;

	if (size > m->end)
		return false;
	start = m->end - size;
	if (start > m->start || m->start - start > ZONES_LIMIT || start < guard->start)
		return false;
	*out = (struct range){ start, m->end };
	return true;
}

// A stack that begins with the guard range, where the kernel merged what lies above into it.
static bool fits_start(const struct mapping *m, const struct mapping *guard, uint64_t size,
		       struct range *out)
{
	uint64_t zones = guard->end - guard->start;
	uint64_t start = zones == PAGE_SIZE_BYTES ? m->start : guard->start;

	if (zones > ZONES_LIMIT || size > m->end - start)
		return false;
	*out = (struct range){ start, start + size };
	return true;
}

bool stack_shapes_exact(const struct maps *maps, size_t index, const struct stack_sizes *sizes,
			struct range *out)
{
	const struct mapping *m = &maps->at[index], *guard = guard_below(maps, m);

	if (!guard || !is_stack_like(m))
		return false;
	for (size_t i = 0; i < sizes->count; i++)
		if (fits_end(m, guard, sizes->at[i], out))
			return true;
	return false;
}

bool stack_shapes_at(const struct maps *maps, uint64_t stack_pointer,
		     const struct stack_sizes *sizes, struct range *out)
{
	const struct mapping *m = maps_find(maps, stack_pointer);
	const struct mapping *guard = m ? guard_below(maps, m) : NULL;
	struct range r;

	if (!guard || !is_stack_like(m))
		return false;
	if (stack_shapes_exact(maps, (size_t)(m - maps->at), sizes, &r) &&
	    range_holds(r, stack_pointer)) {
		*out = r;
		return true;
	}
	for (size_t i = 0; i < sizes->count; i++)
		if (fits_start(m, guard, sizes->at[i], &r) && range_holds(r, stack_pointer)) {
			*out = r;
			return true;
		}
	// A size of the program's own choice: all of the mapping, if it can be one.
	if (m->end - m->start > STACK_LIMIT || guard->end - guard->start > ZONES_LIMIT)
		return false;
	*out = (struct range){ guard->end - guard->start == PAGE_SIZE_BYTES ? m->start
									    : guard->start,
			       m->end };
	return true;
}
