// SPDX-License-Identifier: Apache-2.0
// Captures: the raw inputs of one or more moments of a target, in a ZIP or a directory.
//
// Writing: a recorder stands in front of the live tree and the live memory and keeps what is asked
// for and what came back, failures too; of memory just the bytes that were read.  Secrets in text
// (-D options, environment, URLs) are masked before they are written, and the masks are listed in
// the manifest.  Reading: the same two seams over the file.  Format: docs/formats/capture.md.

#ifndef STORE_CAPTURE_H
#define STORE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/span.h"
#include "base/tree.h"

struct arena;
struct fail;

struct capture_writer;
// Starts a capture of process `pid`; `mem` must outlive the writer.  `path`: a directory to make
// when it ends in '/' or is an existing directory, "-" for a ZIP on stdout, else a ZIP file.
// A pipe or a device of that name gets the ZIP and stays what it is.
struct capture_writer *capture_create(const char *path, int pid, struct arena *mem);
// Opens the next moment: the recording seams in front of the given ones.  The results stay valid
// until capture_end_moment(), which adds what was recorded.
void capture_begin_moment(struct capture_writer *w, const struct tree *files,
			  const struct memory *memory, struct tree *recording_files,
			  struct memory *recording_memory);
void capture_end_moment(struct capture_writer *w);
void capture_drop_moment(struct capture_writer *w); // the latest, ended or not, is left out
// False when the capture can't be written, as far as is known by now (no such directory ...).
bool capture_check(const struct capture_writer *w, struct fail *why);
// Writes the file (to a temporary name first, then renamed, mode 0600) and releases the writer.
// Whatever failed since capture_create() is reported here, and then nothing stays behind.
bool capture_finish(struct capture_writer *w, struct fail *why);
void capture_abort(struct capture_writer *w); // releases the writer and removes what was written

struct capture_written {
	uint64_t size; // bytes on disk, after capture_finish()
	size_t moments;
	uint64_t pieces;       // files within the capture
	uint64_t memory_bytes; // of the target's memory, all moments
	uint64_t masked;       // secrets
};
// Lives in the `mem` of capture_create(), also after capture_finish().
const struct capture_written *capture_written(const struct capture_writer *w);

struct capture {
	int pid;
	size_t moments;
	const char *host, *tool_version;
	struct capture_reader *reader;
};
// By content, not by name.  ABSENT: no such file; CORRUPT: damaged (the text says where).
bool capture_open(const char *path, struct arena *mem, struct capture *out, struct fail *why);
// The same of the bytes of a ZIP, which must outlive the capture.
bool capture_open_bytes(struct span zip, struct arena *mem, struct capture *out, struct fail *why);
bool capture_is_one(const char *path); // a ZIP with a jledger manifest, or such a directory
// The seams of moment `index`; valid while `mem` of capture_open() lives.
bool capture_moment(const struct capture *c, size_t index, struct tree *files,
		    struct memory *memory, struct fail *why);
void capture_close(struct capture *c);

#endif
