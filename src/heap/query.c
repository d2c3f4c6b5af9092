// SPDX-License-Identifier: Apache-2.0
#include "heap/query.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

enum { TEXT_SHOWN = 1000 };

// A word, an operator, a comma, or what stands between quotes; false at the end.
static bool take_token(const char **at, char to[QUERY_WORD])
{
	static const char OPERATORS[] = "=!<>~";
	size_t n = 0;

	while (isspace((unsigned char)**at))
		(*at)++;
	if (**at == '\'' || **at == '"') {
		char quote = *(*at)++;

		while (**at && **at != quote && n < QUERY_WORD - 1)
			to[n++] = *(*at)++;
		if (**at)
			(*at)++;
		to[n] = 0;
		return true;
	}
	if (**at == ',')
		to[n++] = *(*at)++;
	else if (**at && strchr(OPERATORS, **at))
		while (**at && strchr(OPERATORS, **at) && n < 2)
			to[n++] = *(*at)++;
	else
		while (**at && !isspace((unsigned char)**at) && **at != ',' &&
		       !strchr(OPERATORS, **at) && n < QUERY_WORD - 1)
			to[n++] = *(*at)++;
	to[n] = 0;
	return n > 0;
}

static bool take_condition(const char **at, struct query *q, struct fail *why)
{
	static const char *const OPERATORS[] = { "=", "!=", "<", "<=", ">", ">=", "~" };
	struct query_condition *c = &q->conditions[q->condition_count];
	char op[QUERY_WORD];
	size_t i = 0;

	if (q->condition_count == QUERY_CONDITIONS)
		return fail(why, FAIL_CORRUPT, "more than %d conditions", QUERY_CONDITIONS);
	if (!take_token(at, c->value) || !take_token(at, op))
		return fail(why, FAIL_CORRUPT, "a condition is VALUE OP WORD");
	while (i < 7 && strcmp(OPERATORS[i], op))
		i++;
	if (i == 7)
		return fail(why, FAIL_CORRUPT, "'%s' is none of = != < <= > >= ~", op);
	if (!take_token(at, c->word) && (*at)[-1] != '\'' && (*at)[-1] != '"')
		return fail(why, FAIL_CORRUPT, "what is '%s' to be compared with?", c->value);
	c->op = (enum query_operator)i;
	q->condition_count++;
	return true;
}

static bool take_values(const char **at, struct query *q, char word[QUERY_WORD], struct fail *why)
{
	do {
		if (q->value_count == QUERY_VALUES || !take_token(at, word))
			return fail(why, FAIL_CORRUPT, "select takes 1 to %d values", QUERY_VALUES);
		memcpy(q->values[q->value_count++], word, QUERY_WORD);
		if (!take_token(at, word))
			return fail(why, FAIL_CORRUPT, "'from CLASS' is missing");
	} while (!strcmp(word, ","));
	return true;
}

bool query_parse(const char *text, struct query *out, struct fail *why)
{
	static const char *const USUAL[] = { "@object", "@size", "@retained" };
	struct query q = { .value_count = 0 };
	char word[QUERY_WORD];

	if (!take_token(&text, word))
		return fail(why, FAIL_CORRUPT,
			    "a query is [select VALUE, ..] from CLASS [where ..]");
	if (!strcmp(word, "select")) {
		if (!take_values(&text, &q, word, why))
			return false;
	} else {
		for (; q.value_count < 3; q.value_count++)
			strcpy(q.values[q.value_count], USUAL[q.value_count]);
	}
	if (strcmp(word, "from") || !take_token(&text, q.from))
		return fail(why, FAIL_CORRUPT, "'from CLASS' is expected, not '%s'", word);
	if (!strcmp(q.from, "instanceof")) {
		q.below = true;
		if (!take_token(&text, q.from))
			return fail(why, FAIL_CORRUPT, "instanceof which class?");
	}
	if (take_token(&text, word)) {
		if (strcmp(word, "where"))
			return fail(why, FAIL_CORRUPT, "'where' is expected, not '%s'", word);
		do {
			if (!take_condition(&text, &q, why))
				return false;
		} while (take_token(&text, word) && !strcmp(word, "and"));
		if (*word && strcmp(word, "and"))
			return fail(why, FAIL_CORRUPT, "'and' is expected, not '%s'", word);
	}
	*out = q;
	return true;
}

struct value {
	enum { VALUE_NONE, VALUE_NULL, VALUE_WHOLE, VALUE_REAL, VALUE_TEXT } kind;
	int64_t whole;
	double real;
	const char *text;
};

static void object_value(const struct graph *g, uint32_t n, struct arena *mem, struct value *out)
{
	struct hprof_part p;

	if (!n) {
		out->kind = VALUE_NULL;
		return;
	}
	out->kind = VALUE_TEXT;
	out->text = graph_text(g, n, TEXT_SHOWN, mem);
	if (out->text)
		return;
	graph_part(g, n, &p);
	out->text = arena_format(mem, "0x%llx", (unsigned long long)p.id);
}

static void number_value(const struct graph *g, uint32_t n, const char *name, uint8_t type,
			 struct value *out)
{
	int64_t raw;

	if (!graph_field_number(g, n, name, &raw))
		return;
	if (type == HPROF_DOUBLE) {
		memcpy(&out->real, &raw, sizeof(out->real));
		out->kind = VALUE_REAL;
	} else if (type == HPROF_FLOAT) {
		int32_t half = (int32_t)raw;
		float f;

		memcpy(&f, &half, sizeof(f));
		out->real = (double)f;
		out->kind = VALUE_REAL;
	} else {
		out->whole = raw;
		out->kind = VALUE_WHOLE;
	}
}

static void special_value(const struct graph *g, uint32_t n, const char *name, struct arena *mem,
			  struct value *out)
{
	struct hprof_part p;

	out->kind = VALUE_WHOLE;
	if (!strcmp(name, "@size")) {
		out->whole = (int64_t)graph_size(g, n);
	} else if (!strcmp(name, "@retained")) {
		out->whole = (int64_t)graph_retained(g, n);
	} else if (!strcmp(name, "@object")) {
		graph_part(g, n, &p);
		out->kind = VALUE_TEXT;
		out->text = arena_format(mem, "0x%llx", (unsigned long long)p.id);
	} else if (!strcmp(name, "@class") && graph_class(g, n)) {
		out->kind = VALUE_TEXT;
		out->text = graph_class(g, n)->name;
	} else {
		out->kind = VALUE_NONE;
	}
}

// Along the fields to the last; `VALUE_NONE` where one is missing.
static struct value find_value(const struct graph *g, uint32_t n, const char *way,
			       struct arena *mem)
{
	struct value v = { .kind = VALUE_NONE };
	char name[QUERY_WORD];

	while (n) {
		size_t len = strcspn(way, ".");
		const struct klass *k = graph_class(g, n);
		uint32_t at;
		uint8_t type;

		memcpy(name, way, len);
		name[len] = 0;
		if (*name == '@') {
			special_value(g, n, name, mem, &v);
			return v;
		}
		if (!k || !klass_field(g->d, k, name, &at, &type))
			return v;
		if (type != HPROF_OBJECT) {
			if (!way[len])
				number_value(g, n, name, type, &v);
			return v;
		}
		if (!graph_field_object(g, n, name, &at))
			return v;
		if (!way[len]) {
			object_value(g, at, mem, &v);
			return v;
		}
		n = at;
		way += len + 1;
	}
	return v;
}

static bool order_holds(enum query_operator op, int order)
{
	switch (op) {
	case QUERY_IS:
		return order == 0;
	case QUERY_IS_NOT:
		return order != 0;
	case QUERY_LESS:
		return order < 0;
	case QUERY_AT_MOST:
		return order <= 0;
	case QUERY_MORE:
		return order > 0;
	case QUERY_AT_LEAST:
		return order >= 0;
	default:
		return false;
	}
}

static bool holds(const struct value *v, const struct query_condition *c)
{
	char *end;
	double number = strtod(c->word, &end), ours;

	if (v->kind == VALUE_NONE)
		return false;
	if (!strcmp(c->word, "null") || v->kind == VALUE_NULL)
		return order_holds(c->op, (v->kind == VALUE_NULL) != !strcmp(c->word, "null")) &&
		       (c->op == QUERY_IS || c->op == QUERY_IS_NOT);
	if (v->kind == VALUE_TEXT)
		return c->op == QUERY_HOLDS ? strstr(v->text, c->word) != NULL
					    : order_holds(c->op, strcmp(v->text, c->word));
	if (*end || end == c->word)
		return false; // a number is no word
	ours = v->kind == VALUE_REAL ? v->real : (double)v->whole;
	return order_holds(c->op, (ours > number) - (ours < number));
}

static const char *print_value(const struct value *v, struct arena *mem)
{
	switch (v->kind) {
	case VALUE_WHOLE:
		return arena_format(mem, "%lld", (long long)v->whole);
	case VALUE_REAL:
		return arena_format(mem, "%g", v->real);
	case VALUE_TEXT:
		return v->text;
	default:
		return NULL;
	}
}

struct running {
	const struct graph *g;
	const struct query *q;
	const bool *wanted; // by class
	size_t limit;
	struct arena *mem;
	VEC(struct query_row) rows;
	uint64_t matched;
};

static void try_part(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct running *r = arg;
	const struct klass *k = graph_class_of_part(r->g, p);
	struct query_row row = { .n = 0 };
	struct arena scratch = { 0 };
	bool held = true;

	if (p->tag == HPROF_CLASS || !k || !r->wanted[k->index])
		return;
	row.n = graph_find(r->g, p->id);
	for (unsigned i = 0; row.n && held && i < r->q->condition_count; i++) {
		const struct query_condition *c = &r->q->conditions[i];
		struct value v = find_value(r->g, row.n, c->value, &scratch);

		held = holds(&v, c);
	}
	arena_drop(&scratch);
	if (!row.n || !held)
		return;
	if (r->matched++ >= r->limit)
		return;
	row.values = arena_get_array(r->mem, r->q->value_count, sizeof(*row.values));
	for (unsigned i = 0; i < r->q->value_count; i++) {
		struct value v = find_value(r->g, row.n, r->q->values[i], r->mem);

		row.values[i] = print_value(&v, r->mem);
	}
	vec_push(r->mem, &r->rows, row);
}

bool query_run(const struct graph *g, const struct query *q, size_t limit, struct arena *mem,
	       struct query_result *out, struct fail *why)
{
	bool *wanted = arena_array(mem, bool, g->d->classes.count + 1), any = false;
	struct running r = { .g = g, .q = q, .wanted = wanted, .limit = limit, .mem = mem };

	for (size_t i = 0; i < g->d->classes.count; i++) {
		const struct klass *k = g->d->classes.at[i];

		wanted[i] = q->below ? klass_is_below(k, q->from) : !strcmp(k->name, q->from);
		any |= wanted[i];
	}
	if (!any)
		return fail(why, FAIL_ABSENT, "the dump has no class '%s'", q->from);
	dump_each_part(g->d, try_part, &r);
	*out = (struct query_result){ r.rows.at, r.rows.count, r.matched };
	return true;
}
