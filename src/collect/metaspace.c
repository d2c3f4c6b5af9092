// SPDX-License-Identifier: Apache-2.0
// Metaspace: nodes as claims, chunks as claims of their loaders, the loaders' bytes, and with these
// the families of classes.
#include "jvm/metaspace.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/families.h"
#include "collect/mappings.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"
#include "os/patience.h"

enum { UNLIMITED_FROM_BIT = 60 }; // MaxMetaspaceSize without a limit is nearly 2^64

static const enum fact_id FACTS[] = { F_METASPACE_USED,        F_METASPACE_COMMITTED,
				      F_METASPACE_RESERVED,    F_CLASS_SPACE_USED,
				      F_CLASS_SPACE_COMMITTED, F_CLASS_SPACE_RESERVED };

static const char *account_of(bool class_space)
{
	return class_space ? "class-space" : "metaspace";
}

static void add_limit(struct look *look, struct provenance from)
{
	uint64_t max;

	if (!hotspot_flag(look->vm, "MaxMetaspaceSize", &max))
		snapshot_set_missing(look->out, F_METASPACE_MAX, from, "no such flag");
	else if (max >> UNLIMITED_FROM_BIT)
		snapshot_set_missing(look->out, F_METASPACE_MAX, from, "unlimited");
	else
		snapshot_set(look->out, F_METASPACE_MAX, max, from);
}

static void add_node(struct look *look, const struct metaspace_node *n)
{
	snapshot_claim(look->out, (struct claim){ .start = n->start,
						  .end = n->end,
						  .account = account_of(n->class_space),
						  .part = "node",
						  .source = "vmstructs",
						  .certainty = CERTAINTY_EXACT });
}

// Chunks of one loader that touch each other become one claim.
static void add_chunks(struct look *look, const struct metaspace *m,
		       const struct metaspace_loader *l, uint32_t row)
{
	struct claim c = { 0 };

	for (size_t i = 0; i < l->chunk_count; i++) {
		const struct metaspace_chunk *k = &m->chunks.at[l->first_chunk + i];
		uint64_t end = k->start + k->committed;
		const char *account = account_of(k->class_space);

		if (c.account == account && end == c.start) {
			c.start = k->start;
			continue;
		}
		snapshot_claim(look->out, c);
		c = (struct claim){ .start = k->start,
				    .end = end,
				    .account = account,
				    .part = "chunks of loaders",
				    .source = "vmstructs",
				    .certainty = CERTAINTY_EXACT,
				    .table = row == LOADER_NONE ? CLAIM_OF_NONE : CLAIM_OF_LOADER,
				    .row = row == LOADER_NONE ? 0 : row };
	}
	snapshot_claim(look->out, c);
}

static void fill_row(struct loader_row *row, const struct metaspace_loader *l)
{
	row->used = l->nonclass.used + l->class_space.used;
	row->committed = l->nonclass.capacity + l->class_space.capacity;
	row->wasted = l->nonclass.wasted + l->class_space.wasted;
	row->class_used = l->class_space.used;
	row->class_committed = l->class_space.capacity;
}

// Loaders and their rows stand in the same order; loaders without classes have no row.
static void add_loaders(struct look *look, const struct metaspace *m)
{
	const struct hotspot_classes *c = look->classes;
	uint32_t row = 0;

	for (size_t i = 0; i < c->loaders.count; i++) {
		const struct metaspace_loader *l = &m->loaders[i];
		bool has_row = row < look->out->loaders.count &&
			       look->out->loaders.at[row].at == c->loaders.at[i].at;

		if (l->readable) {
			if (has_row)
				fill_row(&look->out->loaders.at[row], l);
			add_chunks(look, m, l, has_row ? row : LOADER_NONE);
		}
		row += has_row;
	}
}

static void add_facts(struct look *look, const struct metaspace *m, struct provenance from)
{
	uint64_t values[] = {
		m->nonclass.used,    m->nonclass.committed,    m->nonclass.reserved,
		m->class_space.used, m->class_space.committed, m->class_space.reserved
	};

	for (size_t i = 0; i < sizeof(FACTS) / sizeof(*FACTS); i++)
		snapshot_set(look->out, FACTS[i], values[i], from);
}

static void add_families(struct look *look, const struct metaspace *m)
{
	const struct hotspot_classes *c = look->classes;
	uint64_t *used;

	if (look->target->classes_alone && !(look->target->of_them & CLASSES_FAMILIES))
		return;
	used = m ? arena_array(look->mem, uint64_t, c->loaders.count + 1) : NULL;

	for (size_t i = 0; m && i < c->loaders.count; i++)
		used[i] = m->loaders[i].nonclass.used + m->loaders[i].class_space.used;
	families_build(look->vm, c, used, look->out);
	look->out->families_known = true;
}

static void add_check(struct look *look, bool class_space, const char *what, uint64_t theirs)
{
	vec_push(look->mem, &look->out->checks,
		 (struct check_row){ .account = account_of(class_space),
				     .source = "vmstructs",
				     .what = what,
				     .theirs = theirs });
}

static void add_checks(struct look *look, bool class_space, const struct metaspace_sums *counted)
{
	add_check(look, class_space, "reserved", counted->reserved);
	add_check(look, class_space, "committed", counted->committed);
	add_check(look, class_space, "used", counted->used);
}

// Whether loaders whose arenas made no sense make none when they are read again, and are still
// there: a loader that is being freed is on the list a moment longer than its arenas are.
static bool are_damaged(struct look *look, const uint64_t *at, size_t count)
{
	enum { TRIES = 3 };

	for (int i = 0; i < TRIES && count; i++) {
		struct metaspace again;

		if (!classes_any_listed(look->vm, at, count) ||
		    (metaspace_read(look->vm, at, count, look->mem, &again, NULL) &&
		     !again.unreadable))
			return false;
	}
	return count && classes_any_listed(look->vm, at, count);
}

// A loader whose arenas make no sense and that is still there makes all sums wrong; so does one
// that is not there though the VM counts it, unless it has been unloaded and is freed later: that
// happens in a VM that runs, and is shown as a check.
static bool check_sums(struct look *look, const struct metaspace *m, struct fail *why)
{
	uint64_t *at = arena_array(look->mem, uint64_t, m->loader_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < m->loader_count; i++)
		if (!m->loaders[i].readable)
			at[count++] = look->classes->loaders.at[i].at;
	if (are_damaged(look, at, count))
		return fail(why, FAIL_CORRUPT, "layout unknown: Metaspace of %zu loaders", count);
	if (!m->contradicted || !classes_are_current(look->vm, look->classes))
		return true;
	if (look_is_stopped(look))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: Metaspace sums up to less or more than the VM counts");
	if (m->chunks_counted) {
		vec_push(look->mem, &look->out->checks,
			 (struct check_row){ "metaspace", "vmstructs", "chunks", m->chunks_counted,
					     true, m->chunks_found });
		return true;
	}
	add_checks(look, false, &m->counted_nonclass);
	add_checks(look, true, &m->counted_class_space);
	return true;
}

// A node that was made since the mappings were read lies in none of them: they are read once more.
static bool read_with_new_nodes(struct look *look, const uint64_t *at, size_t count,
				struct metaspace *m, struct fail *why)
{
	enum { TRIES = 4 };
	struct patience patience = patience_start(look->target->memory);
	struct hotspot vm = *look->vm;
	struct maps now;

	while (!metaspace_read(&vm, at, count, look->mem, m, why)) {
		if (look_is_stopped(look) || patience.tries == TRIES ||
		    !patience_again(&patience) ||
		    !mappings_read(look->target->files, look->target->pid, look->mem, &now, NULL))
			return false;
		memory_forget(look->target->memory);
		vm.maps = &now;
	}
	return true;
}

static bool read_metaspace(struct look *look, struct metaspace *m, struct fail *why)
{
	const struct hotspot_classes *c = look->classes;
	uint64_t *at;

	if (!c)
		return fail(why, FAIL_ABSENT, "the class loaders can't be read");
	at = arena_array(look->mem, uint64_t, c->loaders.count + 1);
	for (size_t i = 0; i < c->loaders.count; i++)
		at[i] = c->loaders.at[i].at;
	return read_with_new_nodes(look, at, c->loaders.count, m, why) && check_sums(look, m, why);
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "metaspace", "vmstructs", CERTAINTY_EXACT);
	struct metaspace *m = arena_new(look->mem, struct metaspace);

	add_limit(look, from);
	if (!read_metaspace(look, m, why)) {
		for (size_t i = 0; i < sizeof(FACTS) / sizeof(*FACTS); i++)
			snapshot_set_missing(look->out, FACTS[i], from, why->text);
		if (look->classes)
			add_families(look, NULL);
		return false;
	}
	for (size_t i = 0; i < m->nodes.count; i++)
		add_node(look, &m->nodes.at[i]);
	add_loaders(look, m);
	add_facts(look, m, from);
	add_families(look, m);
	look->metaspace = m;
	return true;
}

const struct collector collector_metaspace = {
	.name = "metaspace",
	.sentence = "Metaspace and class space: nodes, and chunks by loader",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "metaspace", "class-space" },
	.of_classes = CLASSES_LOADERS,
	.run = run,
};
