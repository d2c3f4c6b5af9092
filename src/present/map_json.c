// SPDX-License-Identifier: Apache-2.0
#include "present/map_json.h"

#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "ledger/checks.h"
#include "ledger/container.h"
#include "ledger/parts.h"
#include "present/drill_json.h"
#include "present/json.h"
#include "present/nmt_json.h"
#include "present/report.h"
#include "present/rows.h"

static json_t *text_fact(const struct snapshot *s, enum fact_id id)
{
	return json_of_text(s->fact[id].known ? s->fact[id].text : NULL);
}

static json_t *number_fact(const struct snapshot *s, enum fact_id id)
{
	return json_of_bytes(snapshot_get(s, id, UNKNOWN_BYTES));
}

// The command line's parts may hold secrets; a capture holds them masked already.
static json_t *masked(const char *text)
{
	struct arena mem = { 0 };
	json_t *value = json_of_text(text ? mask_copy(&mem, text) : NULL);

	arena_drop(&mem);
	return value;
}

static json_t *target_json(const struct snapshot *s)
{
	json_t *o = json_object();

	json_set(o, "pid", json_integer(s->pid));
	json_set(o, "main", masked(s->fact[F_MAIN].known ? s->fact[F_MAIN].text : NULL));
	json_set(o, "jdk", text_fact(s, F_JDK_VERSION));
	json_set(o, "vm", text_fact(s, F_VM_NAME));
	json_set(o, "collector", text_fact(s, F_COLLECTOR));
	json_set(o, "started",
		 s->fact[F_STARTED_AT].known ? json_of_time((int64_t)s->fact[F_STARTED_AT].value)
					     : json_null());
	json_set(o, "container", text_fact(s, F_CONTAINER_ID));
	json_set(o, "tier", json_of_text(tier_name(s->tier)));
	if (s->capture)
		json_set(o, "capture", json_of_text(s->capture));
	return o;
}

static json_t *against_json(const struct report *r)
{
	if (!r->against)
		return json_null();
	return json_pack("{s:o,s:o,s:o,s:o}", "capture", json_of_text(r->against->capture), "at",
			 json_of_time(r->first->wall_s), "pid", json_integer(r->first->pid),
			 "same_process", json_boolean(r->against->same_process));
}

json_t *map_json_head(const struct report *r)
{
	json_t *o = json_object();

	json_set(o, "schema", json_integer(1));
	json_set(o, "tool", json_of_text(r->tool_version));
	json_set(o, "host", json_of_text(r->now->host));
	json_set(o, "at", json_of_time(r->now->wall_s));
	json_set(o, "window_s", r->window_s > 0 ? json_of_seconds(r->window_s) : json_null());
	json_set(o, "target", target_json(r->now));
	return o;
}

static void add_malloc(const struct table *t, const struct ledger *l,
		       const struct malloc_split *split, json_t *array)
{
	for (int i = 0; i < MALLOC_SHARES; i++) {
		struct cell row[AC_COUNT];
		json_t *o;

		rows_malloc(l, split, (enum malloc_share)i, row);
		o = table_row_json(t, row);
		json_set(o, "parts", json_array());
		json_add(array, o);
	}
}

static json_t *accounts_json(const struct ledger *l, const struct ledger *first)
{
	struct table t = { ACCOUNT_COLUMNS, AC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();
	struct arena mem = { 0 };
	struct malloc_split split;
	bool is_split = malloc_split(l, first, &split);
	struct parts parts;

	parts_list(l, &mem, &parts);
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		struct cell row[AC_COUNT];
		json_t *o, *list;

		if (is_split && i == account_find("malloc")) {
			add_malloc(&t, l, &split, array);
			continue;
		}
		rows_account(l, &l->rows[i], row);
		o = table_row_json(&t, row);
		list = json_array();
		for (size_t j = 0; j < parts.count; j++) {
			const struct part_row *part = &parts.at[j];

			if (part->account != i)
				continue;
			json_add(list, json_pack("{s:o,s:o,s:o}", "part", json_of_text(part->name),
						 "resident", json_of_bytes(part->resident), "swap",
						 json_of_bytes(part->swap)));
		}
		json_set(o, "parts", list);
		json_add(array, o);
	}
	arena_drop(&mem);
	return array;
}

static json_t *unknowns_json(const struct ledger *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->unknowns.count; i++) {
		const struct unaccounted_row *u = &l->unknowns.at[i];

		json_add(array,
			 json_pack("{s:o,s:o,s:o,s:o}", "start", json_of_address(u->start), "end",
				   json_of_address(u->end), "resident", json_of_bytes(u->resident),
				   "looks_like", json_of_text(u->looks_like)));
	}
	return array;
}

static json_t *percent_json(double percent)
{
	return percent < 0 ? json_null() : json_of_number(percent);
}

static json_t *container_json(const struct snapshot *s)
{
	struct container_ledger c;
	json_t *o;

	container_build(s, &c);
	if (!c.known)
		return json_null();
	o = json_object();
	json_set(o, "path", json_of_text(s->container.path));
	json_set(o, "limit", json_of_bytes(c.limit));
	json_set(o, "usage", json_of_bytes(c.usage));
	json_set(o, "working_set", json_of_bytes(c.working_set));
	json_set(o, "anon",
		 json_pack("{s:o,s:o,s:o}", "jvm", json_of_bytes(c.anon_jvm), "others",
			   json_of_bytes(c.anon_others), "rest", json_of_bytes(c.anon_rest)));
	json_set(o, "file",
		 json_pack("{s:o,s:o,s:o,s:o}", "jvm", json_of_bytes(c.file_jvm), "others",
			   json_of_bytes(c.file_others), "unmapped_active",
			   json_of_bytes(c.file_unmapped_active), "unmapped_inactive",
			   json_of_bytes(c.file_unmapped_inactive)));
	json_set(o, "shmem", json_of_bytes(c.shmem));
	json_set(o, "kernel",
		 json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "total", json_of_bytes(c.kernel), "slab",
			   json_of_bytes(c.slab), "page_tables", json_of_bytes(c.page_tables),
			   "stacks", json_of_bytes(c.kernel_stacks), "sockets",
			   json_of_bytes(c.sockets), "percpu", json_of_bytes(c.percpu)));
	json_set(o, "swap", json_of_bytes(c.swap));
	json_set(o, "pressure",
		 json_pack("{s:o,s:o}", "some_avg10", percent_json(s->container.some_avg10),
			   "full_avg10", percent_json(s->container.full_avg10)));
	json_set(o, "processes", json_integer(s->container.processes));
	json_set(o, "oom_kills", json_of_bytes(s->container.oom_kills));
	json_set(o, "limit_hits", json_of_bytes(s->container.limit_hits));
	return o;
}

static json_t *checks_json(const struct ledger *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->of->checks.count; i++) {
		const struct check_row *c = &l->of->checks.at[i];

		json_add(array,
			 json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "account", json_of_text(c->account),
				   "what", json_of_text(c->what), "source", json_of_text(c->source),
				   "theirs", json_of_bytes(c->theirs), "ours",
				   json_of_bytes(checks_ours(l, c)), "reason",
				   json_of_text(checks_reason(l, c))));
	}
	return array;
}

static json_t *claim_json(const struct claim *c)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "account", json_of_text(c->account), "part",
			 json_of_text(c->part), "start", json_of_address(c->start), "end",
			 json_of_address(c->end), "source", json_of_text(c->source), "certainty",
			 json_of_text(certainty_name(c->certainty)));
}

static json_t *overlaps_json(const struct ledger *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->overlaps.count; i++) {
		const struct overlap_row *o = &l->overlaps.at[i];

		json_add(array, json_pack("{s:o,s:o,s:o,s:o}", "start", json_of_address(o->start),
					  "end", json_of_address(o->end), "a", claim_json(o->a),
					  "b", claim_json(o->b)));
	}
	return array;
}

static json_t *buffers_json(const struct snapshot *s)
{
	json_t *o = json_object(), *list = s->buffers_known ? json_array() : json_null();

	for (size_t i = 0; s->buffers_known && i < s->buffers.count; i++)
		json_add(list,
			 json_pack("{s:o,s:o}", "address", json_of_address(s->buffers.at[i].at),
				   "bytes", json_of_bytes(s->buffers.at[i].bytes)));
	json_set(o, "count", number_fact(s, F_DIRECT_COUNT));
	json_set(o, "capacity", number_fact(s, F_DIRECT_CAPACITY));
	json_set(o, "limit", number_fact(s, F_DIRECT_LIMIT));
	json_set(o, "buffers", list);
	return o;
}

static json_t *spaces_json(const struct ledger *l)
{
	struct table t = { SPACE_COLUMNS, SC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();

	for (size_t i = 0; i < l->of->spaces.count; i++) {
		struct cell row[SC_COUNT];

		rows_space(l, i, row);
		json_add(array, table_row_json(&t, row));
	}
	return array;
}

static json_t *cost_json(const struct snapshot *s)
{
	uint64_t lock_ns = snapshot_get(s, F_LOCK_HOLD, UNKNOWN_BYTES);
	json_t *o = json_object();

	json_set(o, "cpu_s", json_of_seconds(s->cost.cpu_s));
	json_set(o, "wall_s", json_of_seconds(s->cost.wall_s));
	json_set(o, "own_peak_rss", json_of_bytes(s->cost.peak_rss));
	json_set(o, "longest_lock_s",
		 lock_ns == UNKNOWN_BYTES ? json_null() : json_of_seconds((double)lock_ns / 1e9));
	return o;
}

void map_json_ledger(const struct report *r, json_t *o)
{
	const struct ledger *l = r->ledger;

	json_set(o, "rss", json_of_bytes(l->scanned));
	json_set(o, "swap", json_of_bytes(l->swap));
	json_set(o, "drift", json_of_bytes(l->drift));
	json_set(o, "hugetlb", number_fact(r->now, F_HUGETLB));
	json_set(o, "pss", number_fact(r->now, F_PSS));
	json_set(o, "growth", l->has_growth ? json_integer((json_int_t)l->growth) : json_null());
	json_set(o, "accounts", accounts_json(l, r->first_ledger));
	json_set(o, "unaccounted", json_of_bytes(l->unaccounted));
	json_set(o, "unaccounted_mappings", unknowns_json(l));
	json_set(o, "certain", json_of_bytes(l->certain));
	json_set(o, "by_page", json_boolean(l->by_page));
	json_set(o, "container", container_json(r->now));
	json_set(o, "checks", checks_json(l));
	json_set(o, "nmt", nmt_json(r));
	json_set(o, "overlaps", overlaps_json(l));
	json_set(o, "heap_spaces", spaces_json(l));
	json_set(o, "direct_buffers", buffers_json(r->now));
	json_set(o, "cost", cost_json(r->now));
}

static json_t *fact_json(const struct snapshot *s, int id)
{
	static const char *const UNITS[] = {
		[UNIT_BYTES] = "bytes", [UNIT_COUNT] = "count", [UNIT_NS] = "ns",
		[UNIT_MS] = "ms",       [UNIT_FLAG] = "flag",   [UNIT_TEXT] = "text",
	};
	const struct fact *f = &s->fact[id];
	json_t *o = json_object(), *value = json_null();

	if (f->known && FACT_INFO[id].unit == UNIT_TEXT)
		value = masked(f->text);
	else if (f->known && FACT_INFO[id].unit == UNIT_FLAG)
		value = json_boolean(f->value != 0);
	else if (f->known)
		value = json_of_bytes(f->value);
	json_set(o, "fact", json_of_text(FACT_INFO[id].name));
	json_set(o, "value", value);
	json_set(o, "unit", json_of_text(UNITS[FACT_INFO[id].unit]));
	json_set(o, "collector", json_of_text(f->from.collector));
	json_set(o, "source", json_of_text(f->from.source));
	json_set(o, "tier", json_of_text(tier_name(f->from.tier)));
	json_set(o, "certainty", json_of_text(certainty_name(f->from.certainty)));
	json_set(o, "why_not", json_of_text(f->known ? NULL : f->why_not));
	return o;
}

void map_json_facts(const struct report *r, json_t *o)
{
	const struct snapshot *s = r->now;
	json_t *facts = json_array(), *misses = json_array();

	for (int i = 0; i < FACT_COUNT; i++)
		// The look's own cost stands in `cost`, the age is `at` less `started`, and what
		// others map too changes `pss`; here they would be the only facts that differ
		// between two looks at one stopped process.
		if (i != F_LOCK_HOLD && i != F_UPTIME && i != F_PSS &&
		    (s->fact[i].known || s->fact[i].why_not))
			json_add(facts, fact_json(s, i));
	for (size_t i = 0; i < s->misses.count; i++) {
		const struct miss_row *m = &s->misses.at[i];

		json_add(misses,
			 json_pack("{s:o,s:o,s:o,s:o}", "collector", json_of_text(m->collector),
				   "kind", json_of_text(fail_kind_name(m->kind)), "reason",
				   json_of_text(m->text), "tier",
				   json_of_text(tier_name(s->tier))));
	}
	json_set(o, "facts", facts);
	json_set(o, "misses", misses);
	json_set(o, "tier_denied", json_of_text(s->tier_denied));
	json_set(o, "tier_gain", json_of_text(s->tier_gain));
}

json_t *map_json(const struct report *r)
{
	json_t *o = map_json_head(r);

	json_set(o, "against", against_json(r));
	map_json_ledger(r, o);
	drill_json_add(r, o);
	map_json_facts(r, o);
	return o;
}

void report_map_json(const struct report *r, FILE *to)
{
	json_print(map_json(r), to);
}
