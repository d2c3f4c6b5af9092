// SPDX-License-Identifier: Apache-2.0
#include "store/capture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "machine.h"

TestSuite(capture, .fini = machine_clean_up);

static struct machine live;
static struct arena mem;
static struct capture capture;
static struct tree files;
static struct memory memory;

static void open_at(const char *path)
{
	struct fail why;

	cr_assert(capture_open(path, &mem, &capture, &why), "%s", why.text);
	cr_assert(capture_moment(&capture, 0, &files, &memory, &why), "%s", why.text);
}

static void record(void)
{
	machine_init(&live);
	machine_capture(&live, machine_temporary("one.zip"));
	open_at(machine_temporary("one.zip"));
}

static const char *read_text(const char *path)
{
	struct span bytes;
	struct fail why;

	cr_assert(tree_read(&files, path, &mem, &bytes, &why), "%s: %s", path, why.text);
	return arena_copy(&mem, bytes.at, bytes.len);
}

Test(capture, a_file_comes_back_byte_for_byte)
{
	struct span bytes;

	record();
	cr_assert(tree_read(&files, "/proc/7/maps", &mem, &bytes, NULL));
	cr_expect_eq(bytes.len, 45);
	cr_expect(!memcmp(bytes.at, "00400000-00401000 r-xp 0 00:00 1 /x?token=abc\n", 45));
	cr_assert(tree_read(&files, "/proc/7/empty", &mem, &bytes, NULL));
	cr_expect_eq(bytes.len, 0);
	cr_expect_str_eq(read_text("/odd/../na me/\xff~x"), "bytes");
}

Test(capture, a_file_that_changed_between_reads_comes_back_in_the_same_order)
{
	record();
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t1 kB\n");
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t2 kB\n");
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t3 kB\n");
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t3 kB\n");
}

Test(capture, opening_a_moment_again_starts_from_the_first_answer)
{
	record();
	read_text("/proc/7/status");
	cr_assert(capture_moment(&capture, 0, &files, &memory, NULL));
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t1 kB\n");
}

Test(capture, a_failure_comes_back_with_its_kind_and_words)
{
	struct span bytes;
	struct fail why = { 0 };

	record();
	cr_expect_not(tree_read(&files, "/proc/7/mem", &mem, &bytes, &why));
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect_eq(why.os_errno, EACCES);
	cr_expect_str_eq(why.text, "/proc/7/mem: Permission denied");
	cr_expect_not(tree_made(&files, "attach/x", machine_make, "y", &mem, &bytes, &why));
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect_str_eq(why.text, "not allowed to make that");
}

Test(capture, lists_links_and_stats_come_back)
{
	struct tree_names names;
	struct tree_stat st;
	const char *link;
	struct fail why;

	record();
	cr_assert(tree_list(&files, "/proc", &mem, &names, NULL));
	cr_expect_eq(names.count, 3);
	cr_expect_str_eq(names.at[1], "\xff");
	cr_expect_not(tree_list(&files, "/proc/7", &mem, &names, &why));
	cr_expect_eq(why.kind, FAIL_GONE);
	cr_assert(tree_link(&files, "/proc/7/exe", &mem, &link, NULL));
	cr_expect_str_eq(link, "/usr/bin/java");
	cr_assert(tree_stat(&files, "/proc/7", &st, NULL));
	cr_expect_eq(st.inode, UINT64_MAX);
	cr_expect_eq(st.uid, 4000000000u);
	cr_expect_eq(st.dev_minor, 1);
}

Test(capture, what_was_made_comes_back_without_being_made_again)
{
	struct span bytes;

	record();
	cr_assert(tree_made(&files, "pages/7", machine_make, NULL, &mem, &bytes, NULL));
	cr_expect(span_is(bytes, "runs"));
}

Test(capture, what_was_never_asked_is_absent)
{
	struct span bytes;
	struct fail why;
	uint64_t word;

	record();
	cr_expect_not(tree_read(&files, "/proc/7/smaps", &mem, &bytes, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(memory_read_u64(&memory, MACHINE_MEMORY_AT + 0x800, &word, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(capture_moment(&capture, 1, &files, &memory, &why));
}

Test(capture, memory_holds_the_bytes_that_were_read_and_no_others)
{
	uint64_t word, real;
	uint8_t byte;

	record();
	cr_assert(memory_read_u64(&memory, MACHINE_MEMORY_AT + 0xff8, &word, NULL));
	memcpy(&real, live.bytes + 0xff8, sizeof(real));
	cr_expect_eq(word, real);
	cr_expect(memory_read_u8(&memory, MACHINE_MEMORY_AT + 0xfff, &byte, NULL));
	cr_expect_not(memory_read_u8(&memory, MACHINE_MEMORY_AT + 0xff7, &byte, NULL));
	cr_expect_not(memory_read_u8(&memory, MACHINE_MEMORY_AT + 0x1000, &byte, NULL));
}

Test(capture, memory_that_could_not_be_read_fails_with_the_same_words)
{
	struct fail why;
	uint64_t word;

	record();
	cr_expect_not(memory_read_u64(&memory, MACHINE_MEMORY_AT + 0x17fc, &word, &why));
	cr_expect_str_eq(why.text, "0x7f00000027fc is not present");
	cr_expect_not(memory_read_u64(&memory, 0x1000, &word, &why));
	cr_expect_str_eq(why.text, "no memory at 0x1000");
}

Test(capture, secrets_are_masked_wherever_they_stand_and_the_rest_is_kept)
{
	char text[23];

	record();
	cr_expect(!memcmp(read_text("/proc/7/cmdline"), "java\0-Ddb.password=************\0Main",
			  37));
	cr_expect(!memcmp(read_text("/proc/7/environ"), "HOME=*****\0API_KEY=**********\0", 30));
	cr_expect_str_eq(read_text("/proc/7/log"), "says ************ and ********** of /root\n");
	cr_assert(memory_read(&memory, MACHINE_MEMORY_AT + 0x100, text, sizeof(text), NULL));
	cr_expect_str_eq(text, "-Dx.token=****** -Dy=1");
}

Test(capture, secrets_in_utf16_texts_are_masked)
{
	char text[2 * sizeof(MACHINE_WIDE)];

	record();
	cr_assert(memory_read(&memory, MACHINE_MEMORY_AT + 0x200, text, sizeof(text), NULL));
	for (size_t i = 0; i < sizeof(MACHINE_WIDE); i++) {
		cr_expect_eq(text[2 * i], "name token=*********"[i], "char %zu", i);
		cr_expect_eq(text[2 * i + 1], 0);
	}
}

Test(capture, the_manifest_lists_every_mask)
{
	struct span manifest;

	machine_init(&live);
	mkdir(machine_temporary("d"), 0755);
	machine_capture(&live, machine_temporary("d"));
	manifest = machine_slurp(machine_temporary("d/manifest.json"));
	for (const char **key =
		     (const char *[]){ "\"db.password\"", "\"API_KEY\"", "\"HOME\"", "\"x.token\"",
				       "\"a secret known from elsewhere\"",
				       "\"0001/files/proc/7/cmdline\"", NULL };
	     *key; key++)
		cr_expect(memmem(manifest.at, manifest.len, *key, strlen(*key)), "%s", *key);
	cr_expect_not(memmem(manifest.at, manifest.len, "hunter2", 7));
}

Test(capture, a_directory_holds_the_same_as_a_zip)
{
	struct stat st;

	machine_init(&live);
	machine_capture(&live, machine_temporary("made/"));
	cr_assert(capture_is_one(machine_temporary("made")));
	open_at(machine_temporary("made"));
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t1 kB\n");
	cr_expect_str_eq(read_text("/odd/../na me/\xff~x"), "bytes");
	cr_assert(!stat(machine_temporary("made/0001/files/proc/7/maps"), &st));
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert(!stat(machine_temporary("made"), &st));
	cr_expect_eq(st.st_mode & 0777, 0700);
}

Test(capture, a_directory_that_holds_something_is_not_replaced)
{
	struct capture_writer *w;
	struct fail why;
	FILE *f;

	machine_init(&live);
	mkdir(machine_temporary("full"), 0755);
	f = fopen(machine_temporary("full/mine"), "w");
	cr_assert(f);
	fclose(f);
	w = capture_create(machine_temporary("full"), 7, &mem);
	cr_expect_not(capture_finish(w, &why));
	cr_expect(!access(machine_temporary("full/mine"), F_OK));
}

Test(capture, a_file_is_for_its_owner_alone_and_replaces_an_older_one)
{
	struct stat st;

	record();
	machine_capture(&live, machine_temporary("one.zip"));
	cr_assert(!stat(machine_temporary("one.zip"), &st));
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect(capture_is_one(machine_temporary("one.zip")));
}

Test(capture, a_path_that_cannot_be_written_is_known_at_once)
{
	struct capture_writer *w = capture_create("/nowhere/at/all.zip", 7, &mem);
	struct fail why;

	cr_expect_not(capture_check(w, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(capture_finish(w, &why));
}

Test(capture, the_manifest_tells_pid_host_and_moments)
{
	record();
	cr_expect_eq(capture.pid, 7);
	cr_expect_eq(capture.moments, 1);
	cr_expect_str_eq(capture.host, "recorded");
	cr_expect_str_eq(capture.tool_version, JLEDGER_VERSION);
}

Test(capture, moments_share_what_is_the_same_and_differ_in_what_is_not)
{
	struct capture_writer *w;
	struct tree recording;
	struct memory recording_memory;

	machine_init(&live);
	w = capture_create(machine_temporary("two.zip"), 7, &mem);
	for (int i = 0; i < 2; i++) {
		capture_begin_moment(w, &live.files, &live.memory, &recording, &recording_memory);
		machine_ask_all(&recording, &recording_memory);
		live.bytes[0xff8]++;
		capture_end_moment(w);
	}
	cr_assert(capture_finish(w, NULL));
	open_at(machine_temporary("two.zip"));
	cr_expect_eq(capture.moments, 2);
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t1 kB\n");
	cr_assert(capture_moment(&capture, 1, &files, &memory, NULL));
	cr_expect_str_eq(read_text("/proc/7/status"), "VmRSS:\t4 kB\n");
	cr_expect_str_eq(read_text("/proc/7/log"), "says ************ and ********** of /root\n");
}

Test(capture, hints_reach_the_live_memory_through_the_recorder)
{
	struct capture_writer *w;
	struct tree recording;
	struct memory recording_memory;
	char byte;

	machine_init(&live);
	w = capture_create(machine_temporary("h.zip"), 7, &mem);
	capture_begin_moment(w, &live.files, &live.memory, &recording, &recording_memory);
	memory_prefetch(&recording_memory, MACHINE_MEMORY_AT, MACHINE_MEMORY_AT + 1);
	memory_forget(&recording_memory);
	cr_expect(memory_read_anew(&recording_memory, MACHINE_MEMORY_AT, &byte, 1, NULL));
	cr_expect_not(
		memory_read_anew(&recording_memory, MACHINE_MEMORY_AT + 0x1800, &byte, 1, NULL));
	capture_abort(w);
	cr_expect_eq(live.prefetches, 1);
	cr_expect_geq(live.forgets, 3);
	cr_expect(access(machine_temporary("h.zip"), F_OK));
}

Test(capture, a_moment_without_memory_has_no_segments)
{
	struct capture_writer *w;
	struct tree recording;
	struct memory recording_memory;

	machine_init(&live);
	w = capture_create(machine_temporary("m.zip"), 7, &mem);
	capture_begin_moment(w, &live.files, &live.memory, &recording, &recording_memory);
	capture_end_moment(w);
	cr_assert(capture_finish(w, NULL));
	open_at(machine_temporary("m.zip"));
	cr_expect_eq(memory.count, 0);
}
