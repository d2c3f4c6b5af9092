// SPDX-License-Identifier: Apache-2.0
#include "store/replay.h"

#include "base/fail.h"
#include "store/unpacker.h"

// The answer, or NULL with `why` filled: that of the recorded machine, or "not in the capture".
static const struct answer *next(struct replay *r, enum answer_op op, const char *path,
				 struct fail *why)
{
	const struct answer *a = answers_next(&r->answers, op, path);

	if (!a) {
		fail(why, FAIL_ABSENT, "%s is not in the capture", path);
		return NULL;
	}
	if (a->why) {
		if (why)
			*why = *a->why;
		return NULL;
	}
	return a;
}

static bool take_bytes(struct replay *r, enum answer_op op, const char *path, struct arena *mem,
		       struct span *out, struct fail *why)
{
	const struct answer *a = next(r, op, path, why);

	if (!a)
		return false;
	if (a->entry)
		return unpacker_read(r->package, a->entry, mem, out, why);
	*out = (struct span){ arena_copy(mem, a->bytes.at, a->bytes.len), a->bytes.len };
	return true;
}

static bool replay_read(void *self, const char *path, struct arena *mem, struct span *out,
			struct fail *why)
{
	return take_bytes(self, ANSWER_READ, path, mem, out, why);
}

// NOLINTNEXTLINE(readability-function-size): the seam's signature
static bool replay_made(void *self, const char *name, tree_maker *make, void *arg,
			struct arena *mem, struct span *out, struct fail *why)
{
	return take_bytes(self, ANSWER_MADE, name, mem, out, why);
}

static bool replay_list(void *self, const char *path, struct arena *mem, struct tree_names *out,
			struct fail *why)
{
	const struct answer *a = next(self, ANSWER_LIST, path, why);

	if (!a)
		return false;
	out->count = a->names.count;
	out->at = arena_array(mem, const char *, a->names.count);
	for (size_t i = 0; i < a->names.count; i++)
		out->at[i] = arena_text(mem, a->names.at[i]);
	return true;
}

static bool replay_link(void *self, const char *path, struct arena *mem, const char **out,
			struct fail *why)
{
	const struct answer *a = next(self, ANSWER_LINK, path, why);

	if (!a)
		return false;
	*out = arena_text(mem, a->link);
	return true;
}

static bool replay_stat(void *self, const char *path, struct tree_stat *out, struct fail *why)
{
	const struct answer *a = next(self, ANSWER_STAT, path, why);

	if (!a)
		return false;
	*out = a->stat;
	return true;
}

static bool replay_memory(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	return image_read(&((struct replay *)self)->image, at, to, len, why);
}

const struct memory_source REPLAY_SOURCE = { .read = replay_memory };

static const struct tree_ops REPLAY_OPS = {
	.read = replay_read,
	.list = replay_list,
	.link = replay_link,
	.stat = replay_stat,
	.made = replay_made,
};

struct tree replay_tree(struct replay *r)
{
	return (struct tree){ &REPLAY_OPS, r };
}
