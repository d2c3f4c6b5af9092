// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

void memory_init(struct memory *m, struct arena *mem)
{
	*m = (struct memory){ .mem = mem };
}

// Index of the first segment that ends above `at`.
static size_t first_above(const struct memory *m, uint64_t at)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->segments[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void insert(struct memory *m, size_t index, struct memory_segment s)
{
	if (m->count == m->room)
		m->segments =
			arena_grow(m->mem, m->segments, m->count, &m->room, sizeof(*m->segments));
	memmove(m->segments + index + 1, m->segments + index,
		(m->count - index) * sizeof(*m->segments));
	m->segments[index] = s;
	m->count++;
}

// Cuts [start, end) out of what is there, so that the new segment covers it.
static void cut_out(struct memory *m, uint64_t start, uint64_t end)
{
	size_t i = first_above(m, start);

	while (i < m->count && m->segments[i].start < end) {
		struct memory_segment *s = &m->segments[i];

		if (s->start < start && s->end > end) {
			struct memory_segment tail = *s;

			tail.start = end;
			s->end = start;
			insert(m, i + 1, tail);
			return;
		}
		if (s->start < start) {
			s->end = start;
			i++;
		} else if (s->end > end) {
			s->start = end;
			return;
		} else {
			memmove(s, s + 1, (m->count - i - 1) * sizeof(*s));
			m->count--;
		}
	}
}

void memory_add_segment(struct memory *m, uint64_t start, uint64_t end,
			const struct memory_source *source, void *self)
{
	if (end <= start)
		return;
	cut_out(m, start, end);
	insert(m, first_above(m, start), (struct memory_segment){ start, end, source, self });
}

bool memory_read(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why)
{
	unsigned char *out = to;

	for (size_t i = first_above(m, at); len; i++) {
		const struct memory_segment *s = &m->segments[i];
		size_t n = len;

		if (i >= m->count || s->start > at)
			return fail(why, FAIL_ABSENT, "no memory at 0x%" PRIx64, at);
		if (n > s->end - at)
			n = (size_t)(s->end - at);
		if (!s->source->read(s->self, at, out, n, why))
			return false;
		at += n;
		out += n;
		len -= n;
	}
	return true;
}

bool memory_read_u8(const struct memory *m, uint64_t at, uint8_t *to, struct fail *why)
{
	return memory_read(m, at, to, sizeof(*to), why);
}

bool memory_read_u16(const struct memory *m, uint64_t at, uint16_t *to, struct fail *why)
{
	return memory_read(m, at, to, sizeof(*to), why);
}

bool memory_read_u32(const struct memory *m, uint64_t at, uint32_t *to, struct fail *why)
{
	return memory_read(m, at, to, sizeof(*to), why);
}

bool memory_read_u64(const struct memory *m, uint64_t at, uint64_t *to, struct fail *why)
{
	return memory_read(m, at, to, sizeof(*to), why);
}

bool memory_read_text(const struct memory *m, uint64_t at, char *to, size_t room, struct fail *why)
{
	enum { STEP = 32 };
	char got[MEMORY_TEXT_LIMIT];
	size_t len = 0;

	if (room > sizeof(got))
		room = sizeof(got);
	while (len < room) {
		// Aligned steps never reach past the page that holds the string's end.
		size_t n = STEP - (size_t)((at + len) % STEP);
		char *nul;

		if (n > room - len)
			n = room - len;
		if (!memory_read(m, at + len, got + len, n, why))
			return false;
		nul = memchr(got + len, '\0', n);
		if (nul) {
			memcpy(to, got, (size_t)(nul - got) + 1);
			return true;
		}
		len += n;
	}
	return fail(why, FAIL_CORRUPT, "the text at 0x%" PRIx64 " does not end within %zu bytes",
		    at, room);
}

// The segment that holds all of the objects; NULL: there is no such one.
static const struct memory_segment *segment_of(const struct memory *m,
					       const struct memory_objects *o)
{
	size_t i = o->count ? first_above(m, o->at[0]) : m->count;
	const struct memory_segment *s = &m->segments[i];

	if (i >= m->count)
		return NULL;
	for (size_t k = 0; k < o->count; k++)
		if (o->at[k] < s->start || o->at[k] >= s->end || s->end - o->at[k] < o->len)
			return NULL;
	return s;
}

bool memory_gather(const struct memory *m, const struct memory_objects *objects, void *to,
		   struct fail *why)
{
	const struct memory_segment *s = segment_of(m, objects);
	unsigned char *out = to;

	if (s && s->source->gather)
		return s->source->gather(s->self, objects, to, why);
	if (objects->anew)
		memory_forget(m);
	for (size_t i = 0; i < objects->count; i++)
		if (!memory_read(m, objects->at[i], out + i * objects->len, objects->len, why))
			return false;
	return true;
}

void memory_prefetch(const struct memory *m, uint64_t start, uint64_t end)
{
	for (size_t i = first_above(m, start); i < m->count && m->segments[i].start < end; i++) {
		const struct memory_segment *s = &m->segments[i];

		if (s->source->prefetch)
			s->source->prefetch(s->self, start > s->start ? start : s->start,
					    end < s->end ? end : s->end);
	}
}

void memory_forget(const struct memory *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->segments[i].source->forget)
			m->segments[i].source->forget(m->segments[i].self);
}

bool memory_read_anew(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct memory_objects object = { .at = &at, .count = 1, .len = len };
	const struct memory_segment *s = segment_of(m, &object);

	if (s && s->source->read_anew)
		return s->source->read_anew(s->self, at, to, len, why);
	memory_forget(m);
	return memory_read(m, at, to, len, why);
}

bool memory_ask(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct memory_objects object = { .at = &at, .count = 1, .len = len };
	const struct memory_segment *s = segment_of(m, &object);

	return s && s->source->ask ? s->source->ask(s->self, at, to, len, why)
				   : memory_read_anew(m, at, to, len, why);
}

bool memory_survey(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct memory_objects object = { .at = &at, .count = 1, .len = len };
	const struct memory_segment *s = segment_of(m, &object);

	return s && s->source->survey ? s->source->survey(s->self, at, to, len, why)
				      : memory_read(m, at, to, len, why);
}

bool memory_can_change(const struct memory *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->segments[i].source->forget)
			return true;
	return false;
}
