// SPDX-License-Identifier: Apache-2.0
#include "collect/families.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "collect/generators.h"
#include "collect/texts.h"
#include "facts/snapshot.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/classsizes.h"

enum { HEX_LEAST = 8 };

// --- names ---

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t hex_run(const char *p, char from, char to, bool *has_digit)
{
	size_t n = 0;

	*has_digit = false;
	for (; is_digit(p[n]) || (p[n] >= from && p[n] <= to); n++)
		*has_digit |= is_digit(p[n]);
	return n;
}

// Length of the hexadecimal number at `p`, 0 when there is none; `before` is the character in
// front.
static size_t hex_at(const char *p, char before)
{
	bool low_digit, high_digit, marked = before && strchr("_$@", before);
	size_t low, high, n;

	if (p[0] == '0' && p[1] == 'x' && !is_letter(before)) {
		n = hex_run(p + 2, 'a', 'f', &low_digit);
		return n ? n + 2 : 0;
	}
	if (is_letter(before) && !is_digit(*p))
		return 0;
	low = hex_run(p, 'a', 'f', &low_digit);
	high = hex_run(p, 'A', 'F', &high_digit);
	n = low > high ? low : high;
	if (!(low > high ? low_digit : high_digit) || is_letter(p[n]))
		return 0;
	return n >= HEX_LEAST || marked ? n : 0;
}

// Length of what the VM appends to the names of hidden classes, if it stands at `p` and ends the
// name.
static size_t hidden_suffix(const char *p)
{
	bool digit;
	size_t n;

	if ((*p != '+' && *p != '/') || p[1] != '0' || p[2] != 'x')
		return 0;
	n = hex_run(p + 3, 'a', 'f', &digit);
	return n && !p[3 + n] ? 3 + n : 0;
}

static bool ends_with(const char *text, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len >= n && !memcmp(text + len - n, tail, n);
}

// Byte Buddy numbers its classes with random letters and digits: behind these marks they are
// no words.
static size_t random_behind(const char *to, size_t len, const char *p)
{
	static const char *const MARKS[] = { "$ByteBuddy$",
					     "$MockitoMock$",
					     "$HibernateProxy$",
					     "$HibernateBasicProxy$",
					     "$HibernateInstantiator$",
					     "$HibernateAccessOptimizer$",
					     "$auxiliary$" };
	size_t n = 0;

	if (!len || to[len - 1] != '$')
		return 0;
	for (size_t i = 0; i < sizeof(MARKS) / sizeof(*MARKS); i++)
		if (ends_with(to, len, MARKS[i])) {
			while (is_letter(p[n]) || is_digit(p[n]))
				n++;
			return n;
		}
	return 0;
}

void families_fold(const char *name, char *to, size_t room)
{
	const char *p = name;
	size_t len = 0;
	bool hidden = false;

	while (*p && len + 4 < room) {
		char before = p > name ? p[-1] : '\0';
		size_t n = hidden_suffix(p);

		if (n) {
			hidden = true;
			break;
		}
		n = random_behind(to, len, p);
		if (!n)
			n = hex_at(p, before);
		while (!n && is_digit(p[n]))
			while (is_digit(p[n]))
				n++;
		if (!n) {
			to[len++] = *p == '/' ? '.' : *p;
			p++;
			continue;
		}
		to[len++] = '#';
		p += n;
	}
	if (hidden && ends_with(to, len, "$$Lambda")) {
		memcpy(to + len, "$#", 2);
		len += 2;
	} else if (hidden && !ends_with(to, len, "#")) {
		memcpy(to + len, "/#", 2);
		len += 2;
	}
	to[len] = '\0';
}

// --- counting ---

struct counted {
	struct family_row row;
	uint32_t last_loader; // index + 1 of the loader counted last
	uint32_t in_last;     // classes in it
	uint32_t most_types;  // loaders of the most common type so far
	uint32_t archived;    // classes that lie in an archive
};

struct counting {
	const struct hotspot *vm;
	const struct hotspot_classes *classes;
	struct arena *mem;
	struct texts names, types;
	struct addresses family_of;  // Symbol* -> number of the family
	struct addresses type_count; // (family, loader type) -> loaders
	VEC(struct counted) families;
};

static uint32_t family_of(struct counting *c, const struct hotspot_class *k)
{
	char name[FAMILIES_NAME_LIMIT];
	uint32_t number = 0;

	if (addresses_find(&c->family_of, k->symbol, &number)) // seen: the name is not new
		return number;
	families_fold(k->name, name, sizeof(name));
	number = texts_number(&c->names, name);
	if (number == c->families.count)
		vec_push(c->mem, &c->families, (struct counted){ .row = { .example = k->name } });
	addresses_put(&c->family_of, k->symbol, number, NULL);
	c->families.at[number].row.distinct_names++;
	return number;
}

static void count_loader_type(struct counting *c, uint32_t family, const char *type)
{
	uint32_t number = texts_number(&c->types, type), before = 0;
	uint64_t key = ((uint64_t)family << 32 | number) * 8 + 8;
	struct counted *f = &c->families.at[family];

	addresses_find(&c->type_count, key, &before);
	addresses_put(&c->type_count, key, before + 1, NULL);
	if (before + 1 > f->most_types) {
		f->most_types = before + 1;
		f->row.loader_type = c->types.texts.at[number];
	}
}

static void count_class(struct counting *c, uint32_t loader, const char *type,
			const struct hotspot_class *k, uint64_t bytes, bool archived)
{
	uint32_t number = family_of(c, k);
	struct counted *f = &c->families.at[number];

	f->row.class_count++;
	f->row.hidden_count +=
		c->classes->loaders.at[loader].hidden || strstr(k->name, "+0x") != NULL;
	f->row.bytes += bytes;
	f->archived += archived;
	if (f->last_loader != loader + 1) {
		f->last_loader = loader + 1;
		f->in_last = 0;
		f->row.loader_count++;
		if (type)
			count_loader_type(c, number, type);
	}
	f->in_last++;
	if (f->in_last > f->row.max_per_loader)
		f->row.max_per_loader = f->in_last;
}

char *families_dotted(struct arena *mem, const char *name)
{
	char *text = arena_text(mem, name);

	for (char *p = text; *p; p++)
		if (*p == '/')
			*p = '.';
	return text;
}

static void count_loader(struct counting *c, uint32_t loader, uint64_t used)
{
	const struct hotspot_loader *l = &c->classes->loaders.at[loader];
	const struct hotspot_class *k = c->classes->classes.at + l->first;
	struct arena frame = { 0 };
	uint64_t *weights, sum = 0;
	const char *type = l->of_boot ? "<boot>"
			   : l->type  ? families_dotted(&frame, l->type)
				      : NULL;

	weights = arena_array(&frame, uint64_t, l->count + 1);
	weights[0] = 1; // of one class no weight needs to be known
	if (used && l->count > 1)
		classsizes_weigh(c->vm, k, l->count, weights);
	for (size_t i = 0; used && i < l->count; i++)
		sum += weights[i];
	for (size_t i = 0; i < l->count; i++)
		if (k[i].kind == CLASS_INSTANCE)
			count_class(
				c, loader, type, &k[i],
				sum ? (uint64_t)((double)used * (double)weights[i] / (double)sum)
				    : 0,
				sum && !weights[i]);
	arena_drop(&frame);
}

void families_build(const struct hotspot *vm, const struct hotspot_classes *classes,
		    const uint64_t *used, struct snapshot *out)
{
	struct arena frame = { 0 };
	struct counting c = { .vm = vm, .classes = classes, .mem = &frame };

	c.names.mem = c.types.mem = &frame;
	addresses_init(&c.family_of, &frame);
	addresses_init(&c.type_count, &frame);
	for (size_t i = 0; i < classes->loaders.count; i++)
		count_loader(&c, (uint32_t)i, used ? used[i] : 0);
	out->families.count = 0;
	for (size_t i = 0; i < c.families.count; i++) {
		struct family_row row = c.families.at[i].row;

		row.example = families_dotted(out->mem, row.example);
		row.name = arena_text(out->mem, c.names.texts.at[i]);
		if (row.class_count < 2 && !strcmp(row.name, row.example))
			continue;
		row.generator = generators_find(row.name, row.loader_type);
		if (c.families.at[i].archived == row.class_count)
			row.source = "shared archive";
		if (row.loader_type)
			row.loader_type = arena_text(out->mem, row.loader_type);
		vec_push(out->mem, &out->families, row);
	}
	arena_drop(&frame);
}
