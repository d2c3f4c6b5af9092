// SPDX-License-Identifier: Apache-2.0
// The texts within a capture, without the ZIP around them that stops most mutations: the bytes as
// an index, as a manifest, and as the runs of memory.
#include "base/arena.h"
#include "base/fail.h"
#include "store/answers.h"
#include "store/image.h"
#include "store/index.h"
#include "store/manifest.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct manifest manifest;
	struct answers answers;
	struct image image = { 0 };
	char to[16];

	answers_init(&answers, &mem);
	if (index_parse(text, &mem, &answers, &image, NULL))
		for (size_t i = 0; i < image.holes.count; i++)
			image_read(&image, image.holes.at[i].start, to, sizeof(to), NULL);
	answers_drop(&answers);
	manifest_parse(text, &mem, &manifest, NULL);
	image = (struct image){ 0 };
	if (image_parse_runs(text, SPAN("0123456789abcdef"), &mem, &image, NULL))
		for (size_t i = 0; i < image.runs.count; i++)
			image_read(&image, image.runs.at[i].start, to, sizeof(to), NULL);
	arena_drop(&mem);
	return 0;
}
