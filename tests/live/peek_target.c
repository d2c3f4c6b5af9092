// SPDX-License-Identifier: Apache-2.0
// Reads each file that it is given into a block of malloc's, again and again until 256 KB are full, and
// prints "FILE ADDRESS"; of names that begin with "freed-" the block is freed then.  "ready", and it
// waits for the end of its input.
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 256 << 10 };

int main(int argc, char **argv)
{
	char *block[64], *between[64], byte;

	if (argc > 64)
		return 1;
	mallopt(M_MMAP_THRESHOLD, 1 << 20); // all of them from the arena
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);
		ssize_t n;

		block[i] = malloc(BLOCK);
		between[i] = malloc(100); // so that freed ones do not join
		n = read(fd, block[i], BLOCK);
		if (n <= 0 || !between[i])
			return 1;
		memset(between[i], 1, 100);
		for (size_t at = (size_t)n; at < BLOCK; at++)
			block[i][at] = block[i][at - (size_t)n];
		close(fd);
		printf("%s %lx\n", argv[i], (unsigned long)(uintptr_t)block[i]);
	}
	for (int i = 1; i < argc; i++)
		if (strstr(argv[i], "/freed-"))
			free(block[i]);
	puts("ready");
	fflush(stdout);
	return read(0, &byte, 1) == 1 ? 0 : 0;
}
