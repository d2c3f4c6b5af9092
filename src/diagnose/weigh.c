// SPDX-License-Identifier: Apache-2.0
#include "diagnose/weigh.h"

#include <math.h>
#include <string.h>

#include "base/units.h"

// JVMs of this age still start: nothing is an average of anything.
static const double JUST_STARTED_S = 1.5;

bool weigh_has_window(const struct evidence *e)
{
	return e->first != e->now && e->window_s >= 1;
}

double weigh_uptime(const struct evidence *e)
{
	if (e->first->fact[F_UPTIME].known)
		return (double)e->first->fact[F_UPTIME].value / 1000;
	if (e->now->fact[F_UPTIME].known)
		return fmax((double)e->now->fact[F_UPTIME].value / 1000 - e->window_s, 0);
	return 0;
}

enum pace weigh_pace(const struct evidence *e, double before, double added)
{
	double uptime = weigh_uptime(e);

	if (added <= 0)
		return PACE_FLAT;
	if (!e->first->fact[F_UPTIME].known && !e->now->fact[F_UPTIME].known)
		return PACE_GOES_ON;
	if (uptime < JUST_STARTED_S)
		return PACE_UNKNOWN;
	return added / e->window_s < before / uptime / 2 ? PACE_SLOWING : PACE_GOES_ON;
}

bool weigh_fact(const struct evidence *e, enum fact_id id, double *growth)
{
	if (!e->now->fact[id].known || !e->first->fact[id].known)
		return false;
	*growth = (double)e->now->fact[id].value - (double)e->first->fact[id].value;
	return true;
}

double weigh_whole_collections(const struct evidence *e)
{
	double full = 0, cycles = 0, all = 0;
	bool has_full = weigh_fact(e, F_GC_FULL_COUNT, &full);
	bool has_cycles = weigh_fact(e, F_GC_CYCLES, &cycles);

	if (has_full || has_cycles)
		return full + cycles;
	weigh_fact(e, F_GC_COUNT, &all);
	return all;
}

unsigned weigh_window_for(const struct evidence *e, double added, double wanted)
{
	double least = fmax(2 * e->window_s, 10);
	double needed = added > 0 ? wanted / added * e->window_s * 1.2 : 6 * e->window_s;

	return (unsigned)fmin(ceil(fmax(least, needed)), 3600);
}

double weigh_container_fill(const struct snapshot *s)
{
	const struct container_facts *c = &s->container;

	if (!c->known || c->limit == UNKNOWN_BYTES || !c->limit || c->usage == UNKNOWN_BYTES)
		return 0;
	return (double)c->usage / (double)c->limit;
}

bool weigh_no_container(const struct evidence *e, struct arena *mem, struct finding *out,
			enum verdict *verdict)
{
	const struct container_facts *c = &e->now->container;

	if (!c->known)
		*verdict =
			cannot_tell(out, mem, "the memory cgroup of the target", "jledger map PID");
	else if (c->limit == UNKNOWN_BYTES)
		*verdict = ruled_out(out, mem, "the target's cgroup has no memory limit");
	else if (c->usage == UNKNOWN_BYTES)
		*verdict = cannot_tell(out, mem, "what the container is charged for",
				       "jledger map PID");
	else
		return false;
	return true;
}

const char *weigh_source(const struct snapshot *s, enum fact_id id)
{
	const char *source = s->fact[id].from.source;

	return s->fact[id].known && source ? source : "unknown";
}

const char *weigh_size(struct arena *mem, uint64_t bytes)
{
	char text[16];

	return arena_text(mem, units_print_size(bytes, text));
}

const char *weigh_signed_size(struct arena *mem, double bytes)
{
	char text[16];

	units_print_size((uint64_t)fabs(bytes), text);
	return arena_format(mem, "%c%s", bytes < 0 ? '-' : '+', text);
}

const char *weigh_count(struct arena *mem, uint64_t count, const char *what)
{
	if (count <= 1)
		return arena_format(mem, count ? "one %s" : "no %s", what);
	return arena_format(mem, "%llu %ss", (unsigned long long)count, what);
}

const char *weigh_window_text(struct arena *mem, const struct evidence *e)
{
	if (e->window_s < 10)
		return arena_format(mem, "%.1f s", e->window_s);
	return arena_format(mem, "%.0f s", e->window_s);
}

const char *weigh_command(struct arena *mem, const char *command, int pid)
{
	const char *at = strstr(command, "PID");

	if (!at || pid <= 0)
		return arena_text(mem, command);
	return arena_format(mem, "%.*s%d%s", (int)(at - command), command, pid,
			    weigh_command(mem, at + 3, pid));
}

uint64_t weigh_rows(const struct ledger *l, enum claim_table table, const bool *wanted,
		    size_t count)
{
	struct arena scratch = { 0 };
	uint64_t sum = 0;
	uint64_t *bytes;

	if (!l || !count)
		return 0;
	bytes = arena_array(&scratch, uint64_t, count);
	ledger_by_table(l, table, bytes, count);
	for (size_t i = 0; i < count; i++)
		sum += wanted[i] ? bytes[i] : 0;
	arena_drop(&scratch);
	return sum;
}

void weigh_remedy(struct finding *f, struct arena *mem, const char *remedy)
{
	vec_push(mem, &f->remedies, arena_text(mem, remedy));
}

void weigh_confused(struct finding *f, struct arena *mem, const char *cause, const char *why_not)
{
	struct confused_row row = { .cause = cause, .why_not = arena_text(mem, why_not) };

	vec_push(mem, &f->confused, row);
}
