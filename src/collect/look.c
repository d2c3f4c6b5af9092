// SPDX-License-Identifier: Apache-2.0
#include "collect/look.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/mappings.h"
#include "os/clock.h"
#include "os/remote.h"
#include "parse/status.h"

static const struct collector *const COLLECTORS[] = {
#define COLLECTOR(name) &collector_##name,
#include "collect/collectors.def"
#undef COLLECTOR
};
enum {
	COLLECTOR_COUNT = sizeof(COLLECTORS) / sizeof(COLLECTORS[0]),
	SCANS = 3,  // the first and two more where it was torn
	PASSES = 3, // of all collectors, likewise
};

// The scan and the kernel's own count may lie this far apart before the scan counts as torn.
#define TORN_BYTES   MIB(4)
#define TORN_PERCENT 1

static double now_s(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct provenance look_from(const struct look *look, const char *collector, const char *source,
			    enum certainty certainty)
{
	return (struct provenance){ collector, source, look->target->tier, certainty };
}

bool look_is_stopped(const struct look *look)
{
	const struct fact *state = &look->out->fact[F_STATE];

	return state->known && (state->text[0] == 'T' || state->text[0] == 't');
}

void look_miss(struct look *look, const struct collector *c, const struct fail *why)
{
	vec_push(look->mem, &look->out->misses,
		 (struct miss_row){ c->name, why->kind, arena_text(look->mem, why->text) });
}

static void doubt(struct look *look, const struct collector *c, const struct fail *why, bool torn)
{
	look_miss(look, c, why);
	for (size_t i = 0; i < COLLECTOR_ACCOUNTS && c->accounts[i]; i++)
		snapshot_doubt(look->out, c->accounts[i], c->name, torn);
}

void look_torn(struct look *look, const struct collector *c, const struct fail *why)
{
	doubt(look, c, why, true);
}

// False only when there is nothing left to look at.
static bool run_one(struct look *look, const struct collector *c, struct fail *why)
{
	struct fail here = { .kind = FAIL_NONE };

	if (look->target->plain && !c->plain)
		return true;
	if ((look->target->classes_alone && !(look->target->of_them & c->of_classes)) ||
	    look->target->tier > c->needs || (c->needs_vm && !look->vm) ||
	    (c->only_without_vm && (look->vm || look->vm_damaged)))
		return true;
	if (c->run(look, &here))
		return true;
	if (here.kind == FAIL_GONE) {
		*why = here;
		return false;
	}
	if (here.kind == FAIL_DENIED || here.kind == FAIL_OS)
		look_miss(look, c, &here);
	else
		doubt(look, c, &here, false);
	return true;
}

// Collectors up to and including `pages` make up the scan; they alone are run again.
static size_t count_scanning(void)
{
	for (size_t i = 0; i < COLLECTOR_COUNT; i++)
		if (COLLECTORS[i] == &collector_pages)
			return i + 1;
	return 0;
}

// A target that grows or shrinks meanwhile lies between its two counts: that is drift, no tear.
static bool is_torn(const struct look *look)
{
	uint64_t before = snapshot_get(look->out, F_RSS, 0);
	uint64_t after = look->pages.rss_after;
	uint64_t low = before < after ? before : after, high = before < after ? after : before;
	uint64_t scan = pages_between(&look->pages, 0, UINT64_MAX, PAGE_PRESENT), apart = 0;

	if (!look->has_pages || look->scan)
		return false;
	if (scan < low)
		apart = low - scan;
	else if (scan > high)
		apart = scan - high;
	return apart > TORN_BYTES && apart > high / 100 * TORN_PERCENT;
}

static void forget_scan(struct look *look)
{
	struct snapshot *s = look->out;

	memset(s->fact, 0, sizeof(s->fact));
	s->mappings.count = s->runs.count = s->claims.count = s->misses.count = 0;
	s->doubts.count = 0;
	look->maps = (struct maps){ 0 };
	look->pages = (struct pages){ 0 };
	look->has_pages = false;
}

static bool scan(struct look *look, size_t scanning, struct fail *why)
{
	for (int attempt = 0; attempt < SCANS; attempt++) {
		if (attempt)
			forget_scan(look);
		for (size_t i = 0; i < scanning; i++)
			if (!run_one(look, COLLECTORS[i], why))
				return false;
		if (!is_torn(look))
			break;
	}
	return true;
}

static bool start(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct snapshot *s = look->out;
	struct clock_reading clock;
	struct span host, name;

	snapshot_init(s, look->mem);
	s->pid = t->pid;
	s->tier = t->tier;
	if (t->memory_denied)
		s->tier_denied =
			arena_format(look->mem, "its memory can't be read: %s", t->memory_denied);
	else if (t->pages_denied)
		s->tier_denied =
			arena_format(look->mem, "its pages can't be told: %s", t->pages_denied);
	s->tier_gain = t->tier_gain ? arena_text(look->mem, t->tier_gain) : NULL;
	s->host = "";
	if (!look->briefly &&
	    tree_read(t->files, "/proc/sys/kernel/hostname", look->mem, &host, NULL) &&
	    span_take_line(&host, &name))
		s->host = arena_copy(look->mem, name.at, name.len);
	if (!clock_read(t->files, look->mem, &clock, why))
		return false;
	s->at_s = (double)clock.boot_ns / 1e9;
	s->wall_s = clock.wall_ns / 1000000000;
	return true;
}

// What is read of a process that dies makes no sense, or lacks something, but it is no damage.
static bool check_alive(const struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct status status;
	struct span text;

	if (!t->live)
		return true;
	if (tree_read(t->files, arena_format(look->mem, "/proc/%d/status", t->pid), look->mem,
		      &text, why) &&
	    status_parse(text, &status, why) && !status_is_ending(&status))
		return true;
	return fail(why, FAIL_GONE, "it is no more");
}

static bool run_all(struct look *look, struct fail *why)
{
	size_t scanning = count_scanning();

	if (!scan(look, scanning, why))
		return false;
	for (size_t i = scanning; i < COLLECTOR_COUNT; i++)
		if (!run_one(look, COLLECTORS[i], why))
			return false;
	return check_alive(look, why);
}

// What was begun is ended, whatever became of the look.
static void end_scan(struct look *look)
{
	struct pages none;
	struct fail why;

	if (look->scan)
		pages_end(look->scan, look->target->pid, look->mem, &none, &why);
	look->scan = NULL;
}

// A scan that went on beside the collectors and turns out to be torn is no reason to repeat itself
// alone: what they found hangs together with it.  Nor is one whose pages are gone before somebody
// could explain them.  A recorded target keeps to one pass: a capture has one answer of its memory.
static bool is_worth_another(const struct look *look)
{
	return (look->scanned_beside && is_torn(look)) ||
	       (look->stale && look->target->live && !look->target->recorded);
}

// One pass of all collectors, or some more.
static bool look_until_sound(struct look *look, struct fail *gone, struct fail *why)
{
	for (int pass = 1;; pass++) {
		bool done = start(look, why) && run_all(look, gone);

		end_scan(look);
		if (!done || pass == PASSES || !is_worth_another(look))
			return done;
		if (look->target->remote)
			remote_set_pages(look->target->remote, NULL);
		*look = (struct look){ .target = look->target,
				       .out = look->out,
				       .mem = look->mem,
				       .scan_at_once = true };
		memory_forget(look->target->memory);
	}
}

bool look_at(const struct target *target, struct arena *mem, struct snapshot *out, struct fail *why)
{
	double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
	struct snapshot got;
	struct look look = { .target = target, .out = &got, .mem = mem };
	struct fail gone = { .kind = FAIL_NONE };
	struct rusage usage;
	bool done;

	if (target->tier == TIER_D)
		return fail(why, FAIL_DENIED, "process %d can't be inspected%s%s", target->pid,
			    target->tier_gain ? ": " : "",
			    target->tier_gain ? target->tier_gain : "");
	memory_forget(target->memory); // what an earlier look copied is old
	done = look_until_sound(&look, &gone, why);
	if (gone.kind == FAIL_GONE && target->live)
		fail(why, FAIL_GONE, "process %d exited while it was looked at", target->pid);
	else if (gone.kind)
		*why = gone;
	// The reader's tables lie in `mem`, which may go before the target does.
	mappings_let_go(target);
	if (target->remote)
		remote_set_pages(target->remote, NULL);
	if (!done)
		return false;
	getrusage(RUSAGE_SELF, &usage);
	got.cost.cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	got.cost.wall_s = now_s(CLOCK_MONOTONIC) - wall;
	got.cost.peak_rss = KIB(usage.ru_maxrss);
	*out = got;
	return true;
}

bool look_briefly(const struct target *target, struct arena *mem, struct snapshot *out,
		  struct fail *why)
{
	struct look look = { .target = target, .out = out, .mem = mem, .briefly = true };

	return start(&look, why) && run_one(&look, &collector_status, why) &&
	       run_one(&look, &collector_hsperf, why);
}

bool look_at_tick(const struct target *target, struct arena *mem, struct snapshot *out,
		  struct fail *why)
{
	struct look look = { .target = target, .out = out, .mem = mem, .briefly = true };

	return start(&look, why) && run_one(&look, &collector_status, why) &&
	       run_one(&look, &collector_hsperf, why) && run_one(&look, &collector_cgroup, why);
}

bool look_clock(const struct tree *files, struct arena *mem, double *boot_s, double *wall_s,
		struct fail *why)
{
	struct clock_reading clock;

	if (!clock_read(files, mem, &clock, why))
		return false;
	*boot_s = (double)clock.boot_ns / 1e9;
	*wall_s = (double)clock.wall_ns / 1e9;
	return true;
}
