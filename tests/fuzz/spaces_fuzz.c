// SPDX-License-Identifier: Apache-2.0
// The Java heap's spaces in VMs made by hand whose objects the input overwrites.  Its first byte is the
// collector; then come records of {word, how, small, value}.
#include "../jvm/fakevm.c"
#include "../jvm/fakevm_heaps.c"
#include "jvm/spaces.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { KINDS = 6 };

struct change {
	uint16_t word;
	unsigned char how, small;
	uint64_t value;
};

static struct fakevm *make(unsigned kind)
{
	struct fakevm *fake = fakevm_create();

	if (kind == 0)
		fakevm_add_serial(fake);
	else if (kind == 1)
		fakevm_add_cms(fake);
	else if (kind == 2 || kind == 3)
		fakevm_add_parallel(fake, kind == 3);
	else if (kind == 4)
		fakevm_add_g1(fake);
	else
		fakevm_add_g1_before_9(fake);
	return fake;
}

static uint64_t changed(const struct fakevm *fake, uint64_t old, const struct change *c)
{
	switch (c->how % 6) {
	case 0:
		return c->value;
	case 1:
		return old ^ (uint64_t)1 << c->small % 64;
	case 2:
		return old + c->small * 8u;
	case 3:
		return old - c->small * 8u;
	case 4:
		return FAKEVM_OBJECTS + c->value % fake->objects_used / 8 * 8;
	default:
		return FAKEVM_HEAP + (uint64_t)c->small * 512 * KIB(1);
	}
}

static void demand(bool held)
{
	if (!held)
		abort();
}

// Whatever the words: no more used than committed, no more committed than reserved, and spaces with a
// range lie in the heap.
static void check(const struct hotspot *vm, const struct spaces *s)
{
	demand(s->count <= SPACES_LIMIT);
	demand(s->committed == SPACES_UNKNOWN || s->committed <= vm->heap_end - vm->heap_start);
	demand(s->used == SPACES_UNKNOWN || s->used <= s->committed);
	demand(s->unknown || (s->used != SPACES_UNKNOWN && s->committed != SPACES_UNKNOWN));
	for (size_t i = 0; i < s->count; i++) {
		const struct spaces_row *r = &s->at[i];

		demand(r->name && r->used <= r->committed);
		demand(!r->end ||
		       (spaces_in_heap(vm, r->start, r->end) && r->committed <= r->end - r->start));
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static struct fakevm *fakes[KINDS];
	static struct hotspot vms[KINDS];
	struct fail why = { 0 };
	struct arena mem = { 0 };
	struct spaces s;
	struct fakevm *fake;
	unsigned char *whole;
	unsigned kind;

	if (!len)
		return 0;
	kind = bytes[0] % KINDS;
	if (!fakes[kind]) {
		fakes[kind] = make(kind);
		demand(fakevm_open(fakes[kind], &vms[kind], NULL));
	}
	fake = fakes[kind];
	whole = arena_get(&mem, fake->objects_used);
	memcpy(whole, fake->objects, fake->objects_used);
	for (size_t at = 1; at + sizeof(struct change) <= len; at += sizeof(struct change)) {
		struct change c;
		uint64_t word;

		memcpy(&c, bytes + at, sizeof(c));
		word = FAKEVM_OBJECTS + c.word % (fake->objects_used / 8) * 8;
		fakevm_set(fake, word, changed(fake, fakevm_get(fake, word), &c));
	}
	if (spaces_read(&vms[kind], &mem, &s, &why))
		check(&vms[kind], &s);
	else
		demand(why.text[0]);
	demand(len > 1 || !why.text[0]); // the whole VM reads
	memcpy(fake->objects, whole, fake->objects_used);
	arena_drop(&mem);
	return 0;
}
