// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "collect/collector.h"
#include "recorded.h"

static struct arena mem;
static struct recorded recorded;
static struct tree files;
static struct target target;
static struct snapshot snapshot;
static struct look look;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(options, .fini = drop);

#define TEXT(literal) literal, FAIL_NONE, sizeof(literal) - 1

// A target whose memory can't be read: the places must do.
static void run(const struct recorded_file *given, size_t count, uint64_t jdk)
{
	struct provenance from = { .collector = "test" };
	struct fail why;

	files = recorded_tree(&recorded, given, count);
	target = (struct target){ .pid = 7, .ns_pid = 7, .files = &files, .tier = TIER_C };
	snapshot_init(&snapshot, &mem);
	if (jdk)
		snapshot_set(&snapshot, F_JDK, jdk, from);
	look = (struct look){ .target = &target, .out = &snapshot, .mem = &mem };
	cr_assert(collector_options.run(&look, &why), "%s", why.text);
}

#define RUN(given, jdk) run(given, sizeof(given) / sizeof((given)[0]), jdk)

static void expect(size_t index, const char *text, const char *where)
{
	cr_assert_gt(snapshot.options.count, index);
	cr_expect_str_eq(snapshot.options.at[index].text, text);
	cr_expect_str_eq(snapshot.options.at[index].where, where);
}

Test(options, places_come_in_the_order_in_which_the_vm_takes_them)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/environ", TEXT("_JAVA_OPTIONS=-Xmx3g\0JAVA_TOOL_OPTIONS=-Xmx1g -Dx=1\0"
					  "JDK_JAVA_OPTIONS=-Xss512k\0") },
		{ "/proc/7/cmdline",
		  TEXT("java\0-Xmx2g\0-cp\0-Xmx9g\0@opts\0shop.Main\0-Xmx8g\0") },
		{ "/proc/7/root/opts", TEXT("-XX:+UseG1GC # all\n'-XX:OnError=a b'\n") },
	};

	RUN(GIVEN, 17);
	cr_assert_eq(snapshot.options.count, 6);
	expect(0, "-Xmx1g", "JAVA_TOOL_OPTIONS");
	expect(1, "-Xss512k", "JDK_JAVA_OPTIONS");
	expect(2, "-Xmx2g", "command line");
	expect(3, "-XX:+UseG1GC", "@opts");
	expect(4, "-XX:OnError=a b", "@opts");
	expect(5, "-Xmx3g", "_JAVA_OPTIONS");
	cr_expect(snapshot.options_whole);
	cr_expect_eq(snapshot.options.at[5].number, 3ull << 30);
}

Test(options, jdk_8_reads_neither_argument_files_nor_the_launchers_variable)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/environ", TEXT("JDK_JAVA_OPTIONS=-Xmx3g\0") },
		{ "/proc/7/cmdline", TEXT("java\0-Xmx2g\0@opts\0") },
	};

	RUN(GIVEN, 8);
	cr_assert_eq(snapshot.options.count, 2);
	expect(0, "-Xmx2g", "command line");
	cr_expect_null(snapshot.options.at[0].unread);
	expect(1, "-Xmx3g", "JDK_JAVA_OPTIONS");
	cr_expect(strstr(snapshot.options.at[1].unread, "since 9"));
}

Test(options, a_flags_file_comes_first_and_an_option_file_in_its_place)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/environ", TEXT("A=b\0") },
		{ "/proc/7/cmdline",
		  TEXT("java\0-XX:Flags=/etc/f.rc\0-XX:VMOptionsFile=/etc/vm\0-Xmx2g\0Main\0") },
		{ "/proc/7/root/etc/f.rc", TEXT("# ours\n+UseSerialGC\n") },
		{ "/proc/7/root/etc/vm", TEXT("-Xmx1g") },
	};

	RUN(GIVEN, 17);
	cr_assert_eq(snapshot.options.count, 4);
	expect(0, "+UseSerialGC", "-XX:Flags=/etc/f.rc");
	expect(2, "-Xmx1g", "-XX:VMOptionsFile=/etc/vm");
	expect(3, "-Xmx2g", "command line");
}

Test(options, a_file_that_can_not_be_read_leaves_the_list_open)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/environ", TEXT("A=b\0") },
		{ "/proc/7/cmdline", TEXT("java\0@gone\0-Xmx2g\0Main\0") },
	};

	RUN(GIVEN, 17);
	cr_expect_not(snapshot.options_whole);
	cr_expect_str_eq(snapshot.options_why_not, "gone could not be read");
	expect(0, "-Xmx2g", "command line");
}

Test(options, a_script_s_variable_that_was_not_passed_on_is_read_by_no_vm)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/environ", TEXT("JAVA_OPTS=-Xmx4g -XX:+UseG1GC -Dx=1\0") },
		{ "/proc/7/cmdline", TEXT("java\0-XX:+UseG1GC\0-jar\0a.jar\0") },
	};

	RUN(GIVEN, 17);
	cr_assert_eq(snapshot.options.count, 2);
	expect(1, "-Xmx4g", "JAVA_OPTS");
	cr_expect_not_null(snapshot.options.at[1].unread);
}

Test(options, secrets_are_masked)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/cmdline", TEXT("java\0-XX:OnError=curl --password hunter22 x\0Main\0") },
	};

	RUN(GIVEN, 17);
	cr_assert_eq(snapshot.options.count, 1);
	cr_expect_null(strstr(snapshot.options.at[0].text, "hunter22"));
	cr_expect_null(strstr(snapshot.options.at[0].value, "hunter22"));
}

Test(options, malloc_s_settings_are_read_from_variables_and_tunables)
{
	static const struct recorded_file GIVEN[] = {
		{ "/proc/7/environ",
		  TEXT("MALLOC_ARENA_MAX=2\0HOME=/x\0LD_PRELOAD=/opt/libjemalloc.so.2:libx.so\0"
		       "GLIBC_TUNABLES=glibc.malloc.top_pad=128K:glibc.rtld.nns=4:garbage\0") },
		{ "/proc/7/cmdline", TEXT("java\0Main\0") },
		{ "/proc/meminfo", TEXT("MemTotal:       2048 kB\n") },
	};
	struct mapping mapped = { .path = "/opt/libjemalloc.so.2.3" };

	files = recorded_tree(&recorded, GIVEN, 1);
	RUN(GIVEN, 17);
	cr_assert_eq(snapshot.settings.count, 5);
	cr_expect_str_eq(snapshot.settings.at[0].name, "MALLOC_ARENA_MAX");
	cr_expect(snapshot.settings.at[0].whole && snapshot.settings.at[0].number == 2);
	cr_expect_str_eq(snapshot.settings.at[1].value, "/opt/libjemalloc.so.2");
	cr_expect_not(snapshot.settings.at[1].mapped);
	cr_expect_str_eq(snapshot.settings.at[3].name, "glibc.malloc.top_pad");
	cr_expect(snapshot.settings.at[3].number == 128 && !snapshot.settings.at[3].whole);
	cr_expect(snapshot.settings.at[4].malformed);
	cr_expect_eq(snapshot.machine_memory, 2 << 20);

	snapshot_init(&snapshot, &mem);
	look.maps.at = &mapped;
	look.maps.count = 1;
	cr_assert(collector_options.run(&look, NULL));
	cr_expect(snapshot.settings.at[1].mapped, "by the file that the link stands for");
	cr_expect_not(snapshot.settings.at[2].mapped);
}
