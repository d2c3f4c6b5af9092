// SPDX-License-Identifier: Apache-2.0
// ZGC (three kinds) and Shenandoah (with and without generations) in a VM made by hand, some of whose
// words are changed: the input is the collector, then records of {where, how, value}.  References are
// followed, the heap is told by kind, and what is kept beside it searched for.
#include "jvm/zheap.h"

#include <string.h>

#include "../jvm/fakevm.c"
#include "../jvm/fakevm_shenandoah.c"
#include "../jvm/fakevm_z.c"
#include "jvm/gcside.h"
#include "jvm/spaces.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

struct change {
	uint16_t word;
	unsigned char how, small;
	uint64_t value;
};

static uint64_t changed(uint64_t old, const struct change *c)
{
	switch (c->how % 5) {
	case 0:
		return c->value;
	case 1:
		return old ^ (uint64_t)1 << c->small % 64;
	case 2:
		return old + c->small * 8u;
	case 3:
		return old - c->small * 8u;
	default:
		return FAKEVM_OBJECTS + c->value % FAKEVM_OBJECTS_SIZE;
	}
}

static void demand(bool held)
{
	if (!held)
		abort();
}

// Whatever the words: sorted, without overlap, in one anonymous mapping or several that touch.
static void check_side(const struct fakevm *fake, const struct gcside *g)
{
	for (size_t i = 0; i < g->ranges.count; i++) {
		const struct gcside_range *r = &g->ranges.at[i];
		const struct mapping *m = maps_find(&fake->maps, r->start);

		demand(r->end > r->start && r->start % PAGE_SIZE_BYTES == 0 && m && !m->path[0]);
		demand(!i || r->start >= g->ranges.at[i - 1].end);
		while (m->end < r->end) {
			demand(m + 1 < fake->maps.at + fake->maps.count && m[1].start == m->end);
			m++;
		}
	}
}

static void check_spaces(const struct spaces *s)
{
	uint64_t sum = 0;

	demand(s->used <= s->committed);
	for (size_t i = 0; i < s->count; i++) {
		demand(s->at[i].used <= s->at[i].committed);
		sum += s->at[i].committed;
	}
	demand(!s->count || sum == s->committed);
}

static void follow_all(struct hotspot *vm)
{
	static const uint64_t OFFSETS[] = { FAKEVM_Z_PAGE + 64, FAKEVM_Z_PAGE + MIB(2), 8,
					    UINT64_MAX };

	for (size_t i = 0; i < sizeof(OFFSETS) / sizeof(OFFSETS[0]); i++) {
		struct zheap_page p;

		for (unsigned colour = 0; colour < 4; colour++) {
			zheap_address(vm, fakevm_z_reference(colour, OFFSETS[i]));
			zheap_address(vm, FAKEVM_Z_BASE << colour | OFFSETS[i]);
		}
		if (zheap_page(vm, OFFSETS[i], &p))
			demand(p.start <= OFFSETS[i] && OFFSETS[i] < p.end);
	}
}

static void damage(struct fakevm *fake, const unsigned char *bytes, size_t len)
{
	for (size_t at = 0; at + sizeof(struct change) <= len; at += sizeof(struct change)) {
		struct change c;
		uint64_t words = fake->objects_used / 8, word;

		memcpy(&c, bytes + at, sizeof(c));
		word = FAKEVM_OBJECTS + c.word % words * 8u;
		if (c.how & 0x80) // masks and flags
			word = FAKEVM_LIBRARY + c.word % (FAKEVM_LIBRARY_SIZE / 8) * 8u;
		fakevm_set(fake, word, changed(fakevm_get(fake, word), &c));
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct fakevm *fake;
	struct hotspot vm;
	struct fail why = { 0 };
	struct gcside side;
	struct spaces spaces;

	if (!len)
		return 0;
	fake = fakevm_create();
	if (bytes[0] % 5 < 3) {
		struct fakevm_z z = fakevm_add_z(fake, bytes[0] % 5);
		uint64_t entries = fakevm_z_forward(fake, &z, 0);

		fakevm_z_move(fake, &z, entries, 64, MIB(8));
	} else {
		fakevm_add_shenandoah(fake, bytes[0] % 5 == 4);
	}
	demand(fakevm_open(fake, &vm, &why));
	damage(fake, bytes + 1, len - 1);
	if (vm.gc == GC_Z) {
		struct zheap *z;

		if (!zheap_open(&vm, &fake->mem, &z, &why))
			demand(why.text[0]);
		else
			vm.z = z;
		follow_all(&vm);
	}
	if (gcside_read(&vm, &fake->mem, &side, &why))
		check_side(fake, &side);
	if (spaces_read(&vm, &fake->mem, &spaces, &why))
		check_spaces(&spaces);
	fakevm_free(fake);
	return 0;
}
