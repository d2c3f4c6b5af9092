// SPDX-License-Identifier: Apache-2.0
#include "diagnose/ending.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "facts/snapshot.h"

static struct end_evidence nothing(void)
{
	return (struct end_evidence){ .gone = true,
				      .oom_line_anon = UNKNOWN_BYTES,
				      .oom_kills_before = UNKNOWN_BYTES,
				      .oom_kills_after = UNKNOWN_BYTES,
				      .limit = UNKNOWN_BYTES,
				      .working_set = UNKNOWN_BYTES,
				      .rss = UNKNOWN_BYTES,
				      .old_used = UNKNOWN_BYTES,
				      .old_committed = UNKNOWN_BYTES,
				      .heap_max = UNKNOWN_BYTES };
}

static void expect(const struct end_evidence *e, const char *kind, const char *words)
{
	struct arena mem = { 0 };
	struct ending got;

	ending_judge(e, &mem, &got);
	cr_assert_str_eq(got.kind, kind, "%s: %s", got.kind, got.text);
	cr_assert(strstr(got.text, words), "'%s' in '%s'", words, got.text);
	arena_drop(&mem);
}

Test(ending, the_kernels_log_is_proof_enough)
{
	struct end_evidence e = nothing();

	e.oom_line = e.oom_line_cgroup = true;
	e.oom_line_anon = MIB(300);
	expect(&e, "oom-kill", "300.0 MB");
}

Test(ending, a_counter_that_rose_and_sigkill_are_an_oom_kill)
{
	struct end_evidence e = nothing();

	e.status_known = e.signalled = true;
	e.code = SIGKILL;
	e.oom_kills_before = 2;
	e.oom_kills_after = 3;
	expect(&e, "oom-kill", "from 2 to 3");
	e.oom_kills_after = 2;
	expect(&e, "killed", "did not move");
	e.oom_kills_after = 3; // somebody else's: this one ended in order
	e.signalled = false;
	e.code = 0;
	expect(&e, "exit", "exit code 0");
}

Test(ending, a_crash_log_tells_memory_from_other_crashes)
{
	struct end_evidence e = nothing();

	e.status_known = e.signalled = true;
	e.code = SIGABRT;
	expect(&e, "crash", "no hs_err file");
	e.hs_err = "/x/hs_err_pid7.log";
	e.hs_err_says = "A fatal error has been detected";
	expect(&e, "crash", "/x/hs_err_pid7.log");
	e.hs_err_memory = true;
	expect(&e, "out-of-memory-error", "fatal error");
}

Test(ending, hotspots_exit_code_and_its_heap_dump_tell_of_an_error)
{
	struct end_evidence e = nothing();

	e.status_known = true;
	e.code = 3;
	expect(&e, "out-of-memory-error", "ExitOnOutOfMemoryError");
	e.code = 1;
	e.heap_dump = "/x/java_pid7.hprof";
	expect(&e, "out-of-memory-error", "java_pid7.hprof");
	e.code = 0; // it lived on after the dump
	expect(&e, "exit", "exit code 0");
}

Test(ending, an_orderly_end_is_no_fault)
{
	struct end_evidence e = nothing();

	e.status_known = true;
	e.code = 143;
	expect(&e, "exit", "signal 15");
	e.code = 1;
	e.old_used = e.old_committed = MIB(100);
	expect(&e, "exit", "OutOfMemoryError");
}

Test(ending, without_a_status_nothing_is_claimed)
{
	struct end_evidence e = nothing();

	expect(&e, "unknown", "nothing tells how");
}
