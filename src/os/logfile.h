// SPDX-License-Identifier: Apache-2.0
// A text file, plain or compressed by gzip, read as a stream; and followed while it grows and is
// rotated.
//
// Memory does not depend on the length.  Whether it is compressed its first two bytes say, not its
// name.

#ifndef OS_LOGFILE_H
#define OS_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fail;

struct logfile {
	int fd;
	bool borrowed; // standard input
	bool begun;
	void *inflate; // NULL: plain
	unsigned char *in;
	size_t in_at, in_len;
	uint64_t offset;
	dev_t dev;
	ino_t inode;
	char path[4096];
};

// "-" is standard input.  ABSENT, DENIED, OS.
bool logfile_open(struct logfile *f, const char *path, struct fail *why);
void logfile_close(struct logfile *f);
// The next bytes; `*got` 0: none now (of a file that grows they may come later).  CORRUPT: what is
// compressed is damaged from here on.
bool logfile_read(struct logfile *f, char *to, size_t room, size_t *got, struct fail *why);

enum logfile_state {
	LOGFILE_SAME,
	LOGFILE_CUT,   // it is shorter than what was read: it began anew, and reading does as well
	LOGFILE_MOVED, // another file stands in its place
	LOGFILE_GONE,  // none does
};
// What became of its path.
enum logfile_state logfile_state(struct logfile *f);
// Of a file that was moved or is gone: opens the part that was written next (the VM may have filled
// more than one meanwhile), which at last is what stands in its place. False: there is none yet,
// nothing changed.
bool logfile_reopen(struct logfile *f);

#endif
