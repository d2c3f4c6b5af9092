// SPDX-License-Identifier: Apache-2.0
#include "diagnose/stems.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "facts/snapshot.h"
#include "ledger/ledger.h"

enum {
	HEX_ID = 8,       // hex digits from which on a run is an id and not a word
	KERNEL_NAME = 15, // characters that the kernel keeps of a thread's name
};

struct named_thread {
	const char *stem, *pool, *name;
	uint64_t resident, reserved;
};

// Length of the number or id at `at`; 0 when there is none.
static size_t number_length(const char *at)
{
	size_t hex = 0, digits = 0;
	bool has_digit = false;

	while (isxdigit((unsigned char)at[hex]))
		has_digit |= isdigit((unsigned char)at[hex++]) != 0;
	if (hex >= HEX_ID && has_digit)
		return hex;
	while (isdigit((unsigned char)at[digits]))
		digits++;
	return digits;
}

const char *stems_fold(const char *name, struct arena *mem)
{
	char *stem = arena_get(mem, strlen(name) + 1);
	char *to = stem;

	while (*name) {
		size_t len = number_length(name);

		if (len) {
			*to++ = '#';
			name += len;
		} else {
			// A word's rest is no id: "thread" must not lose its "ead1".
			do
				*to++ = *name++;
			while (*name && isalpha((unsigned char)name[-1]) &&
			       isalpha((unsigned char)*name));
		}
	}
	return stem;
}

// The name in front of its last number.
static const char *pool_of(const char *name, struct arena *mem)
{
	size_t end = strlen(name);

	while (end > 0 && !isdigit((unsigned char)name[end - 1]))
		end--;
	while (end > 0 && isdigit((unsigned char)name[end - 1]))
		end--;
	return arena_copy(mem, name, end);
}

// Every JVM has a thread with a longer name: none here means that the kernel told the names.
static bool are_kernel_names(const struct snapshot *s)
{
	for (size_t i = 0; i < s->threads.count; i++)
		if (s->threads.at[i].name && strlen(s->threads.at[i].name) > KERNEL_NAME)
			return false;
	return true;
}

// What is sure of a name that may have been cut: without a number at its end, or a part of one.
static const char *uncut(const char *name, struct arena *mem)
{
	size_t end = strlen(name);

	if (end < KERNEL_NAME)
		return name;
	while (end > 1 && !isalpha((unsigned char)name[end - 1]))
		end--;
	return arena_copy(mem, name, end);
}

static int by_stem(const void *left, const void *right)
{
	const struct named_thread *a = left, *b = right;
	int order = strcmp(a->stem, b->stem);

	return order ? order : strcmp(a->pool, b->pool);
}

static int by_threads(const void *left, const void *right)
{
	const struct stem_row *a = left, *b = right;

	if (a->threads != b->threads)
		return a->threads > b->threads ? -1 : 1;
	return strcmp(a->stem, b->stem);
}

void stems_of(const struct snapshot *s, const struct ledger *l, struct arena *mem,
	      struct stems *out)
{
	struct named_thread *named = arena_array(mem, struct named_thread, s->threads.count + 1);
	uint64_t *resident = arena_array(mem, uint64_t, s->threads.count + 1);
	bool cut = are_kernel_names(s);
	size_t count = 0;

	*out = (struct stems){ 0 };
	if (l)
		ledger_by_table(l, CLAIM_OF_THREAD, resident, s->threads.count);
	for (size_t i = 0; i < s->threads.count; i++) {
		const struct thread_row *t = &s->threads.at[i];
		const char *sure;

		if (!t->name || (t->kind != THREAD_JAVA && t->kind != THREAD_NATIVE))
			continue;
		sure = cut ? uncut(t->name, mem) : t->name;
		named[count++] = (struct named_thread){
			.stem = stems_fold(sure, mem),
			.pool = sure == t->name ? pool_of(sure, mem) : sure,
			.name = t->name,
			.resident = resident[i],
			.reserved = t->has_stack ? t->stack_end - t->stack_start : 0,
		};
	}
	qsort(named, count, sizeof(*named), by_stem);
	for (size_t i = 0; i < count; i++) {
		struct stem_row *last = out->rows.count ? &out->rows.at[out->rows.count - 1] : NULL;
		bool same = last && !strcmp(last->stem, named[i].stem);

		if (!same) {
			struct stem_row row = { .stem = named[i].stem, .example = named[i].name };

			vec_push(mem, &out->rows, row);
			last = &out->rows.at[out->rows.count - 1];
		}
		last->threads++;
		last->pools += !same || strcmp(named[i].pool, named[i - 1].pool) != 0;
		last->resident += named[i].resident;
		last->reserved += named[i].reserved;
	}
	out->threads = (uint32_t)count;
	if (out->rows.count)
		qsort(out->rows.at, out->rows.count, sizeof(*out->rows.at), by_threads);
}

const struct stem_row *stems_find(const struct stems *all, const char *stem)
{
	for (size_t i = 0; i < all->rows.count; i++)
		if (!strcmp(all->rows.at[i].stem, stem))
			return &all->rows.at[i];
	return NULL;
}
