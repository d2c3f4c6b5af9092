// SPDX-License-Identifier: Apache-2.0
#include "present/target_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "base/units.h"
#include "present/report.h"
#include "present/words.h"

enum {
	WIDTH = 79,
	MISSES_SHOWN = 4, // the rest is in --json
};

static const char *text_fact(const struct snapshot *s, enum fact_id id)
{
	return s->fact[id].known ? s->fact[id].text : NULL;
}

static const char *xmx(uint64_t bytes, struct arena *mem)
{
	if (bytes == UNKNOWN_BYTES)
		return "";
	if (bytes % GIB(1) == 0)
		return arena_format(mem, "  -Xmx%" PRIu64 "g", bytes / GIB(1));
	return arena_format(mem, "  -Xmx%" PRIu64 "m", bytes / MIB(1));
}

// What stands behind the name in a line about the target.
static const char *about(const struct snapshot *s, struct arena *mem)
{
	const char *version = text_fact(s, F_JDK_VERSION), *gc = text_fact(s, F_COLLECTOR);
	const char *text = "";
	char up[16];

	if (version)
		text = arena_format(mem, "  JDK %.*s", (int)strcspn(version, "+-"),
				    words_clean(version, 0, mem));
	text = arena_format(mem, "%s%s%s%s", text, gc ? "  " : "", words_clean(gc, 0, mem),
			    xmx(snapshot_get(s, F_HEAP_MAX, UNKNOWN_BYTES), mem));
	if (s->fact[F_UPTIME].known)
		text = arena_format(mem, "%s  up %s", text,
				    words_duration((double)s->fact[F_UPTIME].value / 1e3, up));
	return text;
}

// The name gives way when the line would be longer than a screen is wide.
static void print_target(const struct snapshot *s, const char *behind, FILE *to)
{
	enum { SHORTEST = 12 };
	const char *name = text_fact(s, F_MAIN);
	struct arena mem = { 0 };
	size_t used = words_columns(behind);

	fprintf(to, "%s%s\n",
		name ? words_tail(mask_copy(&mem, name),
				  used + SHORTEST < WIDTH ? WIDTH - used : SHORTEST, &mem)
		     : "JVM",
		behind);
	arena_drop(&mem);
}

void target_text_head(const struct report *r, FILE *to)
{
	const struct container_facts *c = &r->now->container;
	struct arena mem = { 0 };
	const char *limit = "";

	if (c->known && c->limit != UNKNOWN_BYTES)
		limit = arena_format(&mem, "   container limit %.0f MB", units_in_mb(c->limit));
	print_target(r->now,
		     arena_format(&mem, "  pid %d%s%s", r->now->pid, about(r->now, &mem), limit),
		     to);
	arena_drop(&mem);
}

void target_text_missing(const struct report *r, FILE *to)
{
	const struct snapshot *s = r->now;
	struct arena mem = { 0 };
	size_t shown = 0;

	for (size_t i = 0; i < s->misses.count && shown < MISSES_SHOWN; i++, shown++) {
		const char *text = arena_format(&mem, "%s: %s", s->misses.at[i].collector,
						words_clean(s->misses.at[i].text, 0, &mem));

		fputs("missing  ", to);
		words_wrap(text, 9, 9, WIDTH, to);
	}
	if (s->misses.count > shown)
		fprintf(to, "missing  %zu more: --json\n", s->misses.count - shown);
	if (s->tier_denied || s->tier_gain) {
		fprintf(to, "tier %s   ", tier_name(s->tier));
		words_wrap(arena_format(&mem, "%s%s%s", s->tier_denied ? s->tier_denied : "",
					s->tier_denied && s->tier_gain ? "; " : "",
					s->tier_gain ? s->tier_gain : ""),
			   9, 9, WIDTH, to);
	}
	arena_drop(&mem);
}

// What the look itself cost the machine and the target.
void target_text_cost(const struct report *r, FILE *to)
{
	const struct snapshot *s = r->now;
	struct arena mem = { 0 };
	char size[16];

	print_target(s, about(s, &mem), to);
	fprintf(to, "tier %s, look %.0f ms CPU, %s peak", tier_name(s->tier), s->cost.cpu_s * 1e3,
		units_print_size(s->cost.peak_rss, size));
	if (s->fact[F_LOCK_HOLD].known)
		fprintf(to, ", memory lock held %.2f ms at a time",
			(double)s->fact[F_LOCK_HOLD].value / 1e6);
	fputc('\n', to);
	if (s->fact[F_PSS].known)
		fputs(r->ledger->by_page
			      ? "smaps was read once, which holds the memory lock for 10 ms a GB\n"
			      : "no pagemap: sizes by mapping, of smaps, which holds the lock 10 "
				"ms a GB\n",
		      to);
	arena_drop(&mem);
}
