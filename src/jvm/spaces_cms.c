// SPDX-License-Identifier: Apache-2.0
// Free chunks are in three places: a dictionary of large ones that keeps their sum, a list for each
// small size that keeps their number, and one block that small ones are cut from.  The VM's own
// figure of what is used is the capacity without them.
#include "jvm/spaces_cms.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	LISTS = 257,      // the list at i has chunks of i words: the VM's IndexSetSize
	LIST_LIMIT = 256, // bytes of one list's record
	LISTS_LIMIT = LISTS * LIST_LIMIT,
	WORD = 8,
};

static bool add_words(uint64_t *sum, uint64_t words, struct fail *why)
{
	*sum += words;
	return words < (uint64_t)1 << 44 ||
	       fail(why, FAIL_CORRUPT, "layout unknown: %" PRIu64 " free words", words);
}

static uint64_t member(const struct hotspot *vm, enum field_id id, const unsigned char *record)
{
	uint64_t value;

	memcpy(&value, record + vm->field[id]->offset, sizeof(value));
	return value;
}

// Each list says how large its chunks are, which must be its place among them.
static bool add_lists(const struct hotspot *vm, uint64_t at, uint64_t *sum, struct fail *why)
{
	unsigned char bytes[LISTS_LIMIT];
	const struct vmstructs_field *count = vm->field[FIELD_CMS_LIST_COUNT];
	const struct vmstructs_field *words = vm->field[FIELD_CMS_LIST_WORDS];
	uint64_t stride = vmstructs_size(vm->tables, words->type);

	if (stride < WORD || stride > LIST_LIMIT || count->offset > stride - WORD ||
	    words->offset > stride - WORD)
		return fail(why, FAIL_CORRUPT, "layout unknown: a free list of %" PRIu64 " bytes",
			    stride);
	if (!memory_read(vm->memory, at, bytes, LISTS * stride, why))
		return false;
	for (uint64_t i = 0; i < LISTS; i++) {
		const unsigned char *record = bytes + i * stride;
		uint64_t chunks = member(vm, FIELD_CMS_LIST_COUNT, record);

		if (member(vm, FIELD_CMS_LIST_WORDS, record) != i || chunks >> 32)
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: the free list of %" PRIu64 " words", i);
		if (!add_words(sum, i * chunks, why))
			return false;
	}
	return true;
}

static bool check_members(const struct hotspot *vm)
{
	static const enum field_id MEMBERS[] = { FIELD_CMS_LISTS, FIELD_CMS_LIST_WORDS,
						 FIELD_CMS_LIST_COUNT, FIELD_CMS_LINEAR };

	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++)
		if (!hotspot_has_offset(vm, MEMBERS[i]))
			return false;
	return true;
}

bool spaces_cms_free(const struct hotspot *vm, uint64_t old, uint64_t *bytes, struct fail *why)
{
	uint64_t space, dictionary, words, sum = 0;

	if (!check_members(vm))
		return fail(why, FAIL_ABSENT, "this VM does not export CMS's free lists");
	if (!hotspot_read_pointer(vm, FIELD_CMS_SPACE, old, &space, why) ||
	    !hotspot_read_pointer(vm, FIELD_CMS_DICTIONARY, space, &dictionary, why) ||
	    !hotspot_read_u64(vm, FIELD_CMS_DICTIONARY_WORDS, dictionary, &words, why) ||
	    !add_words(&sum, words, why) ||
	    !hotspot_read_u64(vm, FIELD_CMS_LINEAR_WORDS, hotspot_at(vm, FIELD_CMS_LINEAR, space),
			      &words, why) ||
	    !add_words(&sum, words, why) ||
	    !add_lists(vm, hotspot_at(vm, FIELD_CMS_LISTS, space), &sum, why))
		return false;
	*bytes = sum * WORD;
	return true;
}
