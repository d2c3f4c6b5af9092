// SPDX-License-Identifier: Apache-2.0
#include "heap/graph.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "heap/paths.h"
#include "heap/query.h"
#include "heap/suspects.h"
#include "heap/tree.h"
#include "maker.h"

static struct arena mem;
static struct bigs bigs = { .limit = UINT64_MAX, .directory = "/tmp" };
static struct dump d;
static struct graph g;

static void drop(void)
{
	graph_drop(&g);
	dump_close(&d);
	arena_drop(&mem);
}

TestSuite(graph, .fini = drop);

static void open_made(const struct maker *m)
{
	struct fail why = { 0 };

	cr_assert(dump_parse((struct span){ (char *)m->at, m->len }, &bigs, NULL, NULL, &mem, &d,
			     &why),
		  "%s", why.text);
	d.image.bytes = (struct span){ (char *)m->at, m->len };
	cr_assert(graph_build(&d, 0, NULL, NULL, &g, &why), "%s", why.text);
	d.image.bytes.at = m->at ? (char *)m->at : NULL;
}

static struct maker m;
static void open_small(void)
{
	make_small(&m, 8, "JAVA PROFILE 1.0.2");
	open_made(&m);
}

// The dump's bytes are the test's: nothing is to be unmapped.
static void keep_bytes(void)
{
	d.image.bytes.at = NULL;
}

static uint64_t idom_id(uint64_t id)
{
	uint32_t n = graph_idom(&g, graph_find(&g, id));
	struct hprof_part p;

	if (n == GRAPH_TOP)
		return 0;
	graph_part(&g, n, &p);
	return p.id;
}

Test(graph, every_object_is_counted_with_its_class)
{
	open_small();
	cr_expect_eq(d.objects, 9 + 11);
	cr_expect_eq(dump_class_named(&d, "shop.Node")->instances, 6);
	cr_expect_eq(dump_class_named(&d, "[Ljava.lang.Object;")->instances, 1);
	cr_expect_eq(dump_class_named(&d, "[B")->instances, 1);
	cr_expect_eq(d.loss, NULL);
	cr_expect_eq(d.dumps, 1);
	keep_bytes();
}

Test(graph, dominators_and_what_nothing_holds)
{
	open_small();
	cr_expect_eq(g.reached - GRAPH_TOP, d.objects - 1, "one is garbage");
	cr_expect_gt(graph_find(&g, 0x6000), g.reached);
	cr_expect_eq(graph_find(&g, 0xdead00), 0);
	cr_expect_eq(g.dangling, 0, "garbage's do not count");
	cr_expect_eq(idom_id(0x2000), 0x1400);
	cr_expect_eq(idom_id(0x2018), 0x2000);
	cr_expect_eq(idom_id(0x2038), 0x2018);
	cr_expect_eq(idom_id(0x2050), 0x2018, "two ways lead to it");
	cr_expect_eq(idom_id(0x4100), 0x4000, "a local belongs to its thread");
	cr_expect_eq(idom_id(0x1400), 0);
	keep_bytes();
}

Test(graph, a_retained_size_is_the_sum_of_what_is_dominated)
{
	uint64_t sum = 0;

	open_small();
	for (uint64_t id = 0x2018; id; id = id == 0x2018   ? 0x2038
					    : id == 0x2038 ? 0x2050
					    : id == 0x2050 ? 0x2068
							   : 0)
		sum += graph_size(&g, graph_find(&g, id));
	cr_expect_eq(graph_retained(&g, graph_find(&g, 0x2018)), sum);
	cr_expect_eq(graph_retained(&g, GRAPH_TOP), g.live_bytes);
	keep_bytes();
}

Test(graph, threads_have_frames_and_locals)
{
	open_small();
	cr_assert_eq(d.threads.count, 1);
	cr_assert_eq(d.threads.at[0].frame_count, 1);
	cr_expect_str_eq(d.threads.at[0].frames[0]->method, "run");
	cr_expect_str_eq(d.threads.at[0].frames[0]->class_name, "shop.Node");
	cr_expect_eq(d.threads.at[0].frames[0]->line, 33);
	cr_assert_eq(d.threads.at[0].local_count, 1);
	cr_expect_eq(d.threads.at[0].locals[0], 0x4100);
	keep_bytes();
}

Test(graph, a_path_has_fields_and_passes_weak_references_by)
{
	uint32_t targets[2];
	struct path p[2];

	open_small();
	targets[0] = graph_find(&g, 0x2050);
	targets[1] = graph_find(&g, 0x5018);
	cr_assert(paths_find(&g, GRAPH_SKIP_ALL, targets, 2, &mem, p, NULL));
	cr_assert_eq(p[0].count, 4);
	cr_expect_str_eq(p[0].root, "JNI global reference");
	cr_expect_str_eq(path_via(&p[0].steps[1].via, &mem), "static ROOT");
	cr_expect_str_eq(path_via(&p[0].steps[2].via, &mem), ".next");
	cr_expect_str_eq(path_via(&p[0].steps[3].via, &mem), "[1]");
	cr_expect_eq(p[1].count, 0, "only a weak reference leads there");
	cr_assert(paths_find(&g, 0, targets + 1, 1, &mem, p, NULL));
	cr_assert_eq(p[0].count, 2);
	cr_expect_str_eq(path_via(&p[0].steps[1].via, &mem), ".referent");
	keep_bytes();
}

Test(graph, merged_paths_count_instances)
{
	struct path_tree t;

	open_small();
	cr_assert(paths_merge(&g, GRAPH_SKIP_ALL, dump_class_named(&d, "shop.Node"), 40, &mem, &t,
			      NULL));
	cr_expect_eq(t.reached, 4);
	cr_expect_eq(t.missed, 2);
	cr_assert_gt(t.count, 0);
	cr_expect_str_eq(t.steps[0].object, "class shop.Node");
	cr_expect_eq(t.steps[0].count, 3);
	keep_bytes();
}

static uint64_t matches(const char *text)
{
	struct query_result found;
	struct query q;
	struct fail why;

	cr_assert(query_parse(text, &q, &why), "%s", why.text);
	cr_assert(query_run(&g, &q, 100, &mem, &found, &why), "%s", why.text);
	return found.matched;
}

Test(graph, a_query_finds_objects_by_their_fields)
{
	struct query_result found;
	struct query q;

	open_small();
	cr_expect_eq(matches("from shop.Node"), 6);
	cr_expect_eq(matches("from shop.Node where next = null"), 3);
	// The garbage refers to what is not in the dump, too.
	cr_expect_eq(matches("from shop.Node where next != null and kept = null"), 3);
	cr_expect_eq(matches("from shop.Node where next.next = null"), 1);
	cr_expect_eq(matches("from shop.Node where nothing = null"), 0);
	cr_expect_eq(matches("from instanceof java.lang.ref.Reference where @size >= 8"), 1);
	cr_assert(query_parse("select @object, next from shop.Node where @object = '0x2038'", &q,
			      NULL));
	cr_assert(query_run(&g, &q, 100, &mem, &found, NULL));
	cr_assert_eq(found.count, 1);
	cr_expect_str_eq(found.at[0].values[0], "0x2038");
	cr_expect_str_eq(found.at[0].values[1], "0x2050");
	keep_bytes();
}

Test(graph, a_query_that_makes_no_sense_is_refused)
{
	static const char *const WRONG[] = { "",
					     "select",
					     "select a",
					     "select a b",
					     "shop.Node",
					     "from",
					     "from A where",
					     "from A where b",
					     "from A b",
					     "from A where b = ",
					     "from A where b ! 1",
					     "from A where b = 1 or c = 2",
					     "select ,, from A" };
	struct query q;

	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		cr_expect_not(query_parse(WRONG[i], &q, NULL), "%s", WRONG[i]);
}

Test(graph, a_class_retains_what_its_topmost_instances_do)
{
	uint64_t retained[32] = { 0 };
	const struct klass *k;

	open_small();
	k = dump_class_named(&d, "shop.Node");
	cr_assert(tree_class_retained(&g, retained, NULL));
	// The class itself is on top of the list; the local and the weakly held one are apart.
	cr_expect_eq(retained[k->index], graph_retained(&g, graph_find(&g, 0x1400)) +
						 graph_retained(&g, graph_find(&g, 0x4100)) +
						 graph_retained(&g, graph_find(&g, 0x5018)));
	keep_bytes();
}

Test(graph, a_cut_dump_is_read_as_far_as_it_goes)
{
	struct fail why;

	make_small(&m, 4, "JAVA PROFILE 1.0.1");
	for (size_t len = 31; len < m.len; len++) {
		uint8_t *copy = malloc(len);

		memcpy(copy, m.at, len);
		if (dump_parse((struct span){ (char *)copy, len }, &bigs, NULL, NULL, &mem, &d,
			       &why)) {
			cr_expect_neq(d.loss, NULL, "%zu bytes", len);
			cr_assert(graph_build(&d, 0, NULL, NULL, &g, &why));
			cr_expect_leq(g.reached, g.last);
			graph_drop(&g);
		} else {
			cr_expect_neq(strlen(why.text), 0);
		}
		d.image.bytes.at = NULL;
		dump_close(&d);
		free(copy);
	}
}

// A dump of objects that refer to each other at random, against removal of each object.
static void random_dump(uint32_t count, uint32_t *to, uint32_t *degree, uint8_t *root)
{
	const struct made_field none[] = { { 0 } };

	(void)none;
	start_dump(&m, 8, "JAVA PROFILE 1.0.2");
	name_class(&m, 1, 0x1000, 10, "java/lang/Object");
	name_class(&m, 2, 0x1500, 15, "[Ljava/lang/Object;");
	open_record(&m, 0x1c);
	put_class(&m, 0x1000, 0, 0, NULL, 0, NULL, 0);
	put_class(&m, 0x1500, 0x1000, 0, NULL, 0, NULL, 0);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t refs[200];

		for (uint32_t e = 0; e < degree[i]; e++)
			refs[e] = 0x10000 + (uint64_t)to[i * 200 + e] * 0x800;
		put_objects(&m, 0x10000 + (uint64_t)i * 0x800, 0x1500, refs, degree[i]);
		if (root[i])
			put_root(&m, 0x01, 0x10000 + (uint64_t)i * 0x800, 0, 0);
	}
	put_root(&m, 0x05, 0x1000, 0, 0);
	put_root(&m, 0x05, 0x1500, 0, 0);
	end_dump(&m);
}

static uint64_t reach_without(uint32_t count, const uint32_t *to, const uint32_t *degree,
			      const uint8_t *root, uint32_t without, uint8_t *seen)
{
	uint32_t queue[300], n = 0;

	memset(seen, 0, count);
	for (uint32_t i = 0; i < count; i++)
		if (root[i] && i != without) {
			seen[i] = 1;
			queue[n++] = i;
		}
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t e = 0; e < degree[queue[i]]; e++) {
			uint32_t v = to[queue[i] * 200 + e];

			if (v != without && !seen[v]) {
				seen[v] = 1;
				queue[n++] = v;
			}
		}
	return n;
}

Test(graph, retained_sizes_of_random_dumps_are_as_removal_says)
{
	static uint32_t to[300 * 200], degree[300];
	static uint8_t root[300], all[300], seen[300];
	uint64_t wrong = 0, checked = 0;

	srand(7);
	for (int round = 0; round < 150; round++) {
		uint32_t count = 2 + (uint32_t)rand() % 298;

		for (uint32_t i = 0; i < count; i++) {
			// Now and then more references than are looked at together.
			degree[i] = (uint32_t)rand() % (rand() % 50 ? 4 : 200);
			root[i] = rand() % 40 == 0;
			for (uint32_t e = 0; e < degree[i]; e++)
				to[i * 200 + e] = (uint32_t)rand() % count;
		}
		random_dump(count, to, degree, root);
		open_made(&m);
		reach_without(count, to, degree, root, UINT32_MAX, all);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t n = graph_find(&g, 0x10000 + (uint64_t)i * 0x800);
			uint64_t lost = 0;

			cr_assert_eq(n <= g.reached, all[i]);
			if (!all[i])
				continue;
			reach_without(count, to, degree, root, i, seen);
			for (uint32_t v = 0; v < count; v++)
				if (all[v] && !seen[v])
					lost += graph_size(
						&g, graph_find(&g, 0x10000 + (uint64_t)v * 0x800));
			wrong += graph_retained(&g, n) != lost;
			checked++;
		}
		graph_drop(&g);
		d.image.bytes.at = NULL;
		dump_close(&d);
		free(m.at);
	}
	cr_expect_eq(wrong, 0, "%lu of %lu", (unsigned long)wrong, (unsigned long)checked);
	cr_expect_gt(checked, 3000);
}

Test(graph, the_last_of_several_dumps_is_meant)
{
	struct maker two;
	size_t len;

	make_small(&two, 8, "JAVA PROFILE 1.0.2");
	len = two.len;
	open_record(&two, 0x0c);
	put_class(&two, 0x1000, 0, 0, NULL, 0, NULL, 0);
	put_instance(&two, 0x9000, 0x1000, NULL, 0);
	put_root(&two, 0x05, 0x1000, 0, 0);
	close_record(&two);
	cr_assert_gt(two.len, len);
	open_made(&two);
	cr_expect_eq(d.dumps, 2);
	cr_expect_eq(d.objects, 2);
	cr_expect_eq(d.loss, NULL);
	keep_bytes();
	free(two.at);
}
