// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/fail.h"
#include "heap/contents.h"
#include "heap/graph.h"
#include "heap/loading.h"
#include "heap/natives.h"
#include "heap/paths.h"
#include "heap/suspects.h"
#include "heap/tree.h"

static void look(struct graph *g, struct arena *mem)
{
	struct suspects suspects;
	struct loadings loadings;
	struct duplicates same;
	struct finalizables finalizables;
	struct natives natives;
	struct wastes wastes;
	struct path_tree tree;
	uint64_t *retained = arena_array(mem, uint64_t, g->d->classes.count + 1);

	if (graph_retained(g, GRAPH_TOP) != g->live_bytes || g->reached > g->last)
		__builtin_trap();
	for (uint32_t n = GRAPH_FIRST; n <= g->reached; n++)
		if (graph_idom(g, n) >= n || !graph_idom(g, n))
			__builtin_trap();
	suspects_find(g, mem, &suspects, NULL);
	loadings_find(g, mem, &loadings, NULL);
	duplicates_find(g, true, 10, mem, &same, NULL);
	duplicates_find(g, false, 10, mem, &same, NULL);
	finalizables_find(g, mem, &finalizables);
	natives_find(g, mem, &natives);
	waste_find(g, mem, &wastes);
	tree_class_retained(g, retained, NULL);
	if (g->d->classes.count)
		paths_merge(g, GRAPH_SKIP_ALL, g->d->classes.at[g->d->classes.count / 2], 20, mem,
			    &tree, NULL);
	for (uint32_t n = GRAPH_FIRST; n <= g->last && n < 50; n++) {
		path_thread_name(g, n, mem);
		graph_text(g, n, 100, mem);
	}
}

// Any bytes: no crash, dominators that stand above what they dominate, and sizes that sum up.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct bigs bigs = { .limit = UINT64_MAX };
	struct arena mem = { 0 };
	struct dump d;
	struct graph g;

	if (dump_parse((struct span){ (const char *)bytes, len }, &bigs, NULL, NULL, &mem, &d,
		       NULL)) {
		if (graph_build(&d, 0, NULL, NULL, &g, NULL)) {
			look(&g, &mem);
			graph_drop(&g);
		}
		d.image.bytes.at = NULL; // they are not the dump's to unmap
		dump_close(&d);
	}
	arena_drop(&mem);
	return 0;
}
