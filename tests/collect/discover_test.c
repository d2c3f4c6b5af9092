// SPDX-License-Identifier: Apache-2.0
#include "collect/discover.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "facts/jvms.h"
#include "recorded.h"

#define ID "4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a"
#define STATUS(name, state, pid, inner, rss)                                                       \
	"Name:\t" name "\nState:\t" state "\nPid:\t" pid                                           \
	"\nUid:\t1000\t1000\t1000\t1000\nNSpid:\t" pid "\t" inner "\nVmRSS:\t" rss                 \
	" kB\nThreads:\t9\n"
#define LIBJVM                                                                                     \
	"7f0000000000-7f0000001000 r--p 00000000 fe:00 7                          "                \
	"/opt/jdk/lib/server/libjvm.so\n"
#define TEXT(bytes) bytes, FAIL_NONE, sizeof(bytes) - 1

static const struct recorded_file MACHINE[] = {
	{ "/proc/1/maps", "00400000-00401000 r-xp 00000000 fe:00 9 /sbin/init\n", 0, 0 },
	{ "/proc/1/status", STATUS("init", "S (sleeping)", "1", "1", "100"), 0, 0 },
	{ "target/1", "tier A\n", 0, 0 },
	{ "/proc/40/maps", LIBJVM, 0, 0 },
	{ "/proc/40/status", STATUS("java", "S (sleeping)", "40", "7", "2048"), 0, 0 },
	{ "/proc/40/cmdline", TEXT("java\0-cp\0a.jar\0shop.Orders\0") },
	{ "/proc/40/cgroup", "0::/docker/" ID "\n", 0, 0 },
	{ "/proc/40/root/opt/jdk/release", "JAVA_VERSION=\"17.0.15\"\n", 0, 0 },
	{ "target/40", "tier C\nmemory a filter\ngain much\n", 0, 0 },
	{ "/proc/41/maps", LIBJVM, 0, 0 },
	{ "/proc/41/status", STATUS("java", "T (stopped)", "41", "41", "4"), 0, 0 },
	{ "/proc/41/cmdline", TEXT("java\0-jar\0/srv/shop-web.jar\0") },
	{ "target/41", "tier B\n", 0, 0 },
	{ "/proc/42/maps", NULL, FAIL_DENIED, 0 },
	{ "/proc/42/status", STATUS("java", "S (sleeping)", "42", "42", "8"), 0, 0 },
	{ "/proc/42/cmdline", TEXT("java\0Theirs\0") },
	{ "target/42", "tier D\nmaps it is not yours\ngain be somebody else\n", 0, 0 },
	{ "/proc/43/maps", NULL, FAIL_DENIED, 0 },
	{ "/proc/43/status", STATUS("sshd", "S (sleeping)", "43", "43", "8"), 0, 0 },
	{ "/proc/44/maps", "", 0, 0 },
	{ "/proc/44/status", STATUS("java", "Z (zombie)", "44", "44", "8"), 0, 0 },
	{ "target/44", "tier A\n", 0, 0 },
	{ "/proc/45/maps",
	  LIBJVM "7f0000002000-7f0000003000 r--p 00000000 fe:00 8 /x/libj9vm29.so\n", 0, 0 },
	{ "/proc/45/status", STATUS("java", "S (sleeping)", "45", "45", "8"), 0, 0 },
	{ "/proc/45/cmdline", TEXT("java\0Nine\0") },
	{ "target/45", "tier A\n", 0, 0 },
	{ "/proc/46/maps", "00400000-00401000 r-xp 00000000 fe:00 9 /app/native\n", 0, 0 },
	{ "/proc/46/status", STATUS("native", "S (sleeping)", "46", "46", "8"), 0, 0 },
	{ "/proc/46/cmdline", TEXT("/app/bin/shop-tool\0-jar\0other.jar\0") },
	{ "target/46", "tier A\n", 0, 0 },
	{ "exe/46", ".text\n.svm_heap\n", 0, 0 },
};

static struct arena mem;
static struct fail why;
static struct recorded recorded;
static struct tree files;

static void start(void)
{
	files = recorded_tree(&recorded, MACHINE, sizeof(MACHINE) / sizeof(MACHINE[0]));
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(discover, .init = start, .fini = end);

Test(discover, jvms_are_who_maps_the_library_and_who_is_called_java_behind_closed_doors)
{
	struct jvm_rows rows;

	cr_assert(discover_all(&files, &mem, &rows, &why), "%s", why.text);
	cr_assert_eq(rows.count, 5, "%zu", rows.count);
	cr_expect_eq(rows.at[0].pid, 40);
	cr_expect_eq(rows.at[0].ns_pid, 7);
	cr_expect_str_eq(rows.at[0].main, "shop.Orders");
	cr_expect_str_eq(rows.at[0].jdk, "17.0.15");
	cr_expect_eq(rows.at[0].rss, 2 << 20);
	cr_expect_eq(rows.at[0].tier, TIER_C);
	cr_expect_eq(rows.at[0].heap_used, UNKNOWN_BYTES);
	cr_expect_str_eq(rows.at[0].container, ID);
	cr_expect_str_eq(rows.at[0].state, "ok");
	cr_expect_str_eq(rows.at[1].main, "shop-web.jar");
	cr_expect_str_eq(rows.at[1].state, "stopped");
	cr_expect_eq(rows.at[2].pid, 42);
	cr_expect_eq(rows.at[2].tier, TIER_D);
	cr_expect_str_eq(rows.at[2].state, "denied");
	cr_expect_eq(rows.at[0].kind, JVM_HOTSPOT);
	cr_expect_eq(rows.at[2].kind, JVM_UNKNOWN);
}

Test(discover, other_vms_and_native_images_are_rows_that_say_what_they_are)
{
	struct jvm_rows rows;

	cr_assert(discover_all(&files, &mem, &rows, &why), "%s", why.text);
	cr_assert_eq(rows.count, 5);
	cr_expect_eq(rows.at[3].kind, JVM_OPENJ9);
	cr_expect_str_eq(rows.at[3].main, "Nine");
	cr_expect_str_eq(rows.at[3].state, "unsupported");
	cr_expect_eq(rows.at[4].kind, JVM_NATIVE_IMAGE);
	cr_expect_str_eq(rows.at[4].main, "shop-tool");
	cr_expect_str_eq(rows.at[4].state, "unsupported");
}

Test(discover, the_release_file_of_a_replaced_jdk_tells_no_version)
{
	static const struct recorded_file REPLACED[] = {
		{ "/proc/40/maps",
		  "7f0000000000-7f0000001000 r--p 00000000 fe:00 7 "
		  "/opt/jdk/lib/server/libjvm.so (deleted)\n",
		  0, 0 },
		{ "/proc/40/status", STATUS("java", "S (sleeping)", "40", "7", "2048"), 0, 0 },
		{ "/proc/40/root/opt/jdk/release", "JAVA_VERSION=\"17.0.16\"\n", 0, 0 },
		{ "target/40", "tier A\n", 0, 0 },
	};
	struct jvm_rows rows;

	files = recorded_tree(&recorded, REPLACED, sizeof(REPLACED) / sizeof(REPLACED[0]));
	cr_assert(discover_all(&files, &mem, &rows, &why), "%s", why.text);
	cr_assert_eq(rows.count, 1);
	cr_expect_null(rows.at[0].jdk);
}

static void expect_found(const char *text, int expected)
{
	int pid = 0;

	cr_expect(discover_find(&files, text, &mem, &pid, &why), "%s: %s", text, why.text);
	cr_expect_eq(pid, expected, "%s is %d", text, pid);
}

Test(discover, a_target_is_found_by_pid_by_name_and_by_container)
{
	expect_found("40", 40);
	expect_found("Orders", 40);
	expect_found("shop-web.jar", 41);
	expect_found("4f1c2b", 40);
}

Test(discover, a_name_that_fits_one_hotspot_and_others_means_the_hotspot)
{
	static const struct recorded_file ALSO[] = {
		{ "/proc/45/maps",
		  LIBJVM "7f0000002000-7f0000003000 r--p 00000000 fe:00 8 "
			 "/x/libj9vm29.so\n",
		  0, 0 },
		{ "/proc/45/status", STATUS("java", "S (sleeping)", "45", "45", "8"), 0, 0 },
		{ "/proc/45/cmdline", TEXT("java\0shop.Orders\0") },
		{ "target/45", "tier A\n", 0, 0 },
		{ "/proc/47/maps", LIBJVM, 0, 0 },
		{ "/proc/47/status", STATUS("java", "S (sleeping)", "47", "47", "8"), 0, 0 },
		{ "/proc/47/cmdline", TEXT("java\0shop.Orders\0") },
		{ "target/47", "tier A\n", 0, 0 },
		{ "/proc/48/maps", "00400000-00401000 r-xp 00000000 fe:00 9 /app/native\n", 0, 0 },
		{ "/proc/48/status", STATUS("shop", "S (sleeping)", "48", "48", "8"), 0, 0 },
		{ "/proc/48/cmdline", TEXT("/bin/shop.Orders\0") },
		{ "target/48", "tier A\n", 0, 0 },
		{ "exe/48", ".svm_heap\n", 0, 0 },
	};

	files = recorded_tree(&recorded, ALSO, sizeof(ALSO) / sizeof(ALSO[0]));
	expect_found("shop.Orders", 47);
}

Test(discover, what_fits_several_names_the_candidates)
{
	int pid;

	cr_expect_not(discover_find(&files, "shop", &mem, &pid, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect_str_eq(why.text, "'shop' is ambiguous: 40 shop.Orders, 41 shop-web.jar");
}

Test(discover, what_fits_none_names_what_runs)
{
	int pid;

	cr_expect_not(discover_find(&files, "Nobody", &mem, &pid, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect(strstr(why.text, "40 shop.Orders"), "%s", why.text);
	cr_expect_not(discover_find(&files, "", &mem, &pid, &why));
	cr_expect_not(discover_find(&files, "99", &mem, &pid, &why));
	cr_expect_eq(why.kind, FAIL_GONE);
}

static void expect_refused(int pid, enum fail_kind kind, const char *part)
{
	struct memory memory;
	struct target target;

	memory_init(&memory, &mem);
	cr_expect_not(discover_open_recorded(&files, &memory, pid, &mem, &target, &why));
	cr_expect_eq(why.kind, kind, "%d: %s", pid, why.text);
	cr_expect(strstr(why.text, part), "%d: %s", pid, why.text);
}

Test(discover, a_process_without_memory_has_exited_unless_it_is_the_kernels)
{
	static const struct recorded_file ALSO[] = {
		{ "/proc/60/maps", "", 0, 0 },
		{ "/proc/60/status", "Name:\tjava\nState:\tR (running)\nPid:\t60\nPPid:\t1\n", 0,
		  0 },
		{ "target/60", "tier A\n", 0, 0 },
		{ "/proc/61/maps", "", 0, 0 },
		{ "/proc/61/status", "Name:\tkswapd0\nState:\tS (sleeping)\nPid:\t61\nPPid:\t2\n",
		  0, 0 },
		{ "target/61", "tier A\n", 0, 0 },
	};

	files = recorded_tree(&recorded, ALSO, sizeof(ALSO) / sizeof(ALSO[0]));
	expect_refused(60, FAIL_GONE, "process 60 has exited");
	expect_refused(61, FAIL_ABSENT, "not a Java process");
}

Test(discover, what_can_not_be_inspected_says_why)
{
	expect_refused(1, FAIL_ABSENT, "not a Java process");
	expect_refused(42, FAIL_DENIED, "be somebody else");
	expect_refused(44, FAIL_GONE, "has exited");
	expect_refused(45, FAIL_ABSENT, "OpenJ9");
	expect_refused(46, FAIL_ABSENT, "native image");
	expect_refused(99, FAIL_ABSENT, "not recorded");
}

Test(discover, a_recorded_target_has_the_tier_and_the_reasons_that_were_recorded)
{
	struct memory memory;
	struct target t;

	memory_init(&memory, &mem);
	cr_assert(discover_open_recorded(&files, &memory, 40, &mem, &t, &why), "%s", why.text);
	cr_expect_eq(t.pid, 40);
	cr_expect_eq(t.ns_pid, 7);
	cr_expect_eq(t.tier, TIER_C);
	cr_expect_str_eq(t.memory_denied, "a filter");
	cr_expect_null(t.pages_denied);
	cr_expect_str_eq(t.tier_gain, "much");
	cr_expect_eq(t.memory, &memory);
	cr_expect_null(t.remote);
	cr_expect_not(t.live);
}
