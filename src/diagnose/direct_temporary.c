// SPDX-License-Identifier: Apache-2.0
// NIO keeps a direct buffer for each thread, as large as its largest read or write of a heap buffer.
//
// They count against the direct limit and live as long as their threads.  The caches themselves are
// read, so what is said of their size is seen; whether it is a fault is a matter of size: many
// threads with some KB each are NIO's design.

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/stems.h"
#include "diagnose/weigh.h"

#define SMALL MIB(32)
#define EACH  KIB(512) // of a thread: more is no buffer for a socket
#define GROWN MIB(4)   // within the window
static const double OF_RSS = 0.05;

struct kept {
	double bytes, grown;
	uint32_t holders;
	const struct thread_row *most;
};

// A buffer that is written from at that moment stands in no cache: where the caches are most of the
// direct pool the pool's growth, which has those as well, is theirs.
static double growth(const struct evidence *e)
{
	double counted = (double)snapshot_get(e->now, F_DIRECT_TEMPORARY_COUNTED, 0);
	double pool = (double)snapshot_get(e->now, F_DIRECT_RESERVED, 0), grown = 0;

	if (counted * 2 < pool || counted <= 0 || !weigh_fact(e, F_DIRECT_RESERVED, &grown))
		weigh_fact(e, F_DIRECT_TEMPORARY, &grown);
	return grown;
}

static struct kept measure(const struct evidence *e)
{
	struct kept k = { .bytes = (double)snapshot_get(e->now, F_DIRECT_TEMPORARY, 0),
			  .grown = growth(e) };

	for (size_t i = 0; i < e->now->threads.count; i++) {
		const struct thread_row *t = &e->now->threads.at[i];

		if (!t->temp_bytes)
			continue;
		k.holders++;
		if (!k.most || t->temp_bytes > k.most->temp_bytes)
			k.most = t;
	}
	return k;
}

static void describe(const struct evidence *e, struct arena *mem, const struct kept *k,
		     struct finding *out)
{
	const char *source = weigh_source(e->now, F_DIRECT_TEMPORARY);
	uint64_t reserved = snapshot_get(e->now, F_DIRECT_RESERVED, 0);
	bool counted = snapshot_get(e->now, F_DIRECT_TEMPORARY_COUNTED, 0);

	out->culprit.kind = "thread";
	out->culprit.name = k->most && k->most->name ? stems_fold(k->most->name, mem) : NULL;
	if (!out->culprit.name)
		out->culprit.kind = NULL;
	out->bytes = (uint64_t)k->bytes;
	if (weigh_has_window(e)) {
		out->has_growth = true;
		out->growth_per_s = k->grown / e->window_s;
	}
	add_evidence(out, mem, "direct.temporary", k->bytes, source,
		     "%s in the buffer caches of %u threads, %s each%s%s",
		     weigh_size(mem, (uint64_t)k->bytes), k->holders,
		     weigh_size(mem, (uint64_t)(k->bytes / k->holders)),
		     out->culprit.name ? ", most in " : "", out->culprit.name ? k->most->name : "");
	if (counted)
		add_evidence(out, mem, "direct.reserved", (double)reserved,
			     weigh_source(e->now, F_DIRECT_RESERVED),
			     "of %s of direct memory in all", weigh_size(mem, reserved));
	else
		add_evidence(out, mem, "direct.reserved", (double)reserved,
			     weigh_source(e->now, F_DIRECT_RESERVED),
			     "the JVM's own count of direct memory, %s, leaves them out",
			     weigh_size(mem, reserved));
	if (weigh_has_window(e))
		add_evidence(out, mem, "direct.temporary.growth", k->grown, source, "%s in %s",
			     weigh_signed_size(mem, k->grown), weigh_window_text(mem, e));
	weigh_confused(out, mem, "direct-buffers",
		       "the program made none of these: its threads' channels did");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "who reads and writes so much at once: %s",
				  weigh_command(mem, "jledger threads PID --stacks", e->now->pid)));
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct fact *known = &e->now->fact[F_DIRECT_TEMPORARY];
	struct kept k;
	double each;

	if (!known->known)
		return cannot_tell(out, mem, "the buffers that NIO keeps for threads",
				   e->now->tier_gain ? e->now->tier_gain : out->cause->how);
	k = measure(e);
	each = k.holders ? k.bytes / k.holders : 0;
	if (k.bytes < (double)SMALL || !k.holders ||
	    k.bytes < OF_RSS * (double)(e->ledger ? e->ledger->scanned : 0))
		return ruled_out(out, mem, "NIO keeps %s for %u threads",
				 weigh_size(mem, (uint64_t)k.bytes), k.holders);
	if (each < (double)EACH && k.grown < (double)GROWN)
		return ruled_out(out, mem, "NIO keeps %s for %u threads, %s each, as it should",
				 weigh_size(mem, (uint64_t)k.bytes), k.holders,
				 weigh_size(mem, (uint64_t)each));
	describe(e, mem, &k, out);
	return confirmed(out, mem,
			 "NIO keeps %s of direct buffers for %u threads, %s each: as large as the "
			 "largest heap buffer that each read or wrote at once.",
			 weigh_size(mem, (uint64_t)k.bytes), k.holders,
			 weigh_size(mem, (uint64_t)each));
}

const struct rule rule_direct_temporary = { .cause = "direct-temporary", .judge = judge };
