// SPDX-License-Identifier: Apache-2.0
#include "cmd/moment.h"

#include "cmd/options.h"
#include "cmd/past.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"

bool moment_take(const struct subject *s, size_t index, const struct options *o, struct moment *out,
		 struct fail *why)
{
	struct target target;
	bool done;

	*out = (struct moment){ 0 };
	if (s->history)
		return past_take(s, o, out, why);
	if (!subject_open(s, index, o, &out->mem, &target, why))
		return false;
	done = look_at(&target, &out->mem, &out->snapshot, why) &&
	       ledger_build(&out->snapshot, &out->mem, &out->ledger, why);
	if (done && s->is_capture)
		out->snapshot.capture = s->path;
	discover_close(&target);
	return done;
}

void moment_drop(struct moment *m)
{
	arena_drop(&m->mem);
}

struct report moment_report(const struct moment *first, struct moment *now, const struct options *o)
{
	struct report r = {
		.now = &now->snapshot,
		.first = &first->snapshot,
		.ledger = &now->ledger,
		.first_ledger = &first->ledger,
		.by = o->by,
		.top = o->top,
		.all_rows = o->has_top && !o->top,
		.all_causes = o->causes,
		.colour = o->colour,
		.tool_version = JLEDGER_VERSION,
	};

	if (first != now) {
		r.window_s = now->snapshot.at_s - first->snapshot.at_s;
		ledger_grow(&now->ledger, &first->ledger);
	}
	return r;
}
