// SPDX-License-Identifier: Apache-2.0
// JNI global references in a VM made by hand whose words the input overwrites: records of {how u8, offset
// u24 little-endian, value u32} as in jvmwalks_fuzz.c.  An odd length: the blocks of JDK 8.
#include <stdlib.h>
#include <string.h>

#include "../jvm/image.c"
#include "../jvm/jnihandles_image.h"
#include "jvm/jnihandles.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { RECORD = 8, RECORD_LIMIT = 64, SPREAD = 4096 };

// Offsets count from the first block, or lie near the storage: the rest of the image says nothing here.
static void overwrite(struct image *im, const struct handles_image *h, const unsigned char *record)
{
	uint32_t offset = (uint32_t)record[1] | (uint32_t)record[2] << 8, value;
	uint64_t base = record[0] & 4 || !h->storage ? h->block : h->storage;
	uint64_t at = base - SPREAD / 2 + offset % SPREAD / 8 * 8;

	memcpy(&value, record + 4, sizeof(value));
	if (at < IMAGE_START || at + 8 > IMAGE_START + IMAGE_SIZE)
		return;
	switch (record[0] & 3) {
	case 0:
		image_put(im, at, value);
		break;
	case 1:
		image_put(im, at, IMAGE_START + value % IMAGE_SIZE / 8 * 8);
		break;
	case 2:
		image_put(im, at, image_peek(im, at) + (uint64_t)(int64_t)(int32_t)value);
		break;
	default:
		image_put8(im, at, (uint8_t)value);
		break;
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct handles_image h = { 0 };
	jnihandles_oops oops = { 0 };
	struct image im;

	image_init(&im);
	if (len % 2)
		handles_image_blocks(&im, &h);
	else
		handles_image_storage(&im, &h);
	for (size_t i = 0; i < RECORD_LIMIT && (i + 1) * RECORD <= len; i++)
		overwrite(&im, &h, bytes + i * RECORD);
	if (jnihandles_read(&im.vm, &im.mem, &oops, NULL))
		for (size_t i = 0; i < oops.count; i++)
			if (!hotspot_is_pointer(oops.at[i]))
				abort();
	if (len < RECORD && oops.count != (len % 2 ? 34 : 3))
		abort();
	image_drop(&im);
	return 0;
}
