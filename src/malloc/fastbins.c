// SPDX-License-Identifier: Apache-2.0
#include "malloc/fastbins.h"

#include "base/memory.h"
#include "malloc/view.h"

enum { BLOCK = 1 << 16, BLOCKS = FASTBINS_LIMIT / BLOCK, WORD = 64 };

#define REACHED   (UINT32_C(1) << 31)
#define ROW_LIMIT (UINT64_C(1) << 31) // steps of an arena that fit the table: 32 GB

struct fastlinks {
	uint32_t next[BLOCK]; // step, and whether a list led there
	uint8_t bin[BLOCK];
};

static uint64_t link_of(uint64_t word, uint64_t chunk, bool mangled)
{
	return mangled ? word ^ (chunk + 16) >> 12 : word;
}

static bool is_of_arena(const struct glibc *g, uint32_t arena, uint64_t at)
{
	const struct glibc_piece *p = glibc_first_piece(g, at);

	return p && p->start <= at && p->part != GLIBC_CHUNK && p->arena == arena;
}

bool fastbins_probe(const struct malloc_view *v, const struct glibc *g, bool *mangled)
{
	unsigned plain = 0, xored = 0;

	for (uint32_t a = 0; g->layout.has_fast_bins && a < g->arenas.count; a++) {
		uint64_t heads[FASTBINS], word;

		if (!view_read(v, g->arenas.at[a].at + FASTBINS_OFFSET, heads, sizeof(heads), NULL))
			continue;
		for (size_t i = 0; i < FASTBINS; i++) {
			uint64_t to[2];

			if (!heads[i] || !is_of_arena(g, a, heads[i]) ||
			    !view_read_u64(v, heads[i] + 16, &word, NULL))
				continue;
			for (size_t k = 0; k < 2; k++)
				to[k] = link_of(word, heads[i], k == 1);
			plain += !to[0] || (!(to[0] & 15) && is_of_arena(g, a, to[0]));
			xored += !to[1] || (!(to[1] & 15) && is_of_arena(g, a, to[1]));
		}
	}
	*mangled = xored > plain;
	return xored != plain;
}

void fastbins_init(struct fastbins *f, const struct malloc_view *v, const struct glibc *g,
		   uint32_t arena, bool mangled)
{
	uint64_t steps = 1; // 0 is nowhere

	*f = (struct fastbins){ .v = v, .g = g, .arena = arena, .mangled = mangled };
	f->parts = arena_get_array(&f->mem, g->pieces.count + 1, sizeof(*f->parts));
	for (size_t i = 0; i < g->pieces.count; i++) {
		const struct glibc_piece *p = &g->pieces.at[i];
		uint64_t start = p->start & ~(uint64_t)15;

		if (p->part == GLIBC_CHUNK || p->arena != arena)
			continue;
		if (steps + (p->end - start) / 16 >= ROW_LIMIT) {
			f->full = true;
			break;
		}
		f->parts[f->part_count].start = start;
		f->parts[f->part_count].end = p->end;
		f->parts[f->part_count++].first = steps;
		steps += (p->end - start) / 16 + 1;
	}
	f->words = steps / WORD + 1;
	f->bits = arena_array(&f->mem, uint64_t, f->words);
	f->before = arena_array(&f->mem, uint32_t, f->words);
	f->blocks = arena_array(&f->mem, struct fastlinks *, BLOCKS);
}

void fastbins_drop(struct fastbins *f)
{
	arena_drop(&f->mem);
	*f = (struct fastbins){ 0 };
}

// 0: not in the arena.
static uint32_t step_of(const struct fastbins *f, uint64_t at)
{
	size_t low = 0, high = f->part_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->parts[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (at & 15 || low == f->part_count || f->parts[low].start > at)
		return 0;
	return (uint32_t)(f->parts[low].first + (at - f->parts[low].start) / 16);
}

void fastbins_note(struct fastbins *f, uint64_t chunk, uint64_t size, uint64_t word)
{
	uint64_t to = link_of(word, chunk, f->mangled);
	uint32_t at, next;
	struct fastlinks *block;

	if (!to || to & 15 || !(next = step_of(f, to)) || !(at = step_of(f, chunk)))
		return;
	if (f->count == FASTBINS_LIMIT) {
		f->full = true;
		return;
	}
	if (!f->blocks[f->count / BLOCK])
		f->blocks[f->count / BLOCK] = arena_new(&f->mem, struct fastlinks);
	block = f->blocks[f->count / BLOCK];
	block->next[f->count % BLOCK] = next;
	block->bin[f->count % BLOCK] = (uint8_t)((size - FASTBINS_LEAST) / 16);
	f->bits[at / WORD] |= UINT64_C(1) << at % WORD;
	f->last_step = at;
	f->count++;
}

void fastbins_forget(struct fastbins *f, uint64_t at)
{
	uint32_t step = step_of(f, at);
	uint64_t word = step / WORD;

	if (!step || !f->count || step > f->last_step)
		return;
	f->count -= (uint32_t)__builtin_popcountll(f->bits[word] >> step % WORD);
	f->bits[word] &= (UINT64_C(1) << step % WORD) - 1;
	for (word++; word <= f->last_step / WORD; word++) {
		f->count -= (uint32_t)__builtin_popcountll(f->bits[word]);
		f->bits[word] = 0;
	}
	f->last_step = step;
}

// Index of the link at a step; UINT32_MAX: none is kept.
static uint32_t find(const struct fastbins *f, uint32_t step)
{
	uint64_t word = f->bits[step / WORD], bit = UINT64_C(1) << step % WORD;

	if (!(word & bit))
		return UINT32_MAX;
	return f->before[step / WORD] + (uint32_t)__builtin_popcountll(word & (bit - 1));
}

static uint32_t *link_at(const struct fastbins *f, uint32_t i)
{
	return &f->blocks[i / BLOCK]->next[i % BLOCK];
}

static uint8_t bin_at(const struct fastbins *f, uint32_t i)
{
	return f->blocks[i / BLOCK]->bin[i % BLOCK];
}

// True when the chunk is the end of its list: of the right size and with a link to nothing.
static bool is_end(const struct fastbins *f, uint64_t chunk, uint8_t bin)
{
	uint64_t words[3];

	return step_of(f, chunk) && view_read(f->v, chunk, words, sizeof(words), NULL) &&
	       (words[1] & ~UINT64_C(7)) == FASTBINS_LEAST + UINT64_C(16) * bin &&
	       !link_of(words[2], chunk, f->mangled);
}

static uint64_t address_of(const struct fastbins *f, uint32_t step)
{
	for (size_t i = f->part_count; i-- > 0;)
		if (f->parts[i].first <= step)
			return f->parts[i].start + (step - f->parts[i].first) * UINT64_C(16);
	return 0;
}

// False when it breaks.
static bool follow_list(struct fastbins *f, uint8_t bin, uint64_t head)
{
	uint32_t step = step_of(f, head), i;

	if (!head)
		return true;
	while (step && (i = find(f, step)) != UINT32_MAX && bin_at(f, i) == bin &&
	       !(*link_at(f, i) & REACHED)) {
		step = *link_at(f, i);
		*link_at(f, i) |= REACHED;
		f->chunks[bin]++;
	}
	if (!step || !is_end(f, address_of(f, step), bin))
		return false;
	f->last[bin] = address_of(f, step);
	f->chunks[bin]++;
	return true;
}

// Every link to another chunk of its size.
static void take_all(struct fastbins *f, uint8_t bin)
{
	f->chunks[bin] = 0;
	for (uint32_t i = 0; i < f->count; i++) {
		uint32_t *l = link_at(f, i), to;

		if (bin_at(f, i) != bin)
			continue;
		to = find(f, *l & ~REACHED);
		if (to != UINT32_MAX && bin_at(f, to) == bin) {
			*l |= REACHED;
			f->chunks[bin]++;
		} else {
			*l &= ~REACHED;
		}
	}
}

static void count_before(struct fastbins *f)
{
	uint32_t sum = 0;

	for (uint64_t i = 0; i < f->words; i++) {
		f->before[i] = sum;
		sum += (uint32_t)__builtin_popcountll(f->bits[i]);
	}
}

void fastbins_follow(struct fastbins *f)
{
	uint64_t heads[FASTBINS];

	f->known = true;
	if (!memory_read_anew(f->v->memory, f->g->arenas.at[f->arena].at + FASTBINS_OFFSET, heads,
			      sizeof(heads), NULL)) {
		f->broken = true;
		return;
	}
	count_before(f);
	for (uint8_t i = 0; i < FASTBINS; i++)
		if (!follow_list(f, i, heads[i])) {
			f->broken = true;
			take_all(f, i);
		}
}

bool fastbins_holds(const struct fastbins *f, uint64_t chunk, uint64_t size)
{
	size_t bin = (size_t)(size - FASTBINS_LEAST) / 16;
	uint32_t step, i;

	if (!f->chunks[bin])
		return false;
	if (chunk == f->last[bin])
		return true;
	step = step_of(f, chunk);
	i = step ? find(f, step) : UINT32_MAX;
	return i != UINT32_MAX && *link_at(f, i) & REACHED;
}
