// SPDX-License-Identifier: Apache-2.0
#include "os/tasks.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"

static bool take_id(struct span *rest, int *id)
{
	uint64_t n;

	if (!span_take_dec(rest, &n) || !n || n > INT_MAX)
		return false;
	*id = (int)n;
	return true;
}

// The kernel writes '\n' and '\\' in a name as "\n" and "\\".
static const char *plain_name(struct span escaped, struct arena *mem)
{
	char *to = arena_copy(mem, escaped.at, escaped.len);
	size_t n = 0;

	for (size_t i = 0; i < escaped.len; i++) {
		char c = to[i];

		if (c == '\\' && i + 1 < escaped.len)
			c = to[++i] == 'n' ? '\n' : to[i];
		to[n++] = c;
	}
	to[n] = '\0';
	return to;
}

// Name and the last number of NSpid, of task/TID/status.
static bool parse_status(struct span text, struct arena *mem, struct task *t)
{
	bool has_name = false;
	struct span line;

	t->ns_tid = t->tid;
	while (span_take_line(&text, &line)) {
		if (span_take_text(&line, "Name:")) {
			span_skip_blanks(&line);
			t->name = plain_name(line, mem);
			has_name = true;
		} else if (span_take_text(&line, "NSpid:")) {
			while (take_id(&line, &t->ns_tid))
				;
			break; // what stands below is not needed
		}
	}
	return has_name;
}

// "SYSCALL ARGUMENTS SP PC", "-1 SP PC" or "running": the stack pointer is the last but one.
static uint64_t parse_stack_pointer(struct span text)
{
	struct span word, before = { 0 }, last = { 0 };
	uint64_t at = 0;

	while (span_take_word(&text, &word)) {
		before = last;
		last = word;
	}
	if (!before.at || !span_take_text(&before, "0x") || !span_take_hex(&before, &at))
		return 0;
	return at;
}

static bool read_task(const struct tree *files, int pid, struct arena *mem, bool *denied,
		      struct task *t)
{
	struct fail why;
	struct span text;
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, t->tid);
	if (!tree_read(files, path, mem, &text, &why) || !parse_status(text, mem, t))
		return false;
	if (*denied) // one refusal speaks for all
		return true;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, t->tid);
	if (tree_read(files, path, mem, &text, &why))
		t->stack_pointer = parse_stack_pointer(text);
	else if (why.kind == FAIL_DENIED)
		*denied = true;
	return true;
}

static int compare_tasks(const void *a, const void *b)
{
	const struct task *left = a, *right = b;

	return (left->tid > right->tid) - (left->tid < right->tid);
}

bool tasks_read(const struct tree *files, int pid, struct arena *mem, struct tasks *out,
		struct fail *why)
{
	VEC(struct task) got = { 0 };
	struct tree_names names;
	bool denied = false;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if (!tree_list(files, path, mem, &names, why))
		return false;
	if (names.count > TASKS_LIMIT)
		return fail(why, FAIL_CORRUPT, "process %d has %zu threads", pid, names.count);
	for (size_t i = 0; i < names.count; i++) {
		struct span name = span_of(names.at[i]);
		struct task t = { 0 };

		if (take_id(&name, &t.tid) && !name.len && read_task(files, pid, mem, &denied, &t))
			vec_push(mem, &got, t);
	}
	if (got.count)
		qsort(got.at, got.count, sizeof(*got.at), compare_tasks);
	*out = (struct tasks){ got.at, got.count, denied };
	return true;
}
