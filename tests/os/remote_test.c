// SPDX-License-Identifier: Apache-2.0
#include "os/remote.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/live.h"
#include "os/pages.h"

enum { PAGE = 4096, PAGES = 256, FILE_PAGES = 8 };

static struct arena mem;
static struct fail why;
static struct memory memory;
static struct remote *remote;
static struct remote_mapping mappings[2];
static char *area, *mapped; // the same addresses in the child
static char path[] = "/tmp/jledger-remote-XXXXXX";
static pid_t child;

// A child with 256 anonymous pages, of which every other one of the first 128 is written with its
// number, and a mapped file of 8 pages that it has never looked at.
static void start(void)
{
	struct stat st;
	int ready[2], fd = mkstemp(path);
	char byte;

	cr_assert(fd >= 0 && !pipe(ready));
	for (int i = 0; i < FILE_PAGES; i++) {
		char page[PAGE];

		memset(page, 'a' + i, sizeof(page));
		cr_assert(write(fd, page, sizeof(page) - (i == FILE_PAGES - 1 ? 1000 : 0)) > 0);
	}
	fstat(fd, &st);
	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	mapped = mmap(NULL, (FILE_PAGES + 1) * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	child = fork();
	if (!child) {
		for (int i = 0; i < 128; i += 2)
			area[i * PAGE + 5] = (char)i;
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert(child > 0 && read(ready[0], &byte, 1) == 1);
	mappings[0] = (struct remote_mapping){
		.start = (uintptr_t)area,
		.end = (uintptr_t)area + PAGES * PAGE,
		.readable = true,
		.path = "",
	};
	mappings[1] = (struct remote_mapping){
		.start = (uintptr_t)mapped,
		.end = (uintptr_t)mapped + (FILE_PAGES + 1) * PAGE,
		.inode = st.st_ino,
		.dev_major = major(st.st_dev),
		.dev_minor = minor(st.st_dev),
		.readable = true,
		.path = path,
	};
	if (mappings[0].start > mappings[1].start) {
		struct remote_mapping swap = mappings[0];

		mappings[0] = mappings[1];
		mappings[1] = swap;
	}
	remote = remote_open(child, &mem);
	remote_set_mappings(remote, mappings, 2);
	memory_init(&memory, &mem);
	memory_add_segment(&memory, 0, REMOTE_END, &REMOTE_SOURCE, remote);
}

static void end(void)
{
	remote_close(remote);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink(path);
	arena_drop(&mem);
}

TestSuite(remote, .init = start, .fini = end);

static struct remote_mapping *mapping_of(const char *at)
{
	return &mappings[mappings[1].start == (uintptr_t)at];
}

static uint64_t resident_pages(void)
{
	struct page_range ranges[2] = { { mappings[0].start, mappings[0].end, false },
					{ mappings[1].start, mappings[1].end, false } };
	struct live live;
	struct tree files = live_tree(&live, "");
	struct pages pages;
	uint64_t sum = 0;

	cr_assert(pages_read(&files, child, ranges, 2, &mem, &pages, &why), "%s", why.text);
	for (size_t i = 0; i < pages.count; i++)
		if (pages.at[i].flags & (PAGE_PRESENT | PAGE_ZERO))
			sum += (pages.at[i].end - pages.at[i].start) / PAGE;
	return sum;
}

static void expect_area(void)
{
	for (int i = 0; i < PAGES; i++) {
		uint8_t byte = 99;

		cr_assert(memory_read_u8(&memory, (uintptr_t)area + (size_t)i * PAGE + 5, &byte,
					 &why),
			  "page %d: %s", i, why.text);
		cr_expect_eq(byte, i < 128 && i % 2 == 0 ? i : 0, "page %d reads %u", i, byte);
	}
}

Test(remote, written_pages_read_as_written_and_untouched_ones_as_zeros)
{
	expect_area();
}

Test(remote, reading_brings_no_page_into_the_target)
{
	uint64_t before = resident_pages();
	char text[64];

	cr_assert_eq(before, 64);
	expect_area();
	cr_assert(memory_read(&memory, (uintptr_t)mapped + 100, text, sizeof(text), &why));
	memory_prefetch(&memory, (uintptr_t)area, (uintptr_t)area + PAGES * PAGE);
	cr_expect_eq(resident_pages(), before);
}

Test(remote, a_page_of_a_mapped_file_that_is_not_present_comes_from_the_file)
{
	char text[200];

	// Across a page boundary, and with zeros behind the file's end.
	cr_assert(
		memory_read(&memory, (uintptr_t)mapped + 3 * PAGE - 100, text, sizeof(text), &why),
		"%s", why.text);
	cr_expect_eq(text[0], 'c');
	cr_expect_eq(text[199], 'd');
	cr_assert(
		memory_read(&memory, (uintptr_t)mapped + FILE_PAGES * PAGE - 1001, text, 3, &why));
	cr_expect_eq(text[0], 'h');
	cr_expect_eq(text[1], 0);
}

Test(remote, a_page_behind_the_end_of_its_file_is_absent)
{
	char byte;

	cr_expect_not(memory_read(&memory, (uintptr_t)mapped + FILE_PAGES * PAGE, &byte, 1, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(remote, a_file_that_is_not_the_mapped_one_is_not_read)
{
	char byte;

	mapping_of(mapped)->inode++;
	cr_expect_not(memory_read(&memory, (uintptr_t)mapped, &byte, 1, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(remote, a_deleted_file_that_can_not_be_opened_is_read_where_it_is_mapped)
{
	char byte = 0;

	mapping_of(mapped)->inode++; // so that no name of it fits, also for root
	mapping_of(mapped)->deleted = true;
	cr_assert(memory_read(&memory, (uintptr_t)mapped + 2 * PAGE, &byte, 1, &why), "%s",
		  why.text);
	cr_expect_eq(byte, 'c');
}

Test(remote, a_deleted_file_that_is_memory_is_not_brought_in)
{
	struct remote_mapping *m = mapping_of(mapped);
	uint64_t before = resident_pages();
	char byte;

	m->inode++;
	m->deleted = m->shared = true;
	cr_expect_not(memory_read(&memory, (uintptr_t)mapped, &byte, 1, &why));
	m->shared = false;
	m->path = "/memfd:java_heap";
	cr_expect_not(memory_read(&memory, (uintptr_t)mapped, &byte, 1, &why));
	cr_expect_eq(resident_pages(), before);
}

Test(remote, an_address_without_a_mapping_is_absent)
{
	char byte;

	cr_expect_not(memory_read(&memory, 0x1000, &byte, 1, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	remote_set_mappings(remote, NULL, 0);
	memory_forget(&memory);
	cr_expect_not(memory_read(&memory, (uintptr_t)area, &byte, 1, &why));
}

Test(remote, device_mappings_are_never_read)
{
	char byte;

	mapping_of(area)->path = "/dev/nvidia0";
	cr_expect_not(memory_read(&memory, (uintptr_t)area, &byte, 1, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	memory_prefetch(&memory, (uintptr_t)area, (uintptr_t)area + PAGES * PAGE);
	cr_expect_eq(remote_cost(remote).calls, 0);
	mapping_of(area)->path = "/dev/shm/x";
	cr_expect(memory_read(&memory, (uintptr_t)area, &byte, 1, &why));
}

Test(remote, an_unreadable_mapping_is_absent)
{
	char byte;

	mapping_of(area)->readable = false;
	cr_expect_not(memory_read(&memory, (uintptr_t)area + PAGE, &byte, 1, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(remote, a_present_page_is_read_where_mappings_grew_since_they_were_listed)
{
	char byte = 0;

	mapping_of(area)->readable = false;
	cr_expect(memory_read(&memory, (uintptr_t)area + 2 * PAGE + 5, &byte, 1, &why));
	cr_expect_eq(byte, 2);
	mapping_of(area)->start += 64 * PAGE; // nothing is listed below
	cr_expect(memory_read(&memory, (uintptr_t)area + 4 * PAGE + 5, &byte, 1, &why));
	cr_expect_eq(byte, 4);
}

static unsigned asked;

// The mappings with the file's memory, which was not listed before.
static void list_all(void *arg)
{
	asked++;
	remote_set_mappings(remote, mappings, 2);
}

Test(remote, memory_that_was_mapped_since_is_read_where_somebody_reads_the_mappings_anew)
{
	struct remote_mapping one = *mapping_of(area);
	char byte = 0;

	asked = 0;
	remote_set_mappings(remote, &one, 1);
	cr_expect_not(memory_read(&memory, (uintptr_t)mapped, &byte, 1, &why));
	remote_set_mapper(remote, list_all, NULL);
	cr_expect(memory_read(&memory, (uintptr_t)mapped, &byte, 1, &why), "%s", why.text);
	cr_expect_not(memory_read(&memory, 0x1000, &byte, 1, &why));
	cr_expect_eq(asked, 1, "they are new enough");
	memory_forget(&memory);
	cr_expect_not(memory_read(&memory, 0x1000, &byte, 1, &why));
	cr_expect_not(memory_read(&memory, 0x2000, &byte, 1, &why));
	cr_expect_eq(asked, 2);
}

Test(remote, copies_are_kept_until_they_are_to_be_forgotten)
{
	uint8_t byte;
	uint64_t calls;

	cr_assert(memory_read_u8(&memory, (uintptr_t)area + 5, &byte, &why));
	calls = remote_cost(remote).calls;
	cr_assert(memory_read_u8(&memory, (uintptr_t)area + 6, &byte, &why));
	cr_expect_eq(remote_cost(remote).calls, calls);
	memory_forget(&memory);
	cr_assert(memory_read_u8(&memory, (uintptr_t)area + 6, &byte, &why));
	cr_expect_gt(remote_cost(remote).calls, calls);
}

Test(remote, what_is_read_anew_is_the_targets_now_and_copies_stay_as_they_are)
{
	char now = 99, got = 0;
	uint8_t byte;
	struct iovec from = { &now, 1 }, to = { area + 2 * PAGE + 5, 1 };

	cr_assert(memory_read_u8(&memory, (uintptr_t)area + 2 * PAGE + 5, &byte, &why));
	cr_assert_eq(process_vm_writev(child, &from, 1, &to, 1, 0), 1);
	cr_assert(memory_read_anew(&memory, (uintptr_t)area + 2 * PAGE + 5, &got, 1, &why));
	cr_expect_eq(got, 99);
	cr_assert(memory_read_u8(&memory, (uintptr_t)area + 2 * PAGE + 5, &byte, &why));
	cr_expect_eq(byte, 2);
	cr_assert(memory_read_anew(&memory, (uintptr_t)area + 3 * PAGE, &got, 1, &why));
	cr_expect_eq(got, 0, "a page that was never touched");
	cr_expect_not(memory_read_anew(&memory, 0x1000, &got, 1, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(remote, a_hint_brings_present_pages_in_few_calls)
{
	memory_prefetch(&memory, (uintptr_t)area, (uintptr_t)area + PAGES * PAGE);
	cr_expect_eq(remote_cost(remote).calls, 1);
	cr_expect_eq(remote_cost(remote).bytes, 64 * PAGE);
	expect_area();
	cr_expect_eq(remote_cost(remote).calls, 1);
}

// Objects at byte 3 of every page, 8 bytes each: byte 2 of each is the page's number, or zero.
static void expect_gathered(size_t count)
{
	uint64_t at[PAGES];
	unsigned char got[PAGES][8];

	for (size_t i = 0; i < count; i++)
		at[i] = (uintptr_t)area + i * PAGE + 3;
	cr_assert(memory_gather(&memory,
				&(struct memory_objects){ .at = at, .count = count, .len = 8 }, got,
				&why),
		  "%s", why.text);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(got[i][2], i < 128 && i % 2 == 0 ? i : 0, "object %zu: %u", i,
			     got[i][2]);
}

static void scan_pages(struct pages *pages)
{
	struct page_range ranges[2] = { { mappings[0].start, mappings[0].end, false },
					{ mappings[1].start, mappings[1].end, false } };
	struct live live;
	struct tree files = live_tree(&live, "");

	cr_assert(pages_read(&files, child, ranges, 2, &mem, pages, &why), "%s", why.text);
	remote_set_pages(remote, pages);
}

Test(remote, objects_are_gathered_in_one_call_where_the_scan_knows_their_pages)
{
	struct pages pages;
	uint64_t before = resident_pages();

	scan_pages(&pages);
	expect_gathered(PAGES);
	cr_expect_leq(remote_cost(remote).bytes, 64 * 8);
	cr_expect_eq(resident_pages(), before);
}

Test(remote, objects_are_gathered_also_where_no_scan_was_and_where_copies_are)
{
	expect_gathered(PAGES);
	expect_area();
	expect_gathered(PAGES);
}

Test(remote, an_object_that_is_not_there_fails_the_gathering)
{
	uint64_t at[2] = { (uintptr_t)area, 0x1000 };
	unsigned char got[2][8];
	struct pages pages;

	scan_pages(&pages);
	cr_expect_not(memory_gather(
		&memory, &(struct memory_objects){ .at = at, .count = 2, .len = 8 }, got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(remote, the_scan_saves_no_page_from_being_found_that_came_later)
{
	struct pages none = { 0 };

	remote_set_pages(remote, &none);
	expect_area();
}

Test(remote, long_reads_are_whole)
{
	char *all = malloc(PAGES * PAGE);

	cr_assert(memory_read(&memory, (uintptr_t)area, all, PAGES * PAGE, &why), "%s", why.text);
	for (int i = 0; i < PAGES; i++)
		cr_expect_eq(all[i * PAGE + 5], i < 128 && i % 2 == 0 ? i : 0);
	free(all);
}

static void refuse_readv(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	cr_assert(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	cr_assert(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

Test(remote, where_process_vm_readv_is_refused_the_mem_file_serves)
{
	refuse_readv();
	expect_area();
	memory_forget(&memory);
	memory_prefetch(&memory, (uintptr_t)area, (uintptr_t)area + PAGES * PAGE);
	expect_area();
}

Test(remote, a_target_that_ended_is_gone)
{
	char byte;

	cr_assert(memory_read(&memory, (uintptr_t)area, &byte, 1, &why));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	memory_forget(&memory);
	cr_expect_not(memory_read(&memory, (uintptr_t)area + 2 * PAGE, &byte, 1, &why));
	cr_expect_eq(why.kind, FAIL_GONE, "%s", why.text);
}
