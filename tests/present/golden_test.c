// SPDX-License-Identifier: Apache-2.0
// What a JVM made by hand looks like in every form, against the files in expected/.
// JLEDGER_REWRITE=1 unit-present writes these files anew; read the diff before you commit it.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "diagnose/diagnosis.h"
#include "facts/jvms.h"
#include "given.h"
#include "given_nmt.h"
#include "ledger/ledger.h"
#include "present/doctor_html.h"
#include "present/html.h"
#include "present/jvm_list.h"
#include "present/report.h"

static struct arena mem;
static struct snapshot first, now;
static struct ledger first_ledger, ledger;
static struct report r;

static void build(void)
{
	struct fail why;

	given_jvm(&first, &mem, 0, 100);
	given_jvm(&now, &mem, MIB(3), 128);
	cr_assert(ledger_build(&first, &mem, &first_ledger, &why), "%s", why.text);
	cr_assert(ledger_build(&now, &mem, &ledger, &why), "%s", why.text);
	r = (struct report){
		.now = &now,
		.first = &now,
		.ledger = &ledger,
		.first_ledger = &ledger,
		.tool_version = "0.0",
	};
}

static void open_window(void)
{
	ledger_grow(&ledger, &first_ledger);
	r.first = &first;
	r.first_ledger = &first_ledger;
	r.window_s = 28;
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(golden, .init = build, .fini = end);

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t room = 1 << 20;
	char *text = arena_get(&mem, room);

	if (f) {
		text[fread(text, 1, room - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

static void expect(const char *name, const char *text)
{
	const char *path = arena_format(&mem, "%s/%s", EXPECTED, name);

	if (getenv("JLEDGER_REWRITE")) {
		FILE *f = fopen(path, "w");

		cr_assert(f);
		fputs(text, f);
		fclose(f);
	}
	cr_expect_str_eq(text, read_file(path), "%s differs:\n%s", name, text);
}

typedef void printer(const struct report *r, FILE *to);

static char *printed(printer *print)
{
	char *text, *copy;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print(&r, f);
	fclose(f);
	copy = arena_text(&mem, text);
	free(text);
	return copy;
}

Test(golden, a_ledger_as_text)
{
	expect("map.txt", printed(report_map_text));
}

Test(golden, a_ledger_with_its_growth)
{
	open_window();
	expect("map-growth.txt", printed(report_map_text));
}

Test(golden, a_ledger_by_mapping_shows_what_nobody_claims)
{
	r.by = BY_MAPPING;
	expect("map-mapping.txt", printed(report_map_text));
}

Test(golden, a_ledger_by_thread_loader_and_arena)
{
	char *all;

	r.by = BY_THREAD;
	all = printed(report_map_text);
	r.by = BY_LOADER;
	all = arena_format(&mem, "%s\n%s", all, printed(report_map_text));
	r.by = BY_ARENA;
	expect("map-drill.txt", arena_format(&mem, "%s\n%s", all, printed(report_map_text)));
}

Test(golden, swapped_memory_gets_a_column)
{
	struct fail why;

	vec_push(&mem, &now.runs,
		 (struct run_row){
			 .start = 0x7f0040000000, .end = 0x7f0040200000, .swapped = true });
	cr_assert(ledger_build(&now, &mem, &ledger, &why), "%s", why.text);
	expect("map-swap.txt", printed(report_map_text));
}

Test(golden, an_overlap_of_certain_claims_is_said_aloud)
{
	struct fail why;

	snapshot_claim(&now, (struct claim){ .start = 0x7f0020000000,
					     .end = 0x7f0020001000,
					     .account = "gc",
					     .source = "probe" });
	cr_assert(ledger_build(&now, &mem, &ledger, &why), "%s", why.text);
	cr_assert(strstr(printed(report_map_text), "CHECK FAILED"));
}

Test(golden, a_ledger_as_json_in_all_its_forms)
{
	static const char *const NAMES[] = { "map.json", "map-mapping.json", "map-thread.json",
					     "map-loader.json", "map-arena.json" };

	open_window();
	for (int by = BY_ACCOUNT; by <= BY_ARENA; by++) {
		r.by = (enum report_by)by;
		expect(NAMES[by], printed(report_map_json));
	}
}

Test(golden, a_list_that_nobody_could_bring_is_null_and_never_an_empty_one)
{
	static const char *const UNLISTED[] = { NULL, NULL, "\"threads\":null", "\"loaders\":null",
						"\"arenas\":null" };

	now.threads.count = now.loaders.count = now.arenas.count = 0;
	now.fact[F_LOADERS].known = now.fact[F_MALLOC_ARENAS].known = false;
	for (int by = BY_THREAD; by <= BY_ARENA; by++) {
		r.by = (enum report_by)by;
		cr_expect(strstr(printed(report_map_json), UNLISTED[by]), "%s", UNLISTED[by]);
	}
	now.fact[F_LOADERS].known = true; // a VM that starts has none yet
	r.by = BY_LOADER;
	cr_expect(strstr(printed(report_map_json), "\"loaders\":[]"));
}

static void given_tracking(void)
{
	given_nmt(&first, 0);
	given_nmt(&now, MIB(1));
}

Test(golden, native_memory_tracking_is_named_below_the_ledger)
{
	given_tracking();
	cr_assert(strstr(printed(report_map_text), "NMT (detail): 136.0 MB committed"));
}

Test(golden, categories_and_sites_with_what_they_grew_by)
{
	char *all;

	given_tracking();
	open_window();
	r.by = BY_CATEGORY;
	all = printed(report_map_text);
	r.by = BY_SITE;
	all = arena_format(&mem, "%s\n%s", all, printed(report_map_text));
	expect("map-nmt.txt", all);
	expect("map-site.json", printed(report_map_json));
	r.by = BY_CATEGORY;
	expect("map-category.json", printed(report_map_json));
}

Test(golden, a_vm_that_tracks_nothing_is_told_how_it_would)
{
	now.nmt.level = "off";
	r.by = BY_CATEGORY;
	cr_assert(strstr(printed(report_map_text), "-XX:NativeMemoryTracking=summary"));
	cr_assert(strstr(printed(report_map_json), "\"categories\":null"));
	given_nmt(&now, 0);
	now.nmt.level = "summary";
	now.nmt.sites_known = false;
	r.by = BY_SITE;
	cr_assert(strstr(printed(report_map_text), "-XX:NativeMemoryTracking=detail"));
	cr_assert(strstr(printed(report_map_json), "\"sites\":null"));
}

Test(golden, what_a_report_compares_with_is_said)
{
	struct report_against against = { .capture = "old\033.jlc.zip" };

	open_window();
	r.against = &against;
	cr_assert(strstr(printed(report_map_text),
			 "against old?.jlc.zip: pid 4711, another process, 28 s before\n"));
	cr_assert(strstr(printed(report_map_json), "\"same_process\":false"));
	against.same_process = true;
	cr_assert(strstr(printed(report_map_text), "pid 4711, 28 s before\n"));
}

Test(golden, no_secret_of_the_command_line_is_printed)
{
	cr_assert_not(strstr(printed(report_map_json), "hunter2"));
	cr_assert_not(strstr(printed(report_map_text), "hunter2"));
}

static const struct cause CAUSE = {
	.id = "class-generation",
	.title = "the same class again",
	.kind = KIND_CAUSE,
	.remedy = "reuse the generator",
};
static const struct cause NOTE = {
	.id = "heap-pretouched",
	.title = "the heap was touched at the start",
	.kind = KIND_NOTE,
};
static const struct cause UNKNOWN = {
	.id = "heap-leak",
	.title = "a collection grows",
	.kind = KIND_CAUSE,
};

static void given_diagnosis(struct diagnosis *d)
{
	struct finding *f = arena_array(&mem, struct finding, 4);

	f[0] = (struct finding){
		.cause = &CAUSE,
		.verdict = VERDICT_CONFIRMED,
		.collectable = COLLECTABLE_LIKELY,
		.bytes = MIB(20),
		.growth_per_s = 112347,
		.has_growth = true,
		.text = "The same class is generated again and again: shop.Serializer_#, 6000 x, "
			"in 6000 loaders of class shop.Loader.",
		.culprit = { "class-family", "shop.Serializer_#", "shop.Loader" },
		.experiment = "jledger try PID gc",
	};
	add_evidence(&f[0], &mem, "classes.loaded", 6725, "hsperf", "classes loaded 6725");
	add_evidence(&f[0], &mem, "classes.unloaded", 0, "hsperf", "unloaded 0");
	vec_push(&mem, &f[0].confused,
		 (struct confused_row){ "direct-buffers", "there is one, of 1 MB" });
	f[1] = (struct finding){ .cause = &NOTE,
				 .verdict = VERDICT_CONFIRMED,
				 .text = "60 MB of the heap are in memory" };
	f[2] = (struct finding){ .cause = &NOTE,
				 .verdict = VERDICT_RULED_OUT,
				 .text = "the heap is not touched" };
	f[3] = (struct finding){ .cause = &UNKNOWN,
				 .verdict = VERDICT_CANNOT_TELL,
				 .missing = "the live set",
				 .how = "jledger heap PID suspects" };
	*d = (struct diagnosis){ .all = f, .count = 4, .held = 2 };
	vec_push(&mem, &d->growth,
		 (struct growth_part){ "metaspace", "Metaspace", MIB(3), false, NULL });
	d->limit_eta.known = true;
	d->limit_eta.low_s = 3000;
	d->limit_eta.mid_s = 3600;
	d->limit_eta.high_s = __builtin_inf();
	r.diagnosis = d;
}

Test(golden, a_diagnosis_as_text_and_json)
{
	struct diagnosis d;

	open_window();
	given_diagnosis(&d);
	expect("doctor.txt", printed(report_doctor_text));
	expect("doctor.json", printed(report_doctor_json));
	r.all_causes = true;
	expect("doctor-causes.txt", printed(report_doctor_text));
}

static void print_page(const struct report *report, FILE *to)
{
	html_begin("jledger doctor", to);
	doctor_html_section(report, to);
	html_end(to);
}

Test(golden, a_diagnosis_as_a_page)
{
	struct diagnosis d;

	open_window();
	given_diagnosis(&d);
	expect("doctor.html", printed(print_page));
}

Test(golden, no_name_becomes_markup)
{
	static const char *const TAGS[] = { "<script", "<img", "<b>", "</code><i", "\033" };
	struct diagnosis d;
	const char *page;

	open_window();
	given_diagnosis(&d);
	given_text(&now, F_MAIN, "<script>alert('x')</script>\033[2J");
	now.host = "<b>host</b>";
	d.all[0].text = "a & b <b>bold</b>";
	d.all[0].culprit.kind = "<b>kind";
	d.all[0].culprit.name = "</code><img src=\"x\" onerror=\"alert(1)\">";
	d.all[0].culprit.loader = "</code><i>";
	d.all[3].missing = "<script>";
	add_evidence(&d.all[0], &mem, "x", 1, "<b>source", "<b>proof");
	vec_push(&mem, &now.misses, (struct miss_row){ .collector = "x", .text = "<script>why" });
	page = printed(print_page);
	for (size_t i = 0; i < sizeof(TAGS) / sizeof(TAGS[0]); i++)
		cr_expect_not(strstr(page, TAGS[i]), "%s", TAGS[i]);
	cr_expect(strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?[2J"));
	cr_expect(strstr(page, "a &amp; b &lt;b&gt;bold"));
	cr_expect(strstr(page, "&lt;img src=&quot;x&quot; onerror="));
}

Test(golden, a_healthy_jvm)
{
	struct diagnosis d;

	given_diagnosis(&d);
	d.all += 2;
	d.count = 2;
	d.held = 0;
	d.healthy = true;
	expect("doctor-healthy.txt", printed(report_doctor_text));
}

Test(golden, the_jvms_of_a_machine)
{
	struct jvm_row row[] = {
		{ .pid = 4711,
		  .kind = JVM_HOTSPOT,
		  .ns_pid = 1,
		  .main = "shop.Main",
		  .jdk = "17.0.15",
		  .rss = MIB(113),
		  .limit = MIB(512),
		  .heap_used = MIB(52),
		  .heap_committed = MIB(128),
		  .heap_max = MIB(256),
		  .container = "3f2a",
		  .tier = TIER_A,
		  .state = "ok" },
		{ .pid = 4194304,
		  .ns_pid = 4194304,
		  .rss = MIB(99999),
		  .limit = UNKNOWN_BYTES,
		  .heap_used = UNKNOWN_BYTES,
		  .heap_committed = UNKNOWN_BYTES,
		  .heap_max = UNKNOWN_BYTES,
		  .tier = TIER_D,
		  .state = "near-limit" },
		{ .pid = 4194305,
		  .kind = JVM_OPENJ9,
		  .ns_pid = 4194305,
		  .main = "shop.Nine",
		  .jdk = "21.0.4",
		  .rss = MIB(60),
		  .limit = UNKNOWN_BYTES,
		  .heap_used = UNKNOWN_BYTES,
		  .heap_committed = UNKNOWN_BYTES,
		  .heap_max = UNKNOWN_BYTES,
		  .tier = TIER_A,
		  .state = "unsupported" },
		{ .pid = 4194306,
		  .kind = JVM_NATIVE_IMAGE,
		  .ns_pid = 4194306,
		  .main = "shop-tool",
		  .rss = MIB(20),
		  .limit = UNKNOWN_BYTES,
		  .heap_used = UNKNOWN_BYTES,
		  .heap_committed = UNKNOWN_BYTES,
		  .heap_max = UNKNOWN_BYTES,
		  .tier = TIER_A,
		  .state = "unsupported" },
	};
	struct jvm_rows rows = { row, sizeof(row) / sizeof(row[0]) };
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	report_ps_text(&rows, false, f);
	report_ps_json(&rows, "box", f);
	fclose(f);
	expect("ps.txt", text);
	free(text);
}
