// SPDX-License-Identifier: Apache-2.0
#include "diagnose/ending.h"

#include <signal.h>
#include <string.h>

#include "base/units.h"
#include "facts/snapshot.h"

// Exit codes: HotSpot's own for -XX:+ExitOnOutOfMemoryError (debug.cpp), and the launcher's 128 + signal
// for those that the VM turns into an orderly end.
enum { EXIT_ON_OOME = 3, SIGNAL_BASE = 128 };

// The old generation at its last collection's end counts as full from here on.
static const double HEAP_FULL = 0.97;

static const char *size(uint64_t bytes, struct arena *mem)
{
	char text[16];

	return arena_text(mem, units_print_size(bytes, text));
}

// How much was in use of how much when it was last seen; "" where that is not known.
static const char *near_limit(const struct end_evidence *e, struct arena *mem)
{
	if (e->working_set == UNKNOWN_BYTES || e->limit == UNKNOWN_BYTES || !e->limit)
		return "";
	return arena_format(mem, "; %.1f s before, %s of the container's %s were in use",
			    e->tick_age_s, size(e->working_set, mem), size(e->limit, mem));
}

static bool is_counted_kill(const struct end_evidence *e)
{
	return e->oom_kills_before != UNKNOWN_BYTES && e->oom_kills_after != UNKNOWN_BYTES &&
	       e->oom_kills_after > e->oom_kills_before;
}

static bool judge_kernel(const struct end_evidence *e, struct arena *mem, struct ending *out)
{
	if (e->oom_line) {
		out->text = arena_format(
			mem, "the kernel killed it for %s (its log says so%s%s)%s",
			e->oom_line_cgroup ? "the container's memory limit" : "want of memory",
			e->oom_line_anon != UNKNOWN_BYTES ? ", anonymous memory " : "",
			e->oom_line_anon != UNKNOWN_BYTES ? size(e->oom_line_anon, mem) : "",
			near_limit(e, mem));
	} else if (is_counted_kill(e) &&
		   (!e->status_known || (e->signalled && e->code == SIGKILL))) {
		out->text = arena_format(
			mem,
			"the kernel killed it for the container's memory limit: the container's "
			"count "
			"of OOM kills went from %llu to %llu%s%s",
			(unsigned long long)e->oom_kills_before,
			(unsigned long long)e->oom_kills_after,
			e->status_known ? ", and it ended by SIGKILL (exit code 137)" : "",
			near_limit(e, mem));
	} else {
		return false;
	}
	out->kind = "oom-kill";
	return true;
}

static bool is_crash_signal(int signal_number)
{
	return signal_number == SIGABRT || signal_number == SIGSEGV || signal_number == SIGBUS ||
	       signal_number == SIGILL || signal_number == SIGFPE;
}

static bool judge_vm(const struct end_evidence *e, struct arena *mem, struct ending *out)
{
	if (e->hs_err) {
		out->kind = e->hs_err_memory ? "out-of-memory-error" : "crash";
		out->text = arena_format(mem, "the VM gave up and wrote %s%s%s", e->hs_err,
					 e->hs_err_says ? ": " : "",
					 e->hs_err_says ? e->hs_err_says : "");
		return true;
	}
	if (e->status_known && !e->signalled && e->code == EXIT_ON_OOME) {
		out->kind = "out-of-memory-error";
		out->text = arena_format(mem,
					 "exit code 3, with which -XX:+ExitOnOutOfMemoryError "
					 "ends a VM%s%s",
					 e->heap_dump ? "; it left " : "",
					 e->heap_dump ? e->heap_dump : "");
		return true;
	}
	if (e->heap_dump && !(e->status_known && !e->signalled && !e->code)) {
		out->kind = "out-of-memory-error";
		out->text = arena_format(
			mem, "it left the heap dump %s, which a VM writes at an OutOfMemoryError",
			e->heap_dump);
		return true;
	}
	if (e->status_known && e->signalled && is_crash_signal(e->code)) {
		out->kind = "crash";
		out->text = arena_format(mem, "it ended by signal %d (%s)%s%s", e->code,
					 strsignal(e->code),
					 e->no_files_why ? "; its crash log was not looked for: "
							 : "; no hs_err file lies in its directory",
					 e->no_files_why ? e->no_files_why : "");
		return true;
	}
	return false;
}

static const char *full_heap(const struct end_evidence *e, struct arena *mem)
{
	if (e->old_used == UNKNOWN_BYTES || e->old_committed == UNKNOWN_BYTES ||
	    !e->old_committed || (double)e->old_used < HEAP_FULL * (double)e->old_committed)
		return "";
	return arena_format(mem,
			    "; after its last collection %s of the old generation's %s were "
			    "in use: an OutOfMemoryError that ended its last thread fits",
			    size(e->old_used, mem), size(e->old_committed, mem));
}

static void judge_status(const struct end_evidence *e, struct arena *mem, struct ending *out)
{
	if (e->signalled) {
		out->kind = "killed";
		out->text = arena_format(
			mem, "somebody ended it by signal %d (%s)%s%s", e->code, strsignal(e->code),
			e->code == SIGKILL && e->oom_kills_after != UNKNOWN_BYTES
				? ": not the kernel for memory, whose count of OOM "
				  "kills did not move"
				: "",
			near_limit(e, mem));
	} else if (e->code > SIGNAL_BASE && e->code <= SIGNAL_BASE + SIGTERM) {
		out->kind = "exit";
		out->text = arena_format(mem,
					 "it was told to end by signal %d (%s) and did: exit code "
					 "%d",
					 e->code - SIGNAL_BASE, strsignal(e->code - SIGNAL_BASE),
					 e->code);
	} else {
		out->kind = "exit";
		out->text = arena_format(mem, "it ended by itself, exit code %d%s", e->code,
					 e->code ? full_heap(e, mem) : "");
	}
}

void ending_judge(const struct end_evidence *e, struct arena *mem, struct ending *out)
{
	if (judge_kernel(e, mem, out) || judge_vm(e, mem, out))
		return;
	if (e->status_known) {
		judge_status(e, mem, out);
		return;
	}
	out->kind = "unknown";
	out->text = arena_format(mem,
				 "it is gone, and nothing tells how: the kernel gives no exit "
				 "status (Linux 6.15 does), counted no OOM kill%s%s",
				 near_limit(e, mem), full_heap(e, mem));
}

bool ending_is_memory(const char *kind)
{
	return kind && (!strcmp(kind, "oom-kill") || !strcmp(kind, "out-of-memory-error"));
}
