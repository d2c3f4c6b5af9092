// SPDX-License-Identifier: Apache-2.0
#include "jvm/jnihandles.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/hotspot.h"
#include "jvm/statics.h"
#include "jvm/vmstructs.h"

enum {
	BLOCK_8 = 32,           // handles of a JNIHandleBlock
	BLOCKS_LIMIT = 1000000, // of either kind
	STORAGE_BLOCK = 64, // handles of an OopStorage's block; behind them a mask and the owner
	ARRAY_LIMIT = 4 << 20,
};

static const char NAME[] = "JNI Global";

static void add(const struct hotspot *vm, struct arena *mem, uint64_t slot, jnihandles_oops *out)
{
	uint64_t oop = hotspot_handle(vm, slot);

	if (hotspot_is_pointer(oop))
		vec_push(mem, out, oop);
}

// --- JDK 8 ---

static bool read_blocks(const struct hotspot *vm, struct arena *mem, jnihandles_oops *out,
			struct fail *why)
{
	struct addresses seen;
	struct arena frame = { 0 };
	uint64_t block;
	bool ok = hotspot_read_pointer(vm, FIELD_JNI_GLOBALS, 0, &block, why);

	addresses_init(&seen, &frame);
	for (; ok && block; ok = hotspot_read_u64(vm, FIELD_JNI_BLOCK_NEXT, block, &block, why)) {
		uint64_t handles = hotspot_at(vm, FIELD_JNI_BLOCK_HANDLES, block);
		uint32_t top;

		if (!hotspot_is_pointer(block) || seen.count == BLOCKS_LIMIT ||
		    !addresses_put(&seen, block, 0, NULL) || !handles ||
		    !hotspot_read_u32(vm, FIELD_JNI_BLOCK_TOP, block, &top, NULL) ||
		    top > BLOCK_8) {
			ok = fail(why, FAIL_CORRUPT, "layout unknown: blocks of JNI handles");
			break;
		}
		for (uint32_t i = 0; i < top; i++)
			add(vm, mem, handles + 8 * (uint64_t)i, out);
	}
	arena_drop(&frame);
	return ok;
}

// --- later ---

static bool has_name(const struct hotspot *vm, uint64_t storage)
{
	char text[sizeof(NAME)];
	uint64_t name;

	return hotspot_is_pointer(storage) && memory_read_u64(vm->memory, storage, &name, NULL) &&
	       name > 4096 && name < UINT64_C(1) << 47 &&
	       memory_read(vm->memory, name, text, sizeof(text), NULL) &&
	       !memcmp(text, NAME, sizeof(NAME));
}

struct block_array {
	uint64_t at;
	uint64_t count;
};

// {size, count, references, block*[]} below the name; each block names the storage as its owner.
static bool find_array(const struct hotspot *vm, uint64_t storage, struct block_array *out)
{
	uint64_t array, head[2], first, owner;

	if (!memory_read_u64(vm->memory, storage + 8, &array, NULL) || !hotspot_is_pointer(array) ||
	    !memory_read(vm->memory, array, head, sizeof(head), NULL) || !head[0] ||
	    head[1] > head[0] || head[0] > ARRAY_LIMIT)
		return false;
	*out = (struct block_array){ array + 24, head[1] };
	return !head[1] ||
	       (memory_read_u64(vm->memory, out->at, &first, NULL) && hotspot_is_pointer(first) &&
		memory_read_u64(vm->memory, first + 8 * STORAGE_BLOCK + 8, &owner, NULL) &&
		owner == storage);
}

static bool find_storage(const struct hotspot *vm, struct arena *mem, struct block_array *out,
			 uint64_t *storage, struct fail *why)
{
	struct statics statics;

	if (hotspot_read_u64(vm, FIELD_JNI_GLOBALS, 0, storage, NULL) && has_name(vm, *storage) &&
	    find_array(vm, *storage, out)) // JDK 11 exports where it is
		return true;
	if (!statics_read(vm, mem, &statics, why))
		return false;
	for (size_t i = 0; i < statics.count; i++)
		if (has_name(vm, statics.at[i]) && find_array(vm, statics.at[i], out)) {
			*storage = statics.at[i];
			return true;
		}
	return fail(why, FAIL_ABSENT, "the VM's storage of JNI global references was not found");
}

static bool read_storage(const struct hotspot *vm, struct arena *mem, jnihandles_oops *out,
			 struct fail *why)
{
	struct arena frame = { 0 };
	struct block_array blocks = { 0 };
	uint64_t storage = 0, block, end[2];
	bool ok = find_storage(vm, &frame, &blocks, &storage, why);

	arena_drop(&frame);
	if (!ok)
		return false;
	for (uint64_t i = 0; i < blocks.count; i++) {
		if (!memory_read_u64(vm->memory, blocks.at + 8 * i, &block, why) ||
		    !hotspot_is_pointer(block) ||
		    !memory_read(vm->memory, block + 8 * STORAGE_BLOCK, end, sizeof(end), why) ||
		    end[1] != storage)
			return fail(why, FAIL_CORRUPT, "layout unknown: blocks of JNI handles");
		for (unsigned k = 0; k < STORAGE_BLOCK; k++)
			if (end[0] >> k & 1)
				add(vm, mem, block + 8 * (uint64_t)k, out);
	}
	return true;
}

bool jnihandles_read(const struct hotspot *vm, struct arena *mem, jnihandles_oops *out,
		     struct fail *why)
{
	jnihandles_oops oops = { 0 };

	const struct vmstructs_field *f = vm->field[FIELD_JNI_GLOBALS];
	bool blocks = f && f->field_type && strstr(f->field_type, "JNIHandleBlock");

	if (!(blocks ? read_blocks(vm, mem, &oops, why) : read_storage(vm, mem, &oops, why)))
		return false;
	*out = oops;
	return true;
}
