// SPDX-License-Identifier: Apache-2.0
#include "facts/snapshot.h"

#include <string.h>

const struct fact_info FACT_INFO[FACT_COUNT] = {
#define FACT(id, name, unit, meaning) [F_##id] = { name, meaning, UNIT_##unit },
#include "facts/catalog.def"
#undef FACT
};

const char *certainty_name(enum certainty c)
{
	static const char *const NAMES[] = {
		[CERTAINTY_EXACT] = "exact",
		[CERTAINTY_DERIVED] = "derived",
		[CERTAINTY_ESTIMATED] = "estimated",
	};

	return NAMES[c];
}

const char *tier_name(enum tier t)
{
	static const char *const NAMES[] = { "A", "B", "C", "D" };

	return NAMES[t];
}

const char *thread_kind_name(enum thread_kind k)
{
	static const char *const NAMES[] = {
		[THREAD_JAVA] = "java", [THREAD_GC] = "gc",         [THREAD_JIT] = "jit",
		[THREAD_VM] = "vm",     [THREAD_NATIVE] = "native",
	};

	return NAMES[k];
}

const char *mapping_permissions(const struct mapping_row *m, char to[5])
{
	to[0] = m->readable ? 'r' : '-';
	to[1] = m->writable ? 'w' : '-';
	to[2] = m->executable ? 'x' : '-';
	to[3] = m->shared ? 's' : 'p';
	to[4] = '\0';
	return to;
}

void snapshot_init(struct snapshot *s, struct arena *mem)
{
	*s = (struct snapshot){ .mem = mem };
}

void snapshot_set(struct snapshot *s, enum fact_id id, uint64_t value, struct provenance from)
{
	s->fact[id] = (struct fact){ .known = true, .value = value, .from = from };
}

void snapshot_set_text(struct snapshot *s, enum fact_id id, const char *text,
		       struct provenance from)
{
	s->fact[id] =
		(struct fact){ .known = true, .text = arena_text(s->mem, text), .from = from };
}

void snapshot_set_missing(struct snapshot *s, enum fact_id id, struct provenance from,
			  const char *why_not)
{
	if (s->fact[id].known)
		return;
	s->fact[id].from = from;
	s->fact[id].why_not = arena_text(s->mem, why_not);
}

uint64_t snapshot_get(const struct snapshot *s, enum fact_id id, uint64_t otherwise)
{
	return s->fact[id].known ? s->fact[id].value : otherwise;
}

bool snapshot_find(const char *name, enum fact_id *id)
{
	for (int i = 0; i < FACT_COUNT; i++)
		if (!strcmp(FACT_INFO[i].name, name)) {
			*id = (enum fact_id)i;
			return true;
		}
	return false;
}

const struct flag_row *snapshot_find_flag(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->flags.count; i++)
		if (!strcmp(s->flags.at[i].name, name))
			return &s->flags.at[i];
	return NULL;
}

void snapshot_doubt(struct snapshot *s, const char *account, const char *collector, bool torn)
{
	vec_push(s->mem, &s->doubts, (struct doubt_row){ account, collector, torn });
}

void snapshot_claim(struct snapshot *s, struct claim c)
{
	if (c.start < c.end)
		vec_push(s->mem, &s->claims, c);
}
