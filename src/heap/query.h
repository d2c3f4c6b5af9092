// SPDX-License-Identifier: Apache-2.0
// Questions about objects: "select name, orders.size from shop.Customer where orders.size > 3".
//
//     select VALUE, ...            what to show of each; without it the object, its size and what it retains
//     from [instanceof] CLASS      with instanceof also the classes below it
//     where VALUE OP WORD [and ..] OP: = != < <= > >=, and ~ for texts that hold WORD
// A VALUE is a field or a way over fields (a.b.c), or one of @object @class @size @retained.

#ifndef HEAP_QUERY_H
#define HEAP_QUERY_H

#include "heap/graph.h"

enum { QUERY_VALUES = 16, QUERY_CONDITIONS = 16, QUERY_WORD = 256 };

enum query_operator {
	QUERY_IS,
	QUERY_IS_NOT,
	QUERY_LESS,
	QUERY_AT_MOST,
	QUERY_MORE,
	QUERY_AT_LEAST,
	QUERY_HOLDS
};
struct query_condition {
	char value[QUERY_WORD], word[QUERY_WORD];
	enum query_operator op;
};
struct query {
	char values[QUERY_VALUES][QUERY_WORD];
	unsigned value_count;
	char from[QUERY_WORD];
	bool below;
	struct query_condition conditions[QUERY_CONDITIONS];
	unsigned condition_count;
};
// CORRUPT: what was expected where.
bool query_parse(const char *text, struct query *out, struct fail *why);

struct query_row {
	uint32_t n;
	const char **values; // as text; NULL: null, or there is no such field
};
struct query_result {
	struct query_row *at; // in the order of the dump, at most `limit`
	size_t count;
	uint64_t matched;
};
// ABSENT: no such class.
bool query_run(const struct graph *g, const struct query *q, size_t limit, struct arena *mem,
	       struct query_result *out, struct fail *why);

#endif
