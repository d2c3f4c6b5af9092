// SPDX-License-Identifier: Apache-2.0
#include "os/pristine.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"

enum {
	BLOCKS = 32,
	BLOCK_BYTES = 8192,
	HEADERS = 64,
	DYNAMIC_LIMIT = 512,
	RELA_LIMIT = 1 << 24,
	RELA_STEP = 256,             // read at once
	INITIALISER_LIMIT = 4096,    // rows of .init_array; real ones have up to 900
	LAST_INITIALISER = 64 << 10, // bytes of the last function; its end is not told
	CODE_LIMIT = 2 << 20,        // of all initialisers; they stand together
	STORE_LIMIT = 1 << 16,
	// x86-64: [REX] mov $imm32, disp32(%rip) and mov %register, disp32(%rip).
	MOVE = 0xc7,
	MOVE_REGISTER = 0x89,
	TO_RIP = 0x05,
	REGISTER_BITS = 0x38,
	WIDE = 0x48,
	WIDE_MASK = 0xf8,
};

struct tables { // of .dynamic, as virtual addresses
	uint64_t rela, rela_size, relative_count, initialisers, initialisers_size;
};

// Names and rows are read by the hundred, a few bytes each and close together: from blocks.
struct pristine_blocks {
	uint64_t offset[BLOCKS]; // in the file, + 1; 0: empty
	size_t len[BLOCKS];
	char bytes[BLOCKS][BLOCK_BYTES];
};

static bool read_block(const struct pristine *p, char *to, size_t len, uint64_t offset, size_t *got)
{
	uint64_t start = offset & ~(uint64_t)(BLOCK_BYTES - 1);
	struct pristine_blocks *b = p->blocks;
	size_t i = start / BLOCK_BYTES % BLOCKS, skip = (size_t)(offset - start);

	if (b->offset[i] != start + 1) {
		ssize_t n = offset <= INT64_MAX
				    ? pread(p->fd, b->bytes[i], BLOCK_BYTES, (off_t)start)
				    : -1;

		b->offset[i] = n > 0 ? start + 1 : 0;
		b->len[i] = n > 0 ? (size_t)n : 0;
	}
	if (b->len[i] <= skip)
		return false;
	*got = b->len[i] - skip < len ? b->len[i] - skip : len;
	memcpy(to, b->bytes[i] + skip, *got);
	return true;
}

static bool read_file(const struct pristine *p, void *to, size_t len, uint64_t offset,
		      struct fail *why)
{
	char *at = to;

	while (len) {
		size_t n;

		if (!read_block(p, at, len, offset, &n))
			return fail(why, FAIL_CORRUPT, "the library's file ends early");
		at += n;
		len -= n;
		offset += n;
	}
	return true;
}

static const struct pristine_segment *find_segment(const struct pristine *p, uint64_t at)
{
	for (size_t i = 0; i < p->segment_count; i++)
		if (at >= p->segments[i].start && at < p->segments[i].end)
			return &p->segments[i];
	return NULL;
}

// Where the file has [at, at + len); false when it does not have all of it.
static bool find_offset(const struct pristine *p, uint64_t at, uint64_t len, uint64_t *offset)
{
	const struct pristine_segment *s = find_segment(p, at);

	if (!s || at >= s->file_end || len > s->file_end - at)
		return false;
	*offset = s->offset + (at - s->start);
	return true;
}

static bool add_segment(struct pristine *p, const Elf64_Phdr *h, struct fail *why)
{
	if (p->segment_count == PRISTINE_SEGMENTS || h->p_filesz > h->p_memsz ||
	    h->p_memsz > GIB(4) || h->p_vaddr > GIB(64) || h->p_offset > GIB(64))
		return fail(why, FAIL_CORRUPT, "the segments of the library make no sense");
	p->segments[p->segment_count++] =
		(struct pristine_segment){ .start = h->p_vaddr,
					   .file_end = h->p_vaddr + h->p_filesz,
					   .end = h->p_vaddr + h->p_memsz,
					   .offset = h->p_offset,
					   .writable = h->p_flags & PF_W };
	return true;
}

static bool read_headers(struct pristine *p, uint16_t *machine, uint64_t *dynamic,
			 uint64_t *dynamic_size, struct fail *why)
{
	Elf64_Phdr h[HEADERS];
	Elf64_Ehdr e;

	if (!read_file(p, &e, sizeof(e), 0, why))
		return false;
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 || e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_type != ET_DYN ||
	    e.e_phentsize != sizeof(*h) || !e.e_phnum || e.e_phnum > HEADERS)
		return fail(why, FAIL_CORRUPT, "no 64-bit ELF library");
	if (!read_file(p, h, e.e_phnum * sizeof(*h), e.e_phoff, why))
		return false;
	*machine = e.e_machine;
	*dynamic = *dynamic_size = 0;
	for (size_t i = 0; i < e.e_phnum; i++) {
		if (h[i].p_type == PT_LOAD && !add_segment(p, &h[i], why))
			return false;
		if (h[i].p_type == PT_DYNAMIC) {
			*dynamic = h[i].p_offset;
			*dynamic_size = h[i].p_filesz;
		}
	}
	return *dynamic_size || fail(why, FAIL_ABSENT, "the library has no dynamic section");
}

static bool read_dynamic(struct pristine *p, uint64_t offset, uint64_t size, struct tables *t,
			 struct fail *why)
{
	for (size_t i = 0; i < size / sizeof(Elf64_Dyn) && i < DYNAMIC_LIMIT; i++) {
		Elf64_Dyn d;

		if (!read_file(p, &d, sizeof(d), offset + i * sizeof(d), why))
			return false;
		switch (d.d_tag) {
		case DT_NULL:
			return true;
		case DT_RELA:
			t->rela = d.d_un.d_ptr;
			break;
		case DT_RELASZ:
			t->rela_size = d.d_un.d_val;
			break;
		case DT_RELACOUNT:
			t->relative_count = d.d_un.d_val;
			break;
		case DT_INIT_ARRAY:
			t->initialisers = d.d_un.d_ptr;
			break;
		case DT_INIT_ARRAYSZ:
			t->initialisers_size = d.d_un.d_val;
			break;
		}
	}
	return true;
}

static bool open_relocations(struct pristine *p, uint16_t machine, const struct tables *t,
			     struct fail *why)
{
	if (machine != EM_X86_64 && machine != EM_AARCH64)
		return fail(why, FAIL_ABSENT, "relocations of machine %u are not read", machine);
	// Linkers sort the relative ones to the front, by address, and count them.
	if (!t->relative_count || t->relative_count > RELA_LIMIT ||
	    t->relative_count > t->rela_size / sizeof(Elf64_Rela) ||
	    !find_offset(p, t->rela, t->relative_count * sizeof(Elf64_Rela), &p->rela_offset))
		return fail(why, FAIL_ABSENT, "the library's relocations are not sorted");
	p->rela_count = t->relative_count;
	return true;
}

static bool read_rela(const struct pristine *p, uint64_t index, Elf64_Rela *to, size_t count,
		      struct fail *why)
{
	return read_file(p, to, count * sizeof(*to), p->rela_offset + index * sizeof(*to), why);
}

// A relocation at or below the first one at or above `at`, at most RELA_STEP before it: a block is
// read anyway.
static bool find_rela(const struct pristine *p, uint64_t at, uint64_t *index, struct fail *why)
{
	uint64_t low = 0, high = p->rela_count;

	while (high - low > RELA_STEP) {
		uint64_t middle = low + (high - low) / 2;
		Elf64_Rela r = { 0 };

		if (!read_rela(p, middle, &r, 1, why))
			return false;
		if (r.r_offset >= at)
			high = middle;
		else
			low = middle + 1;
	}
	*index = low;
	return true;
}

static void put(unsigned char *to, uint64_t at, size_t len, uint64_t where, const void *value,
		size_t width)
{
	const unsigned char *from = value;

	for (size_t i = 0; i < width; i++)
		if (where + i >= at && where + i < at + len)
			to[where + i - at] = from[i];
}

static bool relocate(const struct pristine *p, uint64_t at, unsigned char *to, size_t len,
		     struct fail *why)
{
	uint64_t i;

	if (!find_rela(p, at >= 8 ? at - 7 : 0, &i, why))
		return false;
	while (i < p->rela_count) {
		size_t n = p->rela_count - i < RELA_STEP ? (size_t)(p->rela_count - i) : RELA_STEP;
		Elf64_Rela r[RELA_STEP];

		if (!read_rela(p, i, r, n, why))
			return false;
		for (size_t k = 0; k < n; k++) {
			if (r[k].r_offset >= at + len)
				return true;
			put(to, at, len, r[k].r_offset, &r[k].r_addend, sizeof(r[k].r_addend));
		}
		i += n;
	}
	return true;
}

// The first store at or above `at`.
static size_t find_store(const struct pristine *p, uint64_t at)
{
	size_t low = 0, high = p->store_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->stores[middle].at >= at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void apply_stores(const struct pristine *p, uint64_t at, unsigned char *to, size_t len)
{
	for (size_t i = find_store(p, at >= 8 ? at - 7 : 0);
	     i < p->store_count && p->stores[i].at < at + len; i++) {
		int64_t value = (int32_t)p->stores[i].value;

		if (!p->stores[i].unknown)
			put(to, at, len, p->stores[i].at, &value, p->stores[i].width);
	}
}

bool pristine_find_unknown(const struct pristine *p, uint64_t start, uint64_t end, uint64_t *at)
{
	for (size_t i = find_store(p, start); i < p->store_count && p->stores[i].at < end; i++)
		if (p->stores[i].unknown) {
			*at = p->stores[i].at;
			return true;
		}
	return false;
}

bool pristine_read(const struct pristine *p, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct pristine_segment *s = find_segment(p, at);
	size_t from_file = 0;

	if (!s || len > s->end - at)
		return fail(why, FAIL_ABSENT, "no image at 0x%" PRIx64, at);
	if (at < s->file_end)
		from_file = s->file_end - at < len ? (size_t)(s->file_end - at) : len;
	if (from_file && !read_file(p, to, from_file, s->offset + (at - s->start), why))
		return false;
	memset((char *)to + from_file, 0, len - from_file);
	if (!s->writable)
		return true;
	if (!relocate(p, at, to, len, why))
		return false;
	apply_stores(p, at, to, len);
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct pristine_store *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

// One instruction that stores to a place relative to itself, if one begins (behind a prefix) here.
static bool decode(const unsigned char *at, bool wide, uint64_t here, struct pristine_store *out)
{
	uint32_t words[2];

	memcpy(words, at + 2, sizeof(words));
	if (at[0] == MOVE && at[1] == TO_RIP)
		*out = (struct pristine_store){ .at = here + 10, .value = words[1] };
	else if (at[0] == MOVE_REGISTER && (at[1] & ~REGISTER_BITS) == TO_RIP)
		*out = (struct pristine_store){ .at = here + 6, .unknown = true };
	else
		return false;
	out->at += (uint64_t)(int64_t)(int32_t)words[0];
	out->width = wide ? 8 : 4;
	return true;
}

// Bytes that look like the instruction but are none aim at random: only what lies in writable data
// counts, and what comes twice is not told.
static void find_stores(struct pristine *p, const unsigned char *code, size_t len, uint64_t start,
			struct arena *mem)
{
	VEC(struct pristine_store) found = { 0 };
	size_t kept = 0;

	for (size_t i = 1; i + 10 <= len && found.count < STORE_LIMIT; i++) {
		const struct pristine_segment *s;
		struct pristine_store store;

		if (!decode(code + i, (code[i - 1] & WIDE_MASK) == WIDE, start + i, &store))
			continue;
		s = find_segment(p, store.at);
		if (s && s->writable)
			vec_push(mem, &found, store);
	}
	if (!found.count)
		return;
	qsort(found.at, found.count, sizeof(*found.at), by_address);
	for (size_t i = 1; i < found.count; i++) {
		if (found.at[i].at != found.at[kept].at)
			found.at[++kept] = found.at[i];
		else
			found.at[kept].unknown = true;
	}
	p->stores = found.at;
	p->store_count = kept + 1;
}

// Initialisers are a comfort: without them their constants read as zero.
static void read_initialisers(struct pristine *p, const struct tables *t, struct arena *mem)
{
	size_t count = (size_t)(t->initialisers_size / 8);
	uint64_t low = UINT64_MAX, high = 0, offset, *at;
	const struct pristine_segment *s;
	struct arena frame = { 0 };
	unsigned char *code;

	if (!count || count > INITIALISER_LIMIT)
		return;
	at = arena_array(&frame, uint64_t, count);
	if (!pristine_read(p, t->initialisers, at, count * 8, NULL))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		low = at[i] < low ? at[i] : low;
		high = at[i] > high ? at[i] : high;
	}
	s = find_segment(p, low);
	if (count && s && high < s->file_end && high - low < CODE_LIMIT) {
		high = s->file_end - high > LAST_INITIALISER ? high + LAST_INITIALISER
							     : s->file_end;
		code = arena_get(&frame, high - low);
		if (find_offset(p, low, high - low, &offset) &&
		    read_file(p, code, high - low, offset, NULL))
			find_stores(p, code, high - low, low, mem);
	}
	arena_drop(&frame);
}

bool pristine_open(int fd, struct arena *mem, struct pristine *out, struct fail *why)
{
	struct pristine p = { .fd = fd, .blocks = arena_new(mem, struct pristine_blocks) };
	uint64_t dynamic = 0, dynamic_size = 0;
	struct tables t = { 0 };
	uint16_t machine = 0;

	if (!read_headers(&p, &machine, &dynamic, &dynamic_size, why) ||
	    !read_dynamic(&p, dynamic, dynamic_size, &t, why) ||
	    !open_relocations(&p, machine, &t, why))
		return false;
	p.has_initialisers = t.initialisers && t.initialisers_size;
	if (machine == EM_X86_64)
		read_initialisers(&p, &t, mem);
	*out = p;
	return true;
}

static bool source_read(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	return pristine_read(self, at, to, len, why);
}

void pristine_as_memory(struct pristine *p, struct memory *m)
{
	static const struct memory_source SOURCE = { .read = source_read };

	for (size_t i = 0; i < p->segment_count; i++)
		memory_add_segment(m, p->segments[i].start, p->segments[i].end, &SOURCE, p);
}
