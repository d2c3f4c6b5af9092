// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: each seed as it is, cut short at many lengths, and with
// pseudo-random bytes changed.  The generator's start is fixed, so a failure repeats.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { SEED_LIMIT = 1 << 20, CUTS = 64, MUTATIONS = 400 };

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void run(const unsigned char *bytes, size_t len)
{
	// A buffer of exactly this size lets the sanitizer see a read past its end.
	unsigned char *copy = malloc(len ? len : 1);

	if (!copy)
		exit(1);
	memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void mutate(unsigned char *bytes, size_t len, uint64_t *state)
{
	static const unsigned char NASTY[] = { 0, 1, 0x7f, 0x80, 0xff, '\n', ' ', '-', '0', '9' };
	size_t changes = 1 + next(state) % 8;

	for (size_t i = 0; i < changes && len; i++) {
		size_t at = next(state) % len;

		bytes[at] = next(state) & 1 ? NASTY[next(state) % sizeof(NASTY)]
					    : (unsigned char)next(state);
	}
}

static void replay(const unsigned char *bytes, size_t len)
{
	unsigned char *changed = malloc(len ? len : 1);
	uint64_t state = 0x9e3779b97f4a7c15u;

	if (!changed)
		exit(1);
	run(bytes, len);
	for (size_t i = 0; i < CUTS; i++)
		run(bytes, len * i / CUTS);
	for (size_t i = 0; i < MUTATIONS; i++) {
		memcpy(changed, bytes, len);
		mutate(changed, len, &state);
		run(changed, len);
	}
	free(changed);
}

int main(int argc, char **argv)
{
	static unsigned char bytes[SEED_LIMIT];
	int seeds = 0;
	DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char path[4096];
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		f = fopen(path, "rb");
		if (!f)
			continue;
		replay(bytes, fread(bytes, 1, sizeof(bytes), f));
		fclose(f);
		seeds++;
	}
	if (dir)
		closedir(dir);
	printf("%d seeds\n", seeds);
	return seeds ? 0 : 1; // a target without seeds tests nothing
}
