// SPDX-License-Identifier: Apache-2.0
// The parts of a class in a VM made by hand whose words the input overwrites: records of {word u16, how
// u8, unused, value u32}.  `how` 0: the value; 1: an address among the objects; 2: the old word plus the
// value; 3: one byte.
#include <stdlib.h>
#include <string.h>

#include "../jvm/classstats_image.h"
#include "../jvm/fakevm.c"
#include "../jvm/fakevm_heaps.c"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { RECORD_BYTES = 8, RECORD_LIMIT = 64 };

static void demand(bool held)
{
	if (!held)
		abort();
}

static void overwrite(struct fakevm *fake, const unsigned char *record)
{
	uint64_t words = fake->objects_used / 8;
	uint64_t at = FAKEVM_OBJECTS + (record[0] | (uint64_t)record[1] << 8) % words * 8;
	uint32_t value;

	memcpy(&value, record + 4, sizeof(value));
	switch (record[2] % 4) {
	case 0:
		fakevm_set(fake, at, value);
		break;
	case 1:
		fakevm_set(fake, at, FAKEVM_OBJECTS + value % fake->objects_used);
		break;
	case 2:
		fakevm_set(fake, at, fakevm_get(fake, at) + (uint64_t)(int64_t)(int32_t)value);
		break;
	case 3:
		*fakevm_at(fake, at + value % 8) = (unsigned char)(value >> 8);
		break;
	}
}

static void check(const struct classstats_sizes *s)
{
	if (s->total != CLASSSTATS_UNKNOWN)
		demand(s->total == s->ro_all + s->rw_all && s->total >= s->klass);
	if (s->method_all != CLASSSTATS_UNKNOWN)
		demand(s->method_all >= s->method + s->const_method + s->stackmap);
	demand(s->klass >= CS_KLASS_SIZE && s->vtable + s->itable + s->oop_map <= s->klass);
	demand(s->method_count <= 65536 && s->pool >= CS_POOL_SIZE);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct classstats_image im = { 0 };
	struct classstats stats;
	struct classstats_sizes sizes;
	enum classstats_part part;
	bool ok = cs_open(&im, NULL);

	demand(ok);
	for (size_t i = 0; i < RECORD_LIMIT && (i + 1) * RECORD_BYTES <= len; i++)
		overwrite(im.fake, bytes + i * RECORD_BYTES);
	ok = classstats_open(&im.vm, &im.classes, &im.fake->mem, &stats, NULL) &&
	     classstats_read(&stats, im.klass, im.loader, false, &sizes, &part, NULL);
	if (ok)
		check(&sizes);
	demand(len >= RECORD_BYTES || ok);
	fakevm_free(im.fake);
	return 0;
}
