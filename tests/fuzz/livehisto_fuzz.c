// SPDX-License-Identifier: Apache-2.0
// A space of objects made by hand whose bytes the input overwrites: records of {offset u16, value u32,
// how u8, pad u8}; `how` even: in the space, odd: in the classes.
#include <stdlib.h>
#include <string.h>

#include "../jvm/image.c"
#include "../jvm/livehisto_image.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { CHANGE = 8, CHANGES = 64 };

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const struct memory_source STILL = { .read = read_image };
	static struct space_image s;
	struct livehisto got;
	struct fail why;
	struct range gap;

	space_open(&s);
	s.im.memory.segments[0].source = &STILL;
	space_fill(&s);
	gap = (struct range){ s.given.space.start + 4096, s.given.space.start + 4096 + 512 };
	for (size_t i = 0; i < CHANGES && (i + 1) * CHANGE <= len; i++) {
		const unsigned char *c = bytes + i * CHANGE;
		uint64_t offset = (c[0] | (uint64_t)c[1] << 8) & ~UINT64_C(3);
		uint32_t value;

		memcpy(&value, c + 2, sizeof(value));
		if (c[6] % 2)
			image_put32(&s.im, s.point + offset % 400, value);
		else
			image_put32(&s.im, s.given.space.start + offset % (SPACE_SIZE - 4), value);
		if (c[6] % 8 == 6)
			gap.end = gap.start + value % SPACE_SIZE;
	}
	s.given.gaps = &gap;
	s.given.gap_count = len % CHANGE ? 1 : 0;
	if (classes_read(&s.im.vm, &s.im.mem, &s.classes, NULL) &&
	    livehisto_walk(&s.im.vm, &s.classes, &s.given, &s.im.mem, &got, &why)) {
		uint64_t sum = 0;

		for (size_t i = 0; i < s.classes.classes.count; i++)
			sum += got.rows[i].bytes;
		if (sum != got.bytes || got.bytes + got.gaps + got.skipped != got.used)
			abort();
	}
	image_drop(&s.im);
	return 0;
}
