// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "diagnose/diagnosis.h"

static struct arena mem;
static struct snapshot first, now;
static struct ledger first_ledger, ledger;
static struct diagnosis d;
static const struct provenance TEST = { "test", "test", TIER_A, CERTAINTY_EXACT };

static void begin(void)
{
	mem = (struct arena){ 0 };
	snapshot_init(&first, &mem);
	snapshot_init(&now, &mem);
	first.pid = now.pid = 4711;
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(diagnosis, .init = begin, .fini = end);

static void give_pages(struct snapshot *s, const char *account, uint64_t at, uint64_t bytes)
{
	vec_push(&mem, &s->mappings,
		 (struct mapping_row){
			 .start = at, .end = at + GIB(1), .writable = true, .path = "" });
	vec_push(&mem, &s->runs, (struct run_row){ .start = at, .end = at + bytes });
	snapshot_claim(s, (struct claim){ .start = at,
					  .end = at + bytes,
					  .account = account,
					  .source = "test",
					  .certainty = CERTAINTY_EXACT });
}

static void give(enum fact_id id, uint64_t before, uint64_t after)
{
	snapshot_set(&first, id, before, TEST);
	snapshot_set(&now, id, after, TEST);
}

static void give_buffers(uint64_t before, uint64_t after)
{
	give(F_DIRECT_RESERVED, before, after);
	give(F_DIRECT_COUNT, before >> 20, after >> 20);
	give(F_UPTIME, 10000, 20000);
}

static void give_threads(struct snapshot *s, const char *stem, int count)
{
	for (int i = 0; i < count; i++)
		vec_push(&mem, &s->threads,
			 (struct thread_row){ .name = arena_format(&mem, stem, i) });
}

static void judge(double window_s)
{
	struct fail why;
	struct evidence e = {
		.now = &now,
		.first = window_s > 0 ? &first : &now,
		.ledger = &ledger,
		.first_ledger = window_s > 0 ? &first_ledger : &ledger,
		.window_s = window_s,
	};

	cr_assert(ledger_build(&now, &mem, &ledger, &why), "%s", why.text);
	cr_assert(ledger_build(&first, &mem, &first_ledger, &why), "%s", why.text);
	if (window_s > 0)
		ledger_grow(&ledger, &first_ledger);
	diagnose(&e, &mem, &d);
}

static bool holds(const struct finding *f)
{
	return f->verdict == VERDICT_CONFIRMED || f->verdict == VERDICT_LIKELY;
}

static const struct growth_part *part(const char *account, bool harmless)
{
	for (size_t i = 0; i < d.growth.count; i++)
		if (!strcmp(d.growth.at[i].account, account) && d.growth.at[i].harmless == harmless)
			return &d.growth.at[i];
	return NULL;
}

Test(diagnosis, every_cause_appears_exactly_once_whatever_is_known)
{
	judge(0);
	cr_assert_eq(d.count, CAUSE_COUNT);
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		int times = 0;

		for (size_t i = 0; i < d.count; i++)
			times += d.all[i].cause == &CAUSES[c];
		cr_assert_eq(times, 1, "%s appears %d times", CAUSES[c].id, times);
	}
}

Test(diagnosis, nothing_known_is_healthy_and_says_what_is_missing)
{
	judge(0);
	cr_assert(d.healthy);
	cr_assert_eq(d.held, 0);
	for (size_t i = 0; i < d.count; i++) {
		cr_assert_eq(d.all[i].verdict, VERDICT_CANNOT_TELL, "%s", d.all[i].cause->id);
		cr_assert(d.all[i].missing && *d.all[i].missing, "%s", d.all[i].cause->id);
		cr_assert(d.all[i].how && *d.all[i].how, "%s", d.all[i].cause->id);
		cr_assert_not_null(d.all[i].text);
	}
}

Test(diagnosis, commands_name_the_target)
{
	judge(0);
	for (size_t i = 0; i < d.count; i++)
		cr_assert_null(strstr(d.all[i].how, "PID"), "%s: %s", d.all[i].cause->id,
			       d.all[i].how);
}

Test(diagnosis, the_catalogue_is_complete_and_its_ids_are_unique)
{
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		const struct cause *c = &CAUSES[i];

		cr_assert_eq(cause_find(c->id), c, "%s", c->id);
		cr_assert(*c->title && *c->symptom && *c->decisive && *c->ruled_out_by, "%s",
			  c->id);
		cr_assert(*c->remedy && *c->source, "%s", c->id);
		cr_assert_eq(strncmp(c->how, "jledger ", 8), 0, "%s", c->id);
	}
	cr_assert_null(cause_find("no-such-cause"));
}

Test(diagnosis, every_rule_judges_a_cause_of_the_catalogue)
{
#define RULE(name) cr_assert_not_null(cause_find(rule_##name.cause));
#include "diagnose/rules.def"
#undef RULE
}

Test(diagnosis, what_holds_comes_first_then_ruled_out_then_cannot_tell)
{
	int stage = 0;

	give_buffers(MIB(100), MIB(200));
	give_threads(&first, "worker-%d", 5);
	give_threads(&now, "worker-%d", 5);
	judge(10);
	for (size_t i = 0; i < d.count; i++) {
		int next = holds(&d.all[i]) ? 0 : d.all[i].verdict == VERDICT_RULED_OUT ? 1 : 2;

		cr_assert_geq(next, stage, "%s", d.all[i].cause->id);
		if (i > 0 && next == stage && next > 0)
			cr_assert_gt(d.all[i].cause, d.all[i - 1].cause);
		stage = next;
	}
	cr_assert_eq(stage, 2);
	cr_assert_eq(d.held, 1);
	cr_assert_str_eq(d.all[0].cause->id, "direct-buffers");
	cr_assert(!d.healthy);
}

Test(diagnosis, the_cause_that_explains_more_growth_comes_first)
{
	give_buffers(MIB(10), MIB(20));
	give_threads(&first, "pool-%d-thread-1", 100);
	give_threads(&now, "pool-%d-thread-1", 200);
	judge(10);
	cr_assert_eq(d.held, 2);
	cr_assert_str_eq(d.all[0].cause->id, "direct-buffers"); // 1 MB/s; the stacks have no pages
	cr_assert_str_eq(d.all[1].cause->id, "thread-leak");
}

Test(diagnosis, a_note_leaves_the_jvm_healthy_and_stands_behind_a_cause)
{
	give_pages(&first, "java-heap", GIB(4), MIB(64));
	give_pages(&now, "java-heap", GIB(4), MIB(64));
	give(F_HEAP_COMMITTED, MIB(64), MIB(64));
	give(F_HEAP_PRETOUCH, 1, 1);
	judge(10);
	cr_assert(d.healthy);
	cr_assert_eq(d.held, 1);
	cr_assert_str_eq(d.all[0].cause->id, "heap-pretouched");

	give_buffers(MIB(10), MIB(20));
	judge(10);
	cr_assert(!d.healthy);
	cr_assert_eq(d.held, 2);
	cr_assert_str_eq(d.all[0].cause->id, "direct-buffers");
	cr_assert_str_eq(d.all[1].cause->id, "heap-pretouched");
}

static void give_limit(uint64_t limit)
{
	now.container = (struct container_facts){
		.known = true, .limit = limit, .usage = UNKNOWN_BYTES, .working_set = UNKNOWN_BYTES
	};
}

static void give_rss(enum fact_id heap_committed, uint64_t committed)
{
	give(heap_committed, committed, committed);
}

Test(diagnosis, the_limit_is_foreseen_from_all_growth_with_an_interval)
{
	give_pages(&first, "metaspace", GIB(4), MIB(50));
	give_pages(&now, "metaspace", GIB(4), MIB(100));
	give_pages(&first, "java-heap", GIB(8), MIB(100));
	give_pages(&now, "java-heap", GIB(8), MIB(150));
	give(F_RSS, MIB(150), MIB(250));
	give(F_RSS_AFTER, MIB(150), MIB(250));
	give_rss(F_HEAP_COMMITTED, MIB(256));
	give_limit(MIB(450));
	judge(10);
	cr_assert(d.limit_eta.known);
	cr_assert_float_eq(d.limit_eta.mid_s, 20, 0.1); // 200 MB at 10 MB/s
	cr_assert_lt(d.limit_eta.low_s, d.limit_eta.mid_s);
	cr_assert_float_eq(d.limit_eta.high_s, 40, 1); // without the heap's first touch
}

Test(diagnosis, first_touch_that_ends_below_the_limit_never_reaches_it)
{
	give_pages(&first, "java-heap", GIB(8), MIB(100));
	give_pages(&now, "java-heap", GIB(8), MIB(150));
	give(F_RSS, MIB(100), MIB(150));
	give(F_RSS_AFTER, MIB(100), MIB(150));
	give_rss(F_HEAP_COMMITTED, MIB(256));
	give_limit(MIB(450));
	judge(10);
	cr_assert(!d.limit_eta.known);
	cr_assert_eq(part("java-heap", true)->bytes, (int64_t)MIB(50));
	cr_assert_null(part("java-heap", false));
}

Test(diagnosis, first_touch_that_leads_beyond_the_limit_is_foreseen_without_an_upper_end)
{
	give_pages(&first, "java-heap", GIB(8), MIB(100));
	give_pages(&now, "java-heap", GIB(8), MIB(150));
	give(F_RSS, MIB(100), MIB(150));
	give(F_RSS_AFTER, MIB(100), MIB(150));
	give_rss(F_HEAP_COMMITTED, MIB(900));
	give_limit(MIB(450));
	judge(10);
	cr_assert(d.limit_eta.known);
	cr_assert_float_eq(d.limit_eta.mid_s, 60, 0.1);
	cr_assert(isinf(d.limit_eta.high_s));
}

Test(diagnosis, first_touch_ends_on_the_way_to_the_limit)
{
	give_pages(&first, "metaspace", GIB(4), MIB(50));
	give_pages(&now, "metaspace", GIB(4), MIB(100));
	give_pages(&first, "java-heap", GIB(8), MIB(50));
	give_pages(&now, "java-heap", GIB(8), MIB(150));
	give(F_RSS, MIB(100), MIB(250));
	give(F_RSS_AFTER, MIB(100), MIB(250));
	give_rss(F_HEAP_COMMITTED, MIB(200));
	give_limit(MIB(450));
	judge(10);
	cr_assert(d.limit_eta.known);
	// 50 MB of heap are left, which takes 5 s; the other 150 MB come at 5 MB/s.
	cr_assert_float_eq(d.limit_eta.mid_s, 30, 0.1);
	cr_assert_float_eq(d.limit_eta.high_s, 40, 1);
}

Test(diagnosis, without_a_limit_a_window_or_growth_nothing_is_foreseen)
{
	give_pages(&first, "metaspace", GIB(4), MIB(50));
	give_pages(&now, "metaspace", GIB(4), MIB(100));
	judge(10);
	cr_assert(!d.limit_eta.known);
	give_limit(MIB(450));
	judge(0);
	cr_assert(!d.limit_eta.known);
	cr_assert_eq(d.growth.count, 0);
	first.runs = now.runs;
	first.claims = now.claims;
	judge(10);
	cr_assert(!d.limit_eta.known);
}

Test(diagnosis, growth_is_listed_by_size_and_split_into_harmless_and_the_rest)
{
	give_pages(&first, "code-cache", GIB(4), MIB(3));
	give_pages(&now, "code-cache", GIB(4), MIB(6));
	give_pages(&first, "metaspace", GIB(8), MIB(10));
	give_pages(&now, "metaspace", GIB(8), MIB(50));
	give_pages(&first, "thread-stacks", GIB(12), MIB(9));
	give_pages(&now, "thread-stacks", GIB(12), MIB(4));
	judge(10);
	cr_assert_eq(d.growth.count, 3);
	cr_assert_str_eq(d.growth.at[0].account, "metaspace");
	cr_assert_eq(d.growth.at[0].bytes, (int64_t)MIB(40));
	cr_assert(!d.growth.at[0].harmless);
	cr_assert_null(d.growth.at[0].why);
	cr_assert(part("code-cache", true));
	cr_assert_not_null(part("code-cache", true)->why);
	cr_assert_eq(part("thread-stacks", false)->bytes, -(int64_t)MIB(5));
}

Test(diagnosis, a_code_cache_near_its_reserve_is_no_warm_up)
{
	give_pages(&first, "code-cache", GIB(4), MIB(40));
	give_pages(&now, "code-cache", GIB(4), MIB(46));
	give(F_CODE_USED, MIB(40), MIB(46));
	give(F_CODE_RESERVED, MIB(48), MIB(48));
	judge(10);
	cr_assert_not_null(part("code-cache", false));
}

Test(diagnosis, names_are_those_of_the_contract)
{
	cr_assert_str_eq(verdict_name(VERDICT_RULED_OUT), "ruled out");
	cr_assert_str_eq(verdict_name(VERDICT_CANNOT_TELL), "cannot tell");
	cr_assert_str_eq(finding_kind_name(KIND_RISK), "risk");
	cr_assert_str_eq(collectable_name(COLLECTABLE_NO), "no");
	cr_assert_null(collectable_name(COLLECTABLE_NONE));
}
