// SPDX-License-Identifier: Apache-2.0
// The number of mappings, or of processes and threads, is at its limit: "unable to create native thread" or
// "Map failed" while memory is free.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/stems.h"
#include "diagnose/weigh.h"

// Of the limit.  A thread needs two mappings and a JVM that starts some more, so that the last percents are as
// good as none.
static const double REACHED = 0.97, NEAR = 0.80;
static const double MOST = 0.5; // of what counts against the limit: one kind of threads

struct use {
	const char *what, *limit_name, *fact;
	uint64_t now, limit;
	double part;
};

static struct use use_of(uint64_t now, uint64_t limit, const char *what, const char *limit_name,
			 const char *fact)
{
	struct use u = {
		.what = what, .limit_name = limit_name, .fact = fact, .now = now, .limit = limit
	};

	u.part = limit && limit != UNKNOWN_BYTES && now != UNKNOWN_BYTES
			 ? (double)now / (double)limit
			 : 0;
	return u;
}

// The threads that have most of the container's room, or NULL.
static const struct stem_row *threads_of_most(const struct evidence *e, struct arena *mem,
					      const struct use *u)
{
	struct stems stems;

	stems_of(e->now, e->ledger, mem, &stems);
	return stems.rows.count && (double)stems.rows.at[0].threads >= MOST * (double)u->now
		       ? &stems.rows.at[0]
		       : NULL;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	const struct container_facts *c = &now->container;
	struct use pids =
		use_of(c->known ? c->pids_current : UNKNOWN_BYTES, c->pids_max,
		       "processes and threads of the container", "pids.max", "container.pids");
	struct use maps = use_of(snapshot_get(now, F_MAPPINGS, UNKNOWN_BYTES),
				 snapshot_get(now, F_MAPPINGS_MAX, UNKNOWN_BYTES), "mappings",
				 "vm.max_map_count", "os.mappings");
	const struct use *most = pids.part > maps.part ? &pids : &maps;
	const struct stem_row *threads;
	double grown = 0;

	if (most->part <= 0)
		return cannot_tell(out, mem,
				   "the numbers of mappings and of processes, and their limits",
				   out->cause->how);
	if (most == &maps)
		weigh_fact(e, F_MAPPINGS, &grown);
	else if (e->first->container.known && e->first->container.pids_current != UNKNOWN_BYTES)
		grown = (double)c->pids_current - (double)e->first->container.pids_current;
	if (most->part < NEAR || (most->part < REACHED && grown <= 0))
		return ruled_out(out, mem, "%llu %s, of at most %llu",
				 (unsigned long long)most->now, most->what,
				 (unsigned long long)most->limit);
	out->culprit.kind = "limit";
	out->culprit.name =
		arena_format(mem, "%s = %llu", most->limit_name, (unsigned long long)most->limit);
	add_evidence(out, mem, most->fact, (double)most->now, most == &pids ? "cgroup" : "proc",
		     "%llu %s, %+.0f in the window, of at most %llu", (unsigned long long)most->now,
		     most->what, grown, (unsigned long long)most->limit);
	threads = most == &pids ? threads_of_most(e, mem, most) : NULL;
	if (threads) {
		out->culprit.name =
			arena_format(mem, "%s, of which %u threads %s", out->culprit.name,
				     threads->threads, threads->stem);
		add_evidence(out, mem, "threads.stem.count", threads->threads,
			     weigh_source(now, F_JAVA_THREADS), "%u of them are threads %s",
			     threads->threads, threads->stem);
	}
	weigh_remedy(out, mem, out->cause->remedy);
	out->at_limit = most->part >= REACHED;
	if (most->part >= REACHED)
		return confirmed(out, mem, "%llu %s stand against a limit of %llu (%s).",
				 (unsigned long long)most->now, most->what,
				 (unsigned long long)most->limit, most->limit_name);
	return likely(out, mem, "%llu %s grow towards the limit of %llu (%s): %+.0f in %s.",
		      (unsigned long long)most->now, most->what, (unsigned long long)most->limit,
		      most->limit_name, grown, weigh_window_text(mem, e));
}

const struct rule rule_limit_maps_or_pids = { .cause = "limit-maps-or-pids", .judge = judge };
