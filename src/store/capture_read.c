// SPDX-License-Identifier: Apache-2.0
// The reading side of captures.  Everything in the file is hostile; what is damaged is found when
// the capture is opened, not in the middle of a look.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "store/capture.h"
#include "store/index.h"
#include "store/manifest.h"
#include "store/recorder.h"
#include "store/replay.h"
#include "store/unpacker.h"

struct capture_reader {
	struct arena *mem;
	struct unpacker *package;
	struct manifest manifest;
	VEC(struct replay *) replays; // of the moments that were opened
};

// Every piece that the answers speak of is there.
static bool check_entries(const struct unpacker *package, const struct answers *answers,
			  struct fail *why)
{
	for (size_t i = 0; i < answers->questions.count; i++) {
		const struct question *q = answers->questions.at[i];

		for (size_t n = 0; n < q->answers.count; n++)
			if (q->answers.at[n].entry &&
			    !unpacker_has(package, q->answers.at[n].entry))
				return fail(why, FAIL_CORRUPT, "%s is missing",
					    q->answers.at[n].entry);
	}
	return true;
}

static bool load(struct unpacker *package, const char *folder, struct arena *mem, struct replay *r,
		 struct fail *why)
{
	const char *name = arena_format(mem, "%s/index.json", folder);
	struct span index, runs, bytes;

	r->package = package;
	answers_init(&r->answers, mem);
	if (!unpacker_read(package, name, mem, &index, why))
		return false;
	if (!index_parse(index, mem, &r->answers, &r->image, why))
		return fail_while(why, "%s", name);
	if (!check_entries(package, &r->answers, why))
		return fail_while(why, "%s", name);
	name = arena_format(mem, "%s/memory.bytes", folder);
	if (!unpacker_read(package, name, mem, &bytes, why))
		return false;
	name = arena_format(mem, "%s/memory.runs", folder);
	if (!unpacker_read(package, name, mem, &runs, why))
		return false;
	if (!image_parse_runs(runs, bytes, mem, &r->image, why))
		return fail_while(why, "%s", name);
	return true;
}

// Loads and drops each moment once, so that damage shows now.
static bool check_moments(struct unpacker *package, const struct manifest *m, struct fail *why)
{
	bool ok = true;

	for (size_t i = 0; ok && i < m->moments.count; i++) {
		struct arena mem = { 0 };
		struct replay r = { 0 };

		ok = load(package, m->moments.at[i].folder, &mem, &r, why);
		answers_drop(&r.answers);
		arena_drop(&mem);
	}
	return ok;
}

static bool read_manifest(struct unpacker *package, struct arena *mem, struct manifest *out,
			  struct fail *why)
{
	struct span text;

	return unpacker_read(package, MANIFEST_NAME, mem, &text, why) &&
	       manifest_parse(text, mem, out, why);
}

// What is missing inside a capture is damage, not absence.
static bool as_damage(struct fail *why)
{
	if (why && why->kind == FAIL_ABSENT)
		why->kind = FAIL_CORRUPT;
	return false;
}

static bool open_package(struct unpacker *package, struct arena *mem, struct capture *out,
			 struct fail *why)
{
	struct capture_reader *r = arena_new(mem, struct capture_reader);

	r->mem = mem;
	r->package = package;
	if (!read_manifest(package, mem, &r->manifest, why) || !unpacker_check(package, why) ||
	    !check_moments(package, &r->manifest, why)) {
		unpacker_close(package);
		return as_damage(why);
	}
	*out = (struct capture){ .pid = r->manifest.pid,
				 .moments = r->manifest.moments.count,
				 .host = r->manifest.host,
				 .tool_version = r->manifest.tool,
				 .reader = r };
	return true;
}

bool capture_open(const char *path, struct arena *mem, struct capture *out, struct fail *why)
{
	struct unpacker *package = unpacker_open(path, mem, why);

	if (!package)
		return why && why->kind == FAIL_ABSENT ? false : fail_while(why, "%s", path);
	return open_package(package, mem, out, why) || fail_while(why, "%s", path);
}

bool capture_open_bytes(struct span zip, struct arena *mem, struct capture *out, struct fail *why)
{
	struct unpacker *package = unpacker_open_bytes(zip, mem, why);

	return package && open_package(package, mem, out, why);
}

// The first entry of a ZIP that this program made has the format's name, at a fixed place.
static bool has_mark(int fd)
{
	enum { NAME_LENGTH_AT = 26, NAME_AT = 30, NAME = sizeof(MANIFEST_FORMAT) - 1 };
	unsigned char head[NAME_AT + NAME];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       !memcmp(head, "PK\3\4", 4) && head[NAME_LENGTH_AT] == NAME &&
	       !head[NAME_LENGTH_AT + 1] && !memcmp(head + NAME_AT, MANIFEST_FORMAT, NAME);
}

static bool is_zip(int fd)
{
	char magic[4];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       !memcmp(magic, "PK\3\4", sizeof(magic));
}

bool capture_is_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct arena mem = { 0 };
	struct manifest manifest;
	struct unpacker *package = NULL;
	bool is_one = false;
	struct stat st;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		is_one = S_ISREG(st.st_mode) && has_mark(fd);
		if (!is_one && (S_ISDIR(st.st_mode) || is_zip(fd)))
			package = unpacker_open(path, &mem, NULL);
	}
	close(fd);
	if (package) { // a directory, or packed anew by somebody else
		is_one = unpacker_has(package, MANIFEST_FORMAT) ||
			 read_manifest(package, &mem, &manifest, NULL);
		unpacker_close(package);
	}
	arena_drop(&mem);
	return is_one;
}

bool capture_moment(const struct capture *c, size_t index, struct tree *files,
		    struct memory *memory, struct fail *why)
{
	struct capture_reader *r = c->reader;
	struct replay *replay;

	if (index >= r->manifest.moments.count)
		return fail(why, FAIL_ABSENT, "the capture has %zu moments, not %zu",
			    r->manifest.moments.count, index + 1);
	replay = arena_new(r->mem, struct replay);
	// NOLINTNEXTLINE(bugprone-sizeof-expression): a table of pointers
	vec_push(r->mem, &r->replays, replay);
	if (!load(r->package, r->manifest.moments.at[index].folder, r->mem, replay, why))
		return as_damage(why);
	*files = replay_tree(replay);
	memory_init(memory, r->mem);
	if (!image_is_empty(&replay->image))
		memory_add_segment(memory, 0, RECORDER_MEMORY_END, &REPLAY_SOURCE, replay);
	return true;
}

void capture_close(struct capture *c)
{
	struct capture_reader *r = c->reader;

	if (!r)
		return;
	for (size_t i = 0; i < r->replays.count; i++)
		answers_drop(&r->replays.at[i]->answers);
	unpacker_close(r->package);
	c->reader = NULL;
}
