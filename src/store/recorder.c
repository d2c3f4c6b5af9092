// SPDX-License-Identifier: Apache-2.0
#include "store/recorder.h"

#include "base/fail.h"

static void add(struct recorder *r, enum answer_op op, const char *path, bool ok,
		struct answer answer, const struct fail *why)
{
	if (!ok)
		answer = (struct answer){ .why = why };
	answers_add(&r->answers, op, path, &answer);
	r->file_bytes += answer.bytes.len;
}

static bool pass_failure(bool ok, const struct fail *from, struct fail *why)
{
	if (!ok && why)
		*why = *from;
	return ok;
}

static bool record_read(void *self, const char *path, struct arena *mem, struct span *out,
			struct fail *why)
{
	struct recorder *r = self;
	struct span bytes = { 0 };
	struct fail f = { 0 };
	bool ok = tree_read(r->files, path, mem, &bytes, &f);

	add(r, ANSWER_READ, path, ok, (struct answer){ .bytes = bytes }, &f);
	if (ok)
		*out = bytes;
	return pass_failure(ok, &f, why);
}

static bool record_list(void *self, const char *path, struct arena *mem, struct tree_names *out,
			struct fail *why)
{
	struct recorder *r = self;
	struct tree_names names = { 0 };
	struct fail f = { 0 };
	bool ok = tree_list(r->files, path, mem, &names, &f);

	add(r, ANSWER_LIST, path, ok, (struct answer){ .names = names }, &f);
	if (ok)
		*out = names;
	return pass_failure(ok, &f, why);
}

static bool record_link(void *self, const char *path, struct arena *mem, const char **out,
			struct fail *why)
{
	struct recorder *r = self;
	const char *link = NULL;
	struct fail f = { 0 };
	bool ok = tree_link(r->files, path, mem, &link, &f);

	add(r, ANSWER_LINK, path, ok, (struct answer){ .link = link }, &f);
	if (ok)
		*out = link;
	return pass_failure(ok, &f, why);
}

static bool record_stat(void *self, const char *path, struct tree_stat *out, struct fail *why)
{
	struct recorder *r = self;
	struct tree_stat stat = { 0 };
	struct fail f = { 0 };
	bool ok = tree_stat(r->files, path, &stat, &f);

	add(r, ANSWER_STAT, path, ok, (struct answer){ .stat = stat }, &f);
	if (ok)
		*out = stat;
	return pass_failure(ok, &f, why);
}

// NOLINTNEXTLINE(readability-function-size): the seam's signature
static bool record_made(void *self, const char *name, tree_maker *make, void *arg,
			struct arena *mem, struct span *out, struct fail *why)
{
	struct recorder *r = self;
	struct span bytes = { 0 };
	struct fail f = { 0 };
	bool ok = tree_made(r->files, name, make, arg, mem, &bytes, &f);

	add(r, ANSWER_MADE, name, ok, (struct answer){ .bytes = bytes }, &f);
	if (ok)
		*out = bytes;
	return pass_failure(ok, &f, why);
}

typedef void sparse_keeper(struct sparse *s, uint64_t at, const void *bytes, size_t len);

static bool record_by(struct recorder *r, sparse_keeper *keep, uint64_t at, void *to, size_t len,
		      struct fail *why)
{
	struct fail f = { 0 };

	if (!memory_read(r->memory, at, to, len, &f)) {
		sparse_fail(&r->sparse, at, len, &f);
		return pass_failure(false, &f, why);
	}
	keep(&r->sparse, at, to, len);
	r->memory_bytes += len;
	return true;
}

static bool record_memory(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	return record_by(self, sparse_put, at, to, len, why);
}

static bool record_survey(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	return record_by(self, sparse_add, at, to, len, why);
}

static bool record_anew(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct recorder *r = self;

	if (!memory_read_anew(r->memory, at, to, len, NULL))
		return record_memory(self, at, to, len, why);
	sparse_put(&r->sparse, at, to, len);
	r->memory_bytes += len;
	return true;
}

static bool record_ask(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct recorder *r = self;

	if (!memory_ask(r->memory, at, to, len, why))
		return false;
	sparse_add(&r->sparse, at, to, len);
	return true;
}

static bool record_gather(void *self, const struct memory_objects *o, void *to, struct fail *why)
{
	struct recorder *r = self;
	const unsigned char *got = to;

	// Where one is missing, each is asked for by itself, so that the capture says which.
	if (!memory_gather(r->memory, o, to, NULL)) {
		for (size_t i = 0; i < o->count; i++)
			if (!(o->anew ? record_anew : record_memory)(
				    self, o->at[i], (char *)to + i * o->len, o->len, why))
				return false;
		return true;
	}
	for (size_t i = 0; i < o->count; i++)
		sparse_put(&r->sparse, o->at[i], got + i * o->len, o->len);
	r->memory_bytes += (uint64_t)o->count * o->len;
	return true;
}

static void pass_prefetch(void *self, uint64_t start, uint64_t end)
{
	memory_prefetch(((struct recorder *)self)->memory, start, end);
}

static void pass_forget(void *self)
{
	memory_forget(((struct recorder *)self)->memory);
}

const struct memory_source RECORDER_SOURCE = {
	.read = record_memory,
	.prefetch = pass_prefetch,
	.gather = record_gather,
	.forget = pass_forget,
	.read_anew = record_anew,
	.ask = record_ask,
	.survey = record_survey,
};

static const struct tree_ops RECORDER_OPS = {
	.read = record_read,
	.list = record_list,
	.link = record_link,
	.stat = record_stat,
	.made = record_made,
};

void recorder_open(struct recorder *r, const struct tree *files, const struct memory *memory)
{
	*r = (struct recorder){ .files = files, .memory = memory };
	answers_init(&r->answers, &r->mem);
	sparse_init(&r->sparse, &r->mem);
}

void recorder_close(struct recorder *r)
{
	answers_drop(&r->answers);
	arena_drop(&r->mem);
}

struct tree recorder_tree(struct recorder *r)
{
	return (struct tree){ &RECORDER_OPS, r };
}
