// SPDX-License-Identifier: Apache-2.0
#include "moments.h"

#include "givenlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/range.h"
#include "base/units.h"

static const struct provenance GIVEN = { "given", "given", TIER_A, CERTAINTY_EXACT };

enum {
	PID_OF_CASES = 4711,
	STACK = 1 << 20, // reserved for each thread
};
static const uint64_t BUFFERS_AT = UINT64_C(0x600000000000); // same addresses at both moments

// `KEY VALUE [was VALUE]` pairs of a line, from word `from` on.
struct attributes {
	const struct words *line;
	size_t from;
};

void moments_init(struct moments *m, struct arena *mem)
{
	*m = (struct moments){ .mem = mem };
	for (int i = 0; i < MOMENTS; i++) {
		snapshot_init(&m->snapshot[i], mem);
		m->snapshot[i].pid = PID_OF_CASES;
		m->free_at[i] = UINT64_C(0x100000000);
	}
}

bool moments_number(const char *text, uint64_t *value)
{
	char low[32];
	size_t i;

	if (!strcmp(text, "true") || !strcmp(text, "false")) {
		*value = text[0] == 't';
		return true;
	}
	for (i = 0; text[i] && i + 1 < sizeof(low); i++)
		low[i] = text[i];
	low[i] = '\0';
	return units_parse_size(low, value, NULL);
}

// The text of an attribute at a moment: at the first one `was`, when it is given.
static const char *text_of(struct attributes a, const char *key, int moment)
{
	for (size_t i = a.from; i + 1 < a.line->count; i += 2) {
		bool has_was = i + 3 < a.line->count && !strcmp(a.line->at[i + 2], "was");

		if (!strcmp(a.line->at[i], key))
			return a.line->at[has_was && moment == MOMENT_FIRST ? i + 3 : i + 1];
	}
	return NULL;
}

static uint64_t number_of(struct attributes a, const char *key, int moment, uint64_t otherwise)
{
	const char *text = text_of(a, key, moment);
	uint64_t value;

	return text && moments_number(text, &value) ? value : otherwise;
}

static void add_mapping(struct moments *m, int moment, uint64_t start, uint64_t end)
{
	struct mapping_row row = { .start = start, .end = end, .readable = true, .writable = true };

	row.path = "";
	vec_push(m->mem, &m->snapshot[moment].mappings, row);
}

// Resident pages with an owner; `at` is page-aligned and mapped.
static void add_pages(struct moments *m, int moment, struct range at, struct claim claim)
{
	struct run_row run = { .start = at.start, .end = units_page_up(at.end) };

	if (at.start == at.end)
		return;
	vec_push(m->mem, &m->snapshot[moment].runs, run);
	claim.start = at.start;
	claim.end = at.end;
	claim.source = "given";
	snapshot_claim(&m->snapshot[moment], claim);
}

static struct range take_addresses(struct moments *m, int moment, uint64_t bytes)
{
	struct range taken = { m->free_at[moment], m->free_at[moment] + units_page_up(bytes) };

	m->free_at[moment] = taken.end + PAGE_SIZE_BYTES;
	add_mapping(m, moment, taken.start, taken.end);
	taken.end = taken.start + bytes;
	return taken;
}

// ---- the subjects of given lines ----------------------------------------------------------------

static bool give_window(struct moments *m, const struct words *line)
{
	return line->count == 2 && units_parse_duration(line->at[1], &m->window_s, NULL);
}

static bool give_tier(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 2 };

	if (line->count < 2 || line->at[1][0] < 'A' || line->at[1][0] > 'D')
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		m->snapshot[i].tier = (enum tier)(line->at[1][0] - 'A');
		m->snapshot[i].tier_gain = text_of(a, "gain", i);
	}
	return true;
}

static bool give_family(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 2 };

	if (line->count < 2)
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		uint32_t classes = (uint32_t)number_of(a, "classes", i, 0);
		struct family_row row = {
			.name = line->at[1],
			.example = text_of(a, "example", i),
			.loader_type = text_of(a, "by", i),
			.class_count = classes,
			.loader_count = (uint32_t)number_of(a, "loaders", i, 1),
			.distinct_names = (uint32_t)number_of(a, "names", i, classes),
			.hidden_count = (uint32_t)number_of(a, "hidden", i, 0),
			.bytes = number_of(a, "bytes", i, 0),
		};

		row.max_per_loader = (uint32_t)number_of(
			a, "most", i,
			row.loader_count ? (classes + row.loader_count - 1) / row.loader_count : 0);
		if (classes)
			vec_push(m->mem, &m->snapshot[i].families, row);
	}
	return true;
}

static bool give_loaders(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 2 };

	if (line->count < 2)
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		struct snapshot *s = &m->snapshot[i];
		uint64_t times = number_of(a, "times", i, 1);

		for (uint64_t n = 0; n < times; n++) {
			struct loader_row row = {
				.at = UINT64_C(0x7f0000000000) + n * 256,
				.type = line->at[1],
				.class_count = (uint32_t)number_of(a, "classes", i, 1),
				.used = number_of(a, "used", i, 0),
				.hidden = number_of(a, "hidden", i, 0) != 0,
			};
			uint64_t resident = number_of(a, "resident", i, 0);

			add_pages(m, i, take_addresses(m, i, resident),
				  (struct claim){ .account = "metaspace",
						  .table = CLAIM_OF_LOADER,
						  .row = (uint32_t)s->loaders.count });
			vec_push(m->mem, &s->loaders, row);
		}
	}
	return true;
}

// The stem with its last '#' as the number within a pool and the others as the pool's number.
static const char *thread_name(struct moments *m, const char *stem, uint64_t n, uint64_t per)
{
	char *name = arena_get(m->mem, strlen(stem) * 20 + 1);
	const char *last = strrchr(stem, '#');
	char *to = name;
	bool pools = last && strchr(stem, '#') != last;

	for (; *stem; stem++) {
		uint64_t number = n % per + 1;

		if (*stem != '#') {
			*to++ = *stem;
			continue;
		}
		if (!pools)
			number = n + 1;
		else if (stem != last)
			number = n / per + 1;
		to = stpcpy(to, arena_format(m->mem, "%llu", (unsigned long long)number));
	}
	return name;
}

static bool give_threads(struct moments *m, const struct words *line)
{
	static const char *const KINDS[] = { "java", "gc", "jit", "vm", "native" };
	struct attributes a = { line, 2 };
	const char *kind = text_of(a, "kind", MOMENT_NOW);
	enum thread_kind k = THREAD_JAVA;

	if (line->count < 2)
		return false;
	for (size_t i = 0; kind && i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (!strcmp(kind, KINDS[i]))
			k = (enum thread_kind)i;
	for (int i = 0; i < MOMENTS; i++) {
		struct snapshot *s = &m->snapshot[i];
		uint64_t times = number_of(a, "times", i, 1);
		uint64_t per = number_of(a, "per", i, times ? times : 1);
		uint64_t resident = number_of(a, "stack", i, 0);

		for (uint64_t n = 0; n < times; n++) {
			struct range stack = take_addresses(m, i, STACK);
			struct thread_row row = {
				.tid = (int)(100 + s->threads.count),
				.name = thread_name(m, line->at[1], n, per),
				.kind = k,
				.has_stack = true,
				.stack_start = stack.start,
				.stack_end = stack.end,
				.temp_bytes = number_of(a, "temp", i, 0),
			};

			stack.start = stack.end - units_page_up(resident);
			add_pages(m, i, stack,
				  (struct claim){ .account = "thread-stacks",
						  .table = CLAIM_OF_THREAD,
						  .row = (uint32_t)s->threads.count });
			vec_push(m->mem, &s->threads, row);
		}
	}
	return true;
}

// `buffers COUNT [was COUNT] of SIZE [kept COUNT]`: `kept` of the first moment's are still there.
static bool give_buffers(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 0 };
	uint64_t size = number_of(a, "of", MOMENT_NOW, 0);
	uint64_t before = number_of(a, "buffers", MOMENT_FIRST, 0);
	uint64_t kept = number_of(a, "kept", MOMENT_NOW, before);

	if (!size)
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		struct snapshot *s = &m->snapshot[i];
		uint64_t count = number_of(a, "buffers", i, 0);

		s->buffers_known = true;
		for (uint64_t n = 0; n < count; n++) {
			uint64_t place = i == MOMENT_NOW && n >= kept ? before + n - kept : n;
			struct range at = { BUFFERS_AT + place * units_page_up(size), 0 };

			at.end = at.start + size;
			add_mapping(m, i, at.start, units_page_up(at.end));
			add_pages(m, i, at, (struct claim){ .account = "direct-buffers" });
			vec_push(m->mem, &s->buffers, (struct buffer_row){ at.start, size });
		}
	}
	return true;
}

// `codeheap NAME reserved SIZE used SIZE [was SIZE]`.
static bool give_code_heap(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 2 };
	uint64_t reserved = number_of(a, "reserved", MOMENT_NOW, 0);
	struct range at[MOMENTS];

	if (line->count < 2 || !reserved)
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		at[i] = take_addresses(m, i, reserved);
		vec_push(m->mem, &m->snapshot[i].code_heaps,
			 (struct code_heap_row){ .name = line->at[1],
						 .start = at[i].start,
						 .end = at[i].end,
						 .committed = reserved,
						 .used = number_of(a, "used", i, 0) });
	}
	return true;
}

static bool give_flag(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 3 };
	struct flag_row row = { .type = FLAG_UINT };

	if (line->count < 3 || !moments_number(line->at[2], &row.number))
		return false;
	row.name = line->at[1];
	row.origin = text_of(a, "origin", MOMENT_NOW);
	if (!strcmp(line->at[2], "true") || !strcmp(line->at[2], "false"))
		row.type = FLAG_BOOL;
	for (int i = 0; i < MOMENTS; i++)
		vec_push(m->mem, &m->snapshot[i].flags, row);
	return true;
}

// `account ID SIZE [was SIZE]`: pages of it.
static bool give_account(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 1 };

	if (line->count < 3 || account_find(line->at[1]) == ACCOUNT_NONE)
		return false;
	for (int i = 0; i < MOMENTS; i++)
		add_pages(m, i, take_addresses(m, i, number_of(a, line->at[1], i, 0)),
			  (struct claim){ .account = line->at[1] });
	return true;
}

// `mapped PATH times N [was N] of SIZE [was SIZE]`: files, '#' in whose path is a number.
static bool give_mapped(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 2 };

	if (line->count < 2)
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		struct snapshot *s = &m->snapshot[i];
		uint64_t times = number_of(a, "times", i, 1), size = number_of(a, "of", i, 0);

		for (uint64_t n = 0; n < times; n++) {
			struct range at = take_addresses(m, i, size);

			s->mappings.at[s->mappings.count - 1].path =
				thread_name(m, line->at[1], n, times);
			add_pages(m, i, at, (struct claim){ .account = "mapped-files" });
		}
	}
	return true;
}

// `swapped ID SIZE [was SIZE]`: pages of it that are out.
static bool give_swapped(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 1 };

	if (line->count < 3 || account_find(line->at[1]) == ACCOUNT_NONE)
		return false;
	for (int i = 0; i < MOMENTS; i++) {
		struct snapshot *s = &m->snapshot[i];
		uint64_t bytes = number_of(a, line->at[1], i, 0);

		if (!bytes)
			continue;
		add_pages(m, i, take_addresses(m, i, bytes),
			  (struct claim){ .account = line->at[1] });
		s->runs.at[s->runs.count - 1].swapped = true;
	}
	return true;
}

static bool give_container(struct moments *m, const struct words *line)
{
	struct attributes a = { line, 1 };

	for (int i = 0; i < MOMENTS; i++) {
		struct container_facts *c = &m->snapshot[i].container;

		c->known = true;
		c->limit = number_of(a, "limit", i, UNKNOWN_BYTES);
		c->usage = number_of(a, "usage", i, UNKNOWN_BYTES);
		c->working_set = number_of(a, "working_set", i, UNKNOWN_BYTES);
		c->anon = number_of(a, "anon", i, UNKNOWN_BYTES);
		c->file = number_of(a, "file", i, UNKNOWN_BYTES);
		c->shmem = number_of(a, "shmem", i, UNKNOWN_BYTES);
		c->slab = number_of(a, "slab", i, UNKNOWN_BYTES);
		c->page_tables = number_of(a, "page_tables", i, UNKNOWN_BYTES);
		c->kernel_stacks = c->sockets = c->percpu = UNKNOWN_BYTES;
		c->kernel = number_of(a, "kernel", i, UNKNOWN_BYTES);
		c->pids_current = number_of(a, "pids", i, UNKNOWN_BYTES);
		c->pids_max = number_of(a, "pids_max", i, UNKNOWN_BYTES);
		c->processes = (uint32_t)number_of(a, "processes", i, 0);
		c->others_rss_anon = number_of(a, "others_anon", i, UNKNOWN_BYTES);
		c->others_rss_shmem =
			number_of(a, "others_shmem", i,
				  c->others_rss_anon == UNKNOWN_BYTES ? UNKNOWN_BYTES : 0);
		c->other_name = text_of(a, "other", i);
		c->other_pid = c->other_name ? 4712 : 0;
		c->other_rss = c->other_name ? c->others_rss_anon : 0;
	}
	return true;
}

// Times are durations ("40s"), whatever unit the fact has.
static bool fact_value(enum fact_id id, const char *text, uint64_t *value)
{
	double seconds;

	if (FACT_INFO[id].unit != UNIT_MS && FACT_INFO[id].unit != UNIT_NS)
		return moments_number(text, value);
	if (!units_parse_duration(text, &seconds, NULL))
		return false;
	*value = (uint64_t)(seconds * (FACT_INFO[id].unit == UNIT_MS ? 1e3 : 1e9));
	return true;
}

// `FACT VALUE [was VALUE] ...`: scalars of the catalogue.
static bool give_facts(struct moments *m, const struct words *line, const char **message)
{
	for (size_t n = 0; n < line->count;) {
		bool has_was = n + 3 < line->count && !strcmp(line->at[n + 2], "was");
		enum fact_id id;
		uint64_t value[MOMENTS];

		if (n + 1 >= line->count || !snapshot_find(line->at[n], &id)) {
			*message = arena_format(m->mem, "no fact called %s", line->at[n]);
			return false;
		}
		if (FACT_INFO[id].unit == UNIT_TEXT) {
			for (int i = 0; i < MOMENTS; i++)
				snapshot_set_text(&m->snapshot[i], id, line->at[n + 1], GIVEN);
			n += 2;
			continue;
		}
		if (!fact_value(id, line->at[n + 1], &value[MOMENT_NOW]) ||
		    !fact_value(id, line->at[has_was ? n + 3 : n + 1], &value[MOMENT_FIRST])) {
			*message = arena_format(m->mem, "%s has no number", line->at[n]);
			return false;
		}
		for (int i = 0; i < MOMENTS; i++)
			snapshot_set(&m->snapshot[i], id, value[i], GIVEN);
		n += has_was ? 4 : 2;
	}
	return true;
}

// `pulse AFTER FACT VALUE ... [cause TEXT]`: counters so long after the window's begin.
static bool give_pulse(struct moments *m, const struct words *line)
{
	static const enum fact_id FACTS[PULSE_COUNT] = {
#define PULSE(id) [PULSE_##id] = F_##id,
#include "facts/pulse.def"
#undef PULSE
	};
	struct attributes a = { line, 2 };
	struct pulse_row row = { 0 };

	if (line->count < 2 || !units_parse_duration(line->at[1], &row.at_s, NULL))
		return false;
	row.gc_cause = text_of(a, "cause", MOMENT_NOW);
	for (size_t i = 0; i < PULSE_COUNT; i++) {
		const char *text = text_of(a, FACT_INFO[FACTS[i]].name, MOMENT_NOW);

		row.known[i] = text && fact_value(FACTS[i], text, &row.value[i]);
	}
	vec_push(m->mem, &m->pulses, row);
	return true;
}

static const struct {
	const char *subject;
	bool (*give)(struct moments *m, const struct words *line);
} SUBJECTS[] = {
	{ "window", give_window },       { "tier", give_tier },
	{ "family", give_family },       { "loaders", give_loaders },
	{ "threads", give_threads },     { "buffers", give_buffers },
	{ "flag", give_flag },           { "account", give_account },
	{ "container", give_container }, { "pulse", give_pulse },
	{ "codeheap", give_code_heap },  { "swapped", give_swapped },
	{ "mapped", give_mapped },       { "gclog", give_gclog },
};

bool moments_give(struct moments *m, const struct words *line, const char **message)
{
	if (!line->count) {
		*message = "nothing is given";
		return false;
	}
	for (size_t i = 0; i < sizeof(SUBJECTS) / sizeof(SUBJECTS[0]); i++)
		if (!strcmp(line->at[0], SUBJECTS[i].subject)) {
			*message = arena_format(m->mem, "%s makes no sense", line->at[0]);
			return SUBJECTS[i].give(m, line);
		}
	return give_facts(m, line, message);
}

static int by_start(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right; // `start` is the first member of both rows

	return *a < *b ? -1 : *a > *b;
}

bool moments_seal(struct moments *m, const char **message)
{
	struct fail why;

	for (int i = 0; i < MOMENTS; i++) {
		struct snapshot *s = &m->snapshot[i];

		if (s->mappings.count)
			qsort(s->mappings.at, s->mappings.count, sizeof(*s->mappings.at), by_start);
		if (s->runs.count)
			qsort(s->runs.at, s->runs.count, sizeof(*s->runs.at), by_start);
		if (!ledger_build(s, m->mem, &m->ledger[i], &why)) {
			*message = arena_text(m->mem, why.text);
			return false;
		}
		if (m->ledger[i].overlaps.count) {
			*message = "claims overlap";
			return false;
		}
	}
	m->evidence = (struct evidence){
		.now = &m->snapshot[MOMENT_NOW],
		.first = &m->snapshot[m->window_s > 0 ? MOMENT_FIRST : MOMENT_NOW],
		.ledger = &m->ledger[MOMENT_NOW],
		.first_ledger = &m->ledger[m->window_s > 0 ? MOMENT_FIRST : MOMENT_NOW],
		.window_s = m->window_s,
		.pulses = m->window_s > 0 ? &m->pulses : NULL,
		.log = m->log,
		.log_files = m->log_files,
		.log_file_count = m->log != NULL,
		.log_alone = m->log_alone,
	};
	if (m->window_s > 0)
		ledger_grow(&m->ledger[MOMENT_NOW], &m->ledger[MOMENT_FIRST]);
	return true;
}
