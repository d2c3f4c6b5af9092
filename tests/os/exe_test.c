// SPDX-License-Identifier: Apache-2.0
#include "os/exe.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/live.h"

Test(exe, a_programs_sections_are_told_apart_from_those_it_lacks)
{
	struct arena mem = { 0 };
	struct live live;
	struct tree files = live_tree(&live, "");

	cr_expect(exe_has_section(&files, getpid(), ".text", &mem));
	cr_expect_not(exe_has_section(&files, getpid(), ".svm_heap", &mem));
	cr_expect_not(exe_has_section(&files, getpid(), ".tex", &mem));
	arena_drop(&mem);
}
