// SPDX-License-Identifier: Apache-2.0
// A trim of a VM that has no command for it: what it takes to have a library loaded.
#include "collect/experiment.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../jvm/listener.h"
#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "collect/collector.h"
#include "facts/snapshot.h"
#include "jvm/carried.h"
#include "os/live.h"

static struct snapshot before;
static struct experiment_done done;
static struct fail why;
static struct arena mem;
static struct live live;
static struct tree files;
static pid_t vm;

// JDK 8's words; what it is asked to load must be the library that the program carries.
static void serve(int c, const char *request, size_t len)
{
	const char *path = len > 7 ? request + 7 : "";
	char bytes[64 << 10];
	FILE *f;

	if (!memcmp(request + 2, "getversion", 10)) {
		listener_say(c, "-1\n");
	} else if (!memcmp(request + 2, "jcmd", 4)) {
		listener_say(c, "1\njava.lang.IllegalArgumentException: Unknown diagnostic "
				"command\n");
	} else if (!memcmp(request + 2, "load", 4) && (f = fopen(path, "r"))) {
		size_t n = fread(bytes, 1, sizeof(bytes), f);

		listener_say(c, n == carried_trim().len && !memcmp(bytes, "\177ELF", 4)
					? "0\n0\n"
					: "0\n99\n");
	}
}

static void serve_command(int c, const char *request, size_t len)
{
	listener_say(c, !memcmp(request + 2, "getversion", 10) ? "-1\n" : "0\nTrim native heap\n");
}

static void start(listener_serve *answer, const char *allocator)
{
	vm = listener_start(answer, listener_quit, true);
	files = live_tree(&live, "");
	before.mem = &mem;
	snapshot_set_text(&before, F_ALLOCATOR, allocator, (struct provenance){ .tier = TIER_A });
}

static void stop(void)
{
	listener_stop(vm);
	arena_drop(&mem);
}

TestSuite(experiment, .fini = stop, .timeout = 30);

static bool trim(void)
{
	struct target t = { .pid = vm, .ns_pid = vm, .files = &files, .live = true };

	return experiment_run(&t, &before, EXPERIMENT_TRIM, &mem, &done, &why);
}

static void add_flag(const char *name, bool on)
{
	vec_push(&mem, &before.flags, (struct flag_row){ .name = name, .number = on });
}

Test(experiment, a_vm_with_the_command_is_asked_and_nothing_is_loaded)
{
	start(serve_command, "musl");
	cr_assert(trim(), "%s", why.text);
	cr_expect_str_eq(done.command, "System.trim_native_heap");
	cr_expect_str_eq(done.said, "Trim native heap");
}

Test(experiment, a_vm_without_it_loads_the_library)
{
	start(serve, "glibc 2.31");
	add_flag("EnableDynamicAgentLoading", true);
	cr_assert(trim(), "%s", why.text);
	cr_expect(strstr(done.command, "malloc_trim"), "%s", done.command);
}

Test(experiment, nothing_is_loaded_where_malloc_is_another)
{
	start(serve, "musl");
	cr_expect_not(trim());
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect(strstr(why.text, "(musl) no malloc_trim()"), "%s", why.text);
}

Test(experiment, nothing_is_loaded_where_the_vm_takes_none)
{
	start(serve, "glibc 2.36");
	add_flag("EnableDynamicAgentLoading", false);
	cr_expect_not(trim());
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect(strstr(why.text, "-XX:-EnableDynamicAgentLoading"), "%s", why.text);
}

Test(experiment, nothing_is_asked_where_attaching_is_disabled)
{
	start(serve, "glibc 2.36");
	add_flag("DisableAttachMechanism", true);
	cr_expect_not(trim());
	cr_expect(strstr(why.text, "DisableAttachMechanism"), "%s", why.text);
}
