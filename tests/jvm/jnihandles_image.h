// SPDX-License-Identifier: Apache-2.0
// JNI global references in a VM made by hand, as JDK 8 chains them and as later VMs store them.

#ifndef TESTS_JVM_JNIHANDLES_IMAGE_H
#define TESTS_JVM_JNIHANDLES_IMAGE_H

#include <string.h>

#include "image.h"
#include "jvm/vmstructs.h"

struct handles_image {
	struct vmstructs_field globals, members[3];
	uint64_t storage, array, block, object; // `block` is the first
};

// Three references to one object, the last in a second block.  The fields live in `h`.
static inline void handles_image_storage(struct image *im, struct handles_image *h)
{
	uint64_t name = image_get(im, 16), slot = image_get(im, 8), second = image_get(im, 64 * 9);

	memcpy(im->bytes + (name - IMAGE_START), "JNI Global", 11);
	h->object = image_object(im, im->object_klass, 16);
	h->storage = image_get(im, 64);
	h->array = image_get(im, 64);
	h->block = image_get(im, 64 * 9);
	image_put(im, slot, h->storage);
	image_put(im, h->storage, name);
	image_put(im, h->storage + 8, h->array);
	image_put(im, h->array, 8);     // room
	image_put(im, h->array + 8, 2); // blocks
	image_put(im, h->array + 24, h->block);
	image_put(im, h->array + 32, second);
	image_put(im, h->block, h->object);
	image_put(im, h->block + 8 * 3, h->object);
	image_put(im, h->block + 8 * 5, h->object); // released
	image_put(im, h->block + 512, 1 | 1 << 3);
	image_put(im, h->block + 520, h->storage);
	image_put(im, second + 8 * 63, h->object);
	image_put(im, second + 512, UINT64_C(1) << 63);
	image_put(im, second + 520, h->storage);
	h->globals = (struct vmstructs_field){ .type = "JNIHandles",
					       .field = "_global_handles",
					       .field_type = "OopStorage*",
					       .is_static = true,
					       .at = slot };
	im->vm.field[FIELD_JNI_GLOBALS] = &h->globals;
}

// Two blocks of 32 and 2 handles, all to one object.
static inline void handles_image_blocks(struct image *im, struct handles_image *h)
{
	static const enum field_id IDS[] = { FIELD_JNI_BLOCK_HANDLES, FIELD_JNI_BLOCK_TOP,
					     FIELD_JNI_BLOCK_NEXT };
	static const char *const NAMED_TYPES[] = { "oop", "int", "JNIHandleBlock*" };
	uint64_t slot = image_get(im, 8), second = image_get(im, 512);

	h->object = image_object(im, im->object_klass, 16);
	h->block = image_get(im, 512);
	image_put(im, slot, h->block);
	for (unsigned i = 0; i < 32; i++)
		image_put(im, h->block + 8 * (uint64_t)i, h->object);
	image_put(im, second, h->object);
	image_put(im, second + 8, h->object);
	image_put32(im, h->block + 256, 32);
	image_put32(im, second + 256, 2);
	image_put(im, h->block + 264, second);
	for (unsigned i = 0; i < 3; i++) {
		h->members[i] = (struct vmstructs_field){ .type = "JNIHandleBlock",
							  .field = "_",
							  .field_type = NAMED_TYPES[i],
							  .offset = i ? 248 + 8 * i : 0 };
		im->vm.field[IDS[i]] = &h->members[i];
	}
	h->globals = (struct vmstructs_field){ .type = "JNIHandles",
					       .field = "_global_handles",
					       .field_type = "JNIHandleBlock*",
					       .is_static = true,
					       .at = slot };
	im->vm.field[FIELD_JNI_GLOBALS] = &h->globals;
}

#endif
