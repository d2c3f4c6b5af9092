// SPDX-License-Identifier: Apache-2.0
// Other processes fill the container.
//
// A sidecar that has its share is what containers are built with: others must have more than the JVM has, or
// grow, in a container that is nearly full or that fills up.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// Of the limit.
static const double MUCH = 0.20, FULL = 0.75, GROWN = 0.02;

static uint64_t others(const struct container_facts *c)
{
	if (!c->known || c->others_rss_anon == UNKNOWN_BYTES ||
	    c->others_rss_shmem == UNKNOWN_BYTES)
		return UNKNOWN_BYTES;
	return c->others_rss_anon + c->others_rss_shmem;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct container_facts *c = &e->now->container;
	uint64_t now = others(c), was = others(&e->first->container);
	uint64_t rss = snapshot_get(e->now, F_RSS, 0);
	double fill = weigh_container_fill(e->now), growth = 0;
	enum verdict none;
	bool grows;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (!c->processes)
		return ruled_out(out, mem, "the JVM is alone in its container");
	if (now == UNKNOWN_BYTES)
		return cannot_tell(out, mem, "what the container's other processes have",
				   out->cause->how);
	if (weigh_has_window(e) && was != UNKNOWN_BYTES)
		growth = (double)now - (double)was;
	grows = growth >= GROWN * (double)c->limit;
	if ((double)now < MUCH * (double)c->limit && !grows)
		return ruled_out(out, mem, "%s %s %s",
				 weigh_count(mem, c->processes, "other process"),
				 c->processes == 1 ? "has" : "have", weigh_size(mem, now));
	if (!grows && (fill < FULL || now < rss))
		return ruled_out(
			out, mem,
			"other processes have %s, the JVM %s, and the container is filled to "
			"%.0f %%",
			weigh_size(mem, now), weigh_size(mem, rss), 100 * fill);
	out->bytes = now;
	out->has_growth = weigh_has_window(e);
	out->growth_per_s = out->has_growth ? growth / e->window_s : 0;
	out->culprit.kind = "process";
	out->culprit.name = c->other_pid
				    ? arena_format(mem, "%s (pid %d)", c->other_name, c->other_pid)
				    : "another process";
	add_evidence(out, mem, "container.others", (double)now, "cgroup",
		     "%s with %s of their own memory; the JVM has %s",
		     weigh_count(mem, c->processes, "other process"), weigh_size(mem, now),
		     weigh_size(mem, rss));
	if (c->other_pid)
		add_evidence(out, mem, "container.largest", (double)c->other_rss, "proc",
			     "%s, pid %d, has %s", c->other_name, c->other_pid,
			     weigh_size(mem, c->other_rss));
	if (growth != 0)
		add_evidence(out, mem, "container.others_growth", growth, "cgroup",
			     "they grew by %s in %s", weigh_signed_size(mem, growth),
			     weigh_window_text(mem, e));
	weigh_remedy(out, mem, out->cause->remedy);
	if (fill >= FULL && now >= rss)
		return confirmed(
			out, mem,
			"Other processes have %s of the container's %s, the JVM only %s; the "
			"largest is %s.",
			weigh_size(mem, now), weigh_size(mem, c->limit), weigh_size(mem, rss),
			out->culprit.name);
	return likely(out, mem,
		      "Other processes of the container grow: %s, %s in %s; the largest is %s.",
		      weigh_size(mem, now), weigh_signed_size(mem, growth),
		      weigh_window_text(mem, e), out->culprit.name);
}

const struct rule rule_container_children = { .cause = "container-children", .judge = judge };
