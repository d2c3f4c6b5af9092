// SPDX-License-Identifier: Apache-2.0
#include "parse/mangled.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

enum { DEPTH_LIMIT = 48, NAME_LIMIT = 1024 };

struct reader {
	const char *at, *end;
	int depth;
	// The name so far; nothing is added while `quiet`, in what is only skipped.
	char name[NAME_LIMIT];
	size_t len, last; // `last`: where its last component begins
	int quiet;
};

static bool skip_type(struct reader *r);
static bool take_name(struct reader *r);

static char peek(const struct reader *r, size_t ahead)
{
	return (size_t)(r->end - r->at) > ahead ? r->at[ahead] : '\0';
}

static bool take(struct reader *r, char c)
{
	if (peek(r, 0) != c)
		return false;
	r->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

// One more component; "~" in front of a destructor's.
static bool add(struct reader *r, const char *prefix, const char *text, size_t len)
{
	size_t more = strlen(prefix) + len + 2;

	if (r->quiet)
		return true;
	if (r->len + more >= sizeof(r->name))
		return false;
	if (r->len) {
		memcpy(r->name + r->len, "::", 2);
		r->len += 2;
	}
	r->last = r->len;
	memcpy(r->name + r->len, prefix, strlen(prefix));
	r->len += strlen(prefix);
	memcpy(r->name + r->len, text, len);
	r->len += len;
	return true;
}

static bool take_number(struct reader *r, size_t *out)
{
	size_t n = 0;

	if (!is_digit(peek(r, 0)))
		return false;
	while (is_digit(peek(r, 0))) {
		n = n * 10 + (size_t)(*r->at++ - '0');
		if (n > NAME_LIMIT)
			return false;
	}
	*out = n;
	return true;
}

// "6malloc"
static bool take_source(struct reader *r)
{
	size_t len;
	const char *text;

	if (!take_number(r, &len) || !len || (size_t)(r->end - r->at) < len)
		return false;
	text = r->at;
	r->at += len;
	if (len >= 10 && !strncmp(text, "_GLOBAL__N", 10))
		return add(r, "", "(anonymous)", 11);
	return add(r, "", text, len);
}

static bool take_operator(struct reader *r)
{
	static const struct {
		const char *code, *name;
	} OPERATORS[] = {
		{ "nw", "operator new" },      { "na", "operator new[]" },
		{ "dl", "operator delete" },   { "aS", "operator=" },
		{ "da", "operator delete[]" }, { "cl", "operator()" },
		{ "ix", "operator[]" },        { "eq", "operator==" },
		{ "ne", "operator!=" },        { "lt", "operator<" },
		{ "gt", "operator>" },         { "le", "operator<=" },
		{ "ge", "operator>=" },        { "pl", "operator+" },
		{ "mi", "operator-" },         { "ml", "operator*" },
		{ "pt", "operator->" },        { "pp", "operator++" },
		{ "mm", "operator--" },        { "pL", "operator+=" },
		{ "mI", "operator-=" },        { "aN", "operator&=" },
		{ "oR", "operator|=" },        { "lS", "operator<<=" },
		{ "rS", "operator>>=" },       { "ls", "operator<<" },
		{ "rs", "operator>>" },        { "nt", "operator!" },
		{ "aa", "operator&&" },        { "oo", "operator||" },
		{ "an", "operator&" },         { "or", "operator|" },
		{ "de", "operator*" },         { "ad", "operator&" },
	};

	if (peek(r, 0) == 'c' && peek(r, 1) == 'v') {
		r->at += 2;
		r->quiet++;
		if (!skip_type(r))
			return false;
		r->quiet--;
		return add(r, "", "operator (cast)", 15);
	}
	for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++)
		if (peek(r, 0) == OPERATORS[i].code[0] && peek(r, 1) == OPERATORS[i].code[1]) {
			r->at += 2;
			return add(r, "", OPERATORS[i].name, strlen(OPERATORS[i].name));
		}
	return false;
}

// "C1", "D0": a constructor or destructor of the component before it.
static bool take_structor(struct reader *r)
{
	char last[NAME_LIMIT];
	size_t len = r->len - r->last;
	bool destructor = peek(r, 0) == 'D';

	if (!is_digit(peek(r, 1)) || (!r->quiet && !len))
		return false;
	r->at += 2;
	memcpy(last, r->name + r->last, len);
	return add(r, destructor ? "~" : "", last, len);
}

// "S_", "S1A_", "St", "Sa" ...: what stood there before, which is not kept.
static bool take_substitution(struct reader *r, bool *is_std)
{
	r->at++;
	*is_std = false;
	if (is_lower(peek(r, 0))) {
		*is_std = peek(r, 0) == 't';
		r->at++;
		return *is_std ? add(r, "", "std", 3) : add(r, "", "std::?", 6);
	}
	while (is_digit(peek(r, 0)) || is_upper(peek(r, 0)))
		r->at++;
	return take(r, '_') && add(r, "", "?", 1);
}

static bool take_parameter(struct reader *r) // "T_", "T0_"
{
	r->at++;
	while (is_digit(peek(r, 0)))
		r->at++;
	return take(r, '_') && add(r, "", "?", 1);
}

static bool skip_types_to_end(struct reader *r)
{
	while (!take(r, 'E'))
		if (!skip_type(r))
			return false;
	return true;
}

// "Lb1E", "L_Z3foovE"
static bool skip_literal(struct reader *r)
{
	if (peek(r, 0) == '_' && peek(r, 1) == 'Z') {
		r->at += 2;
		return take_name(r) && skip_types_to_end(r);
	}
	if (!skip_type(r))
		return false;
	while (is_digit(peek(r, 0)) || peek(r, 0) == 'n')
		r->at++;
	return take(r, 'E');
}

static bool skip_arguments(struct reader *r);

static bool skip_argument(struct reader *r)
{
	if (peek(r, 0) == 'T' && peek(r, 1) == 'n') { // of which type the argument is
		r->at += 2;
		return skip_type(r) && r->depth < DEPTH_LIMIT && skip_argument(r);
	}
	if (peek(r, 0) == 'X' && peek(r, 1) == 'a' && peek(r, 2) == 'd') { // &function
		r->at += 3;
		return take(r, 'L') && skip_literal(r) && take(r, 'E');
	}
	if (take(r, 'L'))
		return skip_literal(r);
	if (peek(r, 0) == 'J')
		return skip_arguments(r);
	return skip_type(r);
}

// "I..E" or "J..E"
static bool skip_arguments(struct reader *r)
{
	bool ok = r->depth < DEPTH_LIMIT;

	r->at++;
	r->depth++;
	r->quiet++;
	while (ok && !take(r, 'E'))
		ok = skip_argument(r);
	r->quiet--;
	r->depth--;
	return ok;
}

static bool skip_name_in_type(struct reader *r)
{
	bool ok;

	r->quiet++;
	ok = take_name(r);
	r->quiet--;
	return ok;
}

static bool skip_array(struct reader *r) // "A10_i"
{
	while (is_digit(peek(r, 0)))
		r->at++;
	return take(r, '_') && skip_type(r);
}

static bool skip_simple_type(struct reader *r)
{
	char c = peek(r, 0);

	if (strchr("rVKPROCG", c) && c) {
		r->at++;
		return skip_type(r);
	}
	if (c == 'D' && is_lower(peek(r, 1)) && peek(r, 1) != 't') {
		bool pack = peek(r, 1) == 'p';

		r->at += 2;
		return !pack || skip_type(r);
	}
	if (take(r, 'F'))
		return skip_types_to_end(r);
	if (take(r, 'A'))
		return skip_array(r);
	if (take(r, 'M'))
		return skip_type(r) && skip_type(r);
	if (c == 'T') {
		r->quiet++;
		if (!take_parameter(r))
			return false;
		r->quiet--;
		return peek(r, 0) != 'I' || skip_arguments(r);
	}
	if (is_lower(c)) {
		r->at++;
		return c != 'u' || take_source(r);
	}
	return skip_name_in_type(r);
}

static bool skip_type(struct reader *r)
{
	bool ok = r->depth++ < DEPTH_LIMIT && skip_simple_type(r);

	r->depth--;
	return ok;
}

// A component of a name, with its template arguments.
static bool take_component(struct reader *r)
{
	char c = peek(r, 0);
	bool is_std;

	if (c == 'L' && is_digit(peek(r, 1))) // of this source file alone
		r->at++;
	c = peek(r, 0);
	if (c == 'B') { // a tag of the ABI
		r->at++;
		r->quiet++;
		if (!take_source(r))
			return false;
		r->quiet--;
		return true;
	}
	if (c == 'I')
		return skip_arguments(r);
	if (is_digit(c))
		return take_source(r);
	if (c == 'C' || c == 'D')
		return take_structor(r);
	if (c == 'S')
		return take_substitution(r, &is_std);
	if (c == 'T')
		return take_parameter(r);
	if (c == 'U' && peek(r, 1) == 'l') { // a lambda: its types, its number
		r->at += 2;
		r->quiet++;
		if (!skip_types_to_end(r))
			return false;
		r->quiet--;
		while (is_digit(peek(r, 0)))
			r->at++;
		return take(r, '_') && add(r, "", "(lambda)", 8);
	}
	return take_operator(r);
}

// "N..E"
static bool take_nested(struct reader *r)
{
	r->at++;
	while (peek(r, 0) == 'r' || peek(r, 0) == 'V' || peek(r, 0) == 'K' || peek(r, 0) == 'R' ||
	       peek(r, 0) == 'O')
		r->at++;
	if (peek(r, 0) == 'E')
		return false;
	while (!take(r, 'E'))
		if (!take_component(r))
			return false;
	return true;
}

// "Z" encoding "E" entity: something inside a function.
static bool take_local(struct reader *r)
{
	r->at++;
	if (!take_name(r))
		return false;
	r->quiet++;
	if (!skip_types_to_end(r))
		return false;
	r->quiet--;
	if (take(r, 's')) // a text
		return add(r, "", "(text)", 6);
	if (!take_name(r))
		return false;
	if (take(r, '_')) { // which one of that name
		bool more = take(r, '_');

		while (is_digit(peek(r, 0)))
			r->at++;
		return !more || take(r, '_');
	}
	return true;
}

static bool take_unscoped(struct reader *r)
{
	bool is_std = false;

	if (peek(r, 0) == 'S') {
		if (!take_substitution(r, &is_std))
			return false;
		if (is_std && !take_component(r))
			return false;
	} else if (!take_component(r)) {
		return false;
	}
	return peek(r, 0) != 'I' || skip_arguments(r);
}

static bool take_name(struct reader *r)
{
	bool ok;

	if (r->depth++ >= DEPTH_LIMIT)
		return false;
	if (peek(r, 0) == 'N')
		ok = take_nested(r);
	else if (peek(r, 0) == 'Z')
		ok = take_local(r);
	else
		ok = take_unscoped(r);
	r->depth--;
	return ok;
}

const char *mangled_name(const char *symbol, struct arena *mem)
{
	size_t len = strcspn(symbol + (symbol[0] == '.'), ".") + (symbol[0] == '.');
	struct reader r = { .at = symbol, .end = symbol + len };

	if (strncmp(symbol, "_Z", 2) != 0)
		return arena_copy(mem, symbol, len);
	r.at += 2;
	if (!take_name(&r) || !r.len)
		return arena_copy(mem, symbol, len);
	return arena_copy(mem, r.name, r.len);
}
