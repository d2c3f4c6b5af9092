// SPDX-License-Identifier: Apache-2.0
// Free chunks and blocks of JDK 16 (first byte 0 modulo 3), 11 (1) or 8 (2), in a VM made by hand whose
// words the rest of the input overwrites after Metaspace was read: records of {how u8, unused, word u16,
// value u32}.  `how` 0: the value; 1: an address inside the image; 2: the old word plus the value; 3: one
// byte.
#include <stdlib.h>
#include <string.h>

#include "../jvm/image.c"
#include "../jvm/image_old.c"
#include "../jvm/metaspacefree_image.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { RECORD_BYTES = 8, RECORD_LIMIT = 64 };

static void demand(bool held)
{
	if (!held)
		abort();
}

// The last words of the image are what is read here: most changes go there.
static void overwrite(struct image *im, const unsigned char *record)
{
	uint64_t back = 8 + (record[2] | (uint64_t)record[3] << 8) % (im->used / 8) * 8;
	uint64_t at = IMAGE_START + im->used - (back > im->used ? 8 : back);
	uint32_t value;

	memcpy(&value, record + 4, sizeof(value));
	switch (record[0] % 4) {
	case 0:
		image_put(im, at, value);
		break;
	case 1:
		image_put(im, at, IMAGE_START + value % im->used / 8 * 8);
		break;
	case 2:
		image_put(im, at, image_peek(im, at) + (uint64_t)(int64_t)(int32_t)value);
		break;
	case 3:
		image_put8(im, at + value % 8, (uint8_t)(value >> 8));
		break;
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const int JDKS[] = { 16, 11, 8 };
	struct metaspacefree_image fi = { 0 };
	struct metaspace_blocks nonclass, class_space;
	struct metaspace_free found;
	bool ok = metaspacefree_image_init(&fi, JDKS[len ? bytes[0] % 3 : 0]);

	demand(ok);
	for (size_t i = 0; i < RECORD_LIMIT && (i + 1) * RECORD_BYTES < len; i++)
		overwrite(&fi.im, bytes + 1 + i * RECORD_BYTES);
	ok = metaspacefree_read(&fi.im.vm, &fi.space, fi.im.boot, &fi.im.mem, &found, NULL);
	for (size_t i = 0; ok && i < found.chunks.count; i++)
		demand(found.chunks.at[i].size &&
		       found.chunks.at[i].committed <= found.chunks.at[i].size);
	demand(len > RECORD_BYTES || ok);
	ok = metaspacefree_blocks(&fi.im.vm, &fi.space, &fi.im.boot, 1, &nonclass, &class_space,
				  NULL);
	if (ok)
		demand(nonclass.bytes >= nonclass.count * 8 &&
		       class_space.bytes >= class_space.count * 8);
	demand(len > RECORD_BYTES || ok);
	image_drop(&fi.im);
	return 0;
}
