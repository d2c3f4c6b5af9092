// SPDX-License-Identifier: Apache-2.0
#include "store/answers.h"

#include <search.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
	const struct question *a = left, *b = right;

	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	return strcmp(a->path, b->path);
}

static void keep(void *node)
{
}

void answers_init(struct answers *a, struct arena *mem)
{
	*a = (struct answers){ .mem = mem };
}

void answers_drop(struct answers *a)
{
	if (a->by_name)
		tdestroy(a->by_name, keep);
	a->by_name = NULL;
}

struct question *answers_find(const struct answers *a, enum answer_op op, const char *path)
{
	struct question key = { .op = op, .path = path };
	void *hit = tfind(&key, &a->by_name, compare);

	return hit ? *(struct question **)hit : NULL;
}

static bool names_equal(const struct tree_names *a, const struct tree_names *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	return true;
}

static bool stats_equal(const struct tree_stat *a, const struct tree_stat *b)
{
	return a->inode == b->inode && a->size == b->size && a->mode == b->mode &&
	       a->uid == b->uid && a->gid == b->gid && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

static bool answers_equal(enum answer_op op, const struct answer *a, const struct answer *b)
{
	if (a->why || b->why)
		return a->why && b->why && a->why->kind == b->why->kind &&
		       a->why->os_errno == b->why->os_errno && !strcmp(a->why->text, b->why->text);
	switch (op) {
	case ANSWER_READ:
	case ANSWER_MADE:
		if (a->entry || b->entry)
			return a->entry && b->entry && !strcmp(a->entry, b->entry);
		return a->bytes.len == b->bytes.len &&
		       (!a->bytes.len || !memcmp(a->bytes.at, b->bytes.at, a->bytes.len));
	case ANSWER_LIST:
		return names_equal(&a->names, &b->names);
	case ANSWER_LINK:
		return !strcmp(a->link, b->link);
	case ANSWER_STAT:
		return stats_equal(&a->stat, &b->stat);
	default:
		return false;
	}
}

static struct answer copy_of(struct arena *mem, const struct answer *from)
{
	struct answer to = *from;

	if (from->why) {
		struct fail *why = arena_new(mem, struct fail);

		*why = *from->why;
		to.why = why;
		return to;
	}
	if (from->bytes.len)
		to.bytes.at = arena_copy(mem, from->bytes.at, from->bytes.len);
	if (from->entry)
		to.entry = arena_text(mem, from->entry);
	if (from->link)
		to.link = arena_text(mem, from->link);
	to.names.at = arena_array(mem, const char *, from->names.count);
	for (size_t i = 0; i < from->names.count; i++)
		to.names.at[i] = arena_text(mem, from->names.at[i]);
	return to;
}

void answers_add(struct answers *a, enum answer_op op, const char *path,
		 const struct answer *answer)
{
	struct question *q = answers_find(a, op, path);

	if (!q) {
		q = arena_new(a->mem, struct question);
		q->op = op;
		q->path = arena_text(a->mem, path);
		// NOLINTNEXTLINE(bugprone-sizeof-expression): a table of pointers
		vec_push(a->mem, &a->questions, q);
		tsearch(q, &a->by_name, compare);
	}
	if (q->answers.count && answers_equal(op, &q->answers.at[q->answers.count - 1], answer))
		return;
	vec_push(a->mem, &q->answers, copy_of(a->mem, answer));
}

const struct answer *answers_next(struct answers *a, enum answer_op op, const char *path)
{
	struct question *q = answers_find(a, op, path);

	if (!q || !q->answers.count)
		return NULL;
	if (q->next + 1 < q->answers.count)
		return &q->answers.at[q->next++];
	return &q->answers.at[q->answers.count - 1];
}
