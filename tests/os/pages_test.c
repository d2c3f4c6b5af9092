// SPDX-License-Identifier: Apache-2.0
#include "os/pages.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/live.h"

static struct arena mem;
static struct fail why;
static struct pages got;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(pages, .fini = drop);

// ---- the text form

Test(pages, the_text_form_comes_back_as_it_was)
{
	static const char TEXT[] = "pages 1 scan 123456 8192\n1000-2000 p\n2000-4000 sf\n"
				   "5000-6000 z\n6000-7000 g\n7f0000000000-7f0000200000 pfh\n";
	struct span text;

	cr_assert(pages_parse(SPAN(TEXT), &mem, &got, &why), "%s", why.text);
	cr_expect_eq(got.count, 5);
	cr_expect(got.by_scan);
	cr_expect_eq(got.rss_after, 8192);
	cr_expect_eq(got.at[1].flags, PAGE_SWAPPED | PAGE_FILE);
	cr_expect_eq(got.at[4].flags, PAGE_PRESENT | PAGE_FILE | PAGE_HUGE);
	text = pages_print(&got, &mem);
	cr_assert(span_is(text, TEXT), "%.*s", (int)text.len, text.at);
}

Test(pages, neighbours_of_equal_flags_are_one_run)
{
	cr_assert(pages_parse(SPAN("pages 1 pagemap 0 0\n1000-2000 p\n2000-3000 p\n"), &mem, &got,
			      &why));
	cr_expect_eq(got.count, 1);
	cr_expect_eq(got.at[0].end, 0x3000);
	cr_expect_not(got.by_scan);
}

Test(pages, an_address_finds_its_run_or_none)
{
	cr_assert(pages_parse(SPAN("pages 1 scan 0 0\n1000-2000 p\n3000-5000 s\n"), &mem, &got,
			      &why));
	cr_expect_eq(pages_find(&got, 0x4fff), &got.at[1]);
	cr_expect_null(pages_find(&got, 0x2000));
	cr_expect_null(pages_find(&got, 0x5000));
	cr_expect_null(pages_find(&got, 0));
}

Test(pages, the_line_that_is_no_run_is_named)
{
	static const char *const BAD[] = {
		"1000-2000\n",    "1000-2000 \n",  "1000-2000 q\n",  "1000-2000 pp\n",
		"1000-1000 p\n",  "1001-2000 p\n", "1000-2000 pz\n", "1000-2000 f\n",
		"1000-2000 gs\n", "x\n",
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		const char *text = arena_format(&mem, "pages 1 scan 0 0\n%s", BAD[i]);

		cr_expect_not(pages_parse(span_of(text), &mem, &got, &why), "%s", BAD[i]);
		cr_expect_eq(why.kind, FAIL_CORRUPT);
		cr_expect_str_eq(why.text, "pages line 2 is not a run");
	}
	cr_expect_not(pages_parse(SPAN("pages 1 scan 0 0\n3000-4000 p\n1000-2000 p\n"), &mem, &got,
				  &why));
	cr_expect_not(pages_parse(SPAN("pages 2 scan 0 0\n"), &mem, &got, &why));
	cr_expect_not(pages_parse(SPAN(""), &mem, &got, &why));
}

// ---- a process that stands still

enum { PAGE = 4096, PAGES = 64 };

static char *area; // in the child at the same address

// Runs `prepare` in a child and returns when it stands still.
static pid_t start_child(void (*prepare)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(area != MAP_FAILED && !pipe(ready));
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	pid = fork();
	if (!pid) {
		prepare();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert(pid > 0 && read(ready[0], &byte, 1) == 1);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void read_area(pid_t pid)
{
	struct page_range range = { (uintptr_t)area, (uintptr_t)area + PAGES * PAGE, true };
	struct live live;
	struct tree files = live_tree(&live, "");

	cr_assert(pages_read(&files, pid, &range, 1, &mem, &got, &why), "%s", why.text);
}

static uint32_t flags_of(int page)
{
	const struct page_run *run = pages_find(&got, (uintptr_t)area + (size_t)page * PAGE);

	return run ? run->flags : 0;
}

static void touch_some(void)
{
	for (int i = 0; i < 10; i++)
		area[i * PAGE] = 1;
	area[20 * PAGE] = 1;
	(void)*(volatile char *)(area + 40 * PAGE); // maps the zero page
}

static void expect_touched(void)
{
	for (int i = 0; i < PAGES; i++)
		cr_expect_eq(flags_of(i),
			     i < 10 || i == 20 ? PAGE_PRESENT
			     : i == 40         ? PAGE_ZERO
					       : 0,
			     "page %d has flags %u", i, flags_of(i));
}

Test(pages, touched_pages_are_present_and_the_zero_page_is_none_of_them)
{
	pid_t pid = start_child(touch_some);

	read_area(pid);
	end_child(pid);
	cr_expect(got.longest_hold_s > 0 && got.longest_hold_s < 1);
	expect_touched();
}

// A kernel before 6.7 answers the ioctl so.
static void refuse_scan(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc0606610, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	cr_assert(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	cr_assert(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

Test(pages, without_the_scan_pagemap_tells_the_same)
{
	pid_t pid = start_child(touch_some);

	refuse_scan();
	read_area(pid);
	end_child(pid);
	cr_expect_not(got.by_scan);
	expect_touched();
}

static void add_guard(void)
{
	area[0] = 1;
	madvise(area + PAGE, PAGE, 102); // MADV_GUARD_INSTALL, kernel 6.13
	area[2 * PAGE] = 1;
}

Test(pages, a_guard_region_is_not_taken_for_swap)
{
	pid_t pid = start_child(add_guard);

	read_area(pid);
	end_child(pid);
	cr_expect_eq(flags_of(0), PAGE_PRESENT);
	cr_expect(flags_of(1) == PAGE_GUARD || flags_of(1) == 0, "flags %u", flags_of(1));
	cr_expect_eq(flags_of(2), PAGE_PRESENT);
}

static size_t read_ranges(pid_t pid, struct page_range *ranges, size_t room)
{
	char path[64], line[512];
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	cr_assert(f);
	while (fgets(line, sizeof(line), f) && count < room) {
		struct page_range *r = &ranges[count];
		unsigned long inode;
		char shared;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*3s%c %*s %*s %lu", &r->start, &r->end,
			   &shared, &inode) != 4 ||
		    r->end >= (uint64_t)1 << 47)
			continue;
		r->anonymous = shared == 'p' && !inode;
		count++;
	}
	fclose(f);
	return count;
}

Test(pages, the_scan_of_a_whole_process_is_its_rss_to_the_kilobyte)
{
	static struct page_range ranges[4096];
	pid_t pid = start_child(touch_some);
	size_t count = read_ranges(pid, ranges, 4096);
	struct live live;
	struct tree files = live_tree(&live, "");
	uint64_t sum = 0;

	cr_assert(pages_read(&files, pid, ranges, count, &mem, &got, &why), "%s", why.text);
	end_child(pid);
	for (size_t i = 0; i < got.count; i++)
		if (got.at[i].flags & PAGE_PRESENT)
			sum += got.at[i].end - got.at[i].start;
	cr_expect_eq(sum, got.rss_after, "%" PRIu64 " scanned, %" PRIu64 " counted", sum,
		     got.rss_after);
}

static void reserve_much(void)
{
	char *far = mmap(NULL, (size_t)1 << 40, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (far == MAP_FAILED)
		_exit(1);
	madvise(far, (size_t)1 << 40, MADV_NOHUGEPAGE);
	far[0] = 1;
	far[((size_t)1 << 40) - 1] = 1;
	memset(far + ((size_t)1 << 39), 1, 48 << 20);
}

Test(pages, a_terabyte_of_reservation_hides_no_page, .timeout = 20)
{
	static struct page_range ranges[4096];
	pid_t pid = start_child(reserve_much);
	size_t count = read_ranges(pid, ranges, 4096);
	struct live live;
	struct tree files = live_tree(&live, "");
	uint64_t sum = 0;

	cr_assert(pages_read(&files, pid, ranges, count, &mem, &got, &why), "%s", why.text);
	end_child(pid);
	for (size_t i = 0; i < got.count; i++)
		if (got.at[i].flags & PAGE_PRESENT)
			sum += got.at[i].end - got.at[i].start;
	cr_expect_eq(sum, got.rss_after);
	cr_expect(sum > 48 << 20);
}

static void touch_every_other(void)
{
	char *far =
		mmap(NULL, 48 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (far == MAP_FAILED)
		_exit(1);
	madvise(far, 48 << 20, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 48 << 20; i += 2 * PAGE)
		far[i] = 1;
}

Test(pages, more_runs_than_the_kernel_collects_at_a_time_are_all_there_and_once)
{
	static struct page_range ranges[4096];
	pid_t pid = start_child(touch_every_other);
	size_t count = read_ranges(pid, ranges, 4096);
	struct live live;
	struct tree files = live_tree(&live, "");
	uint64_t sum = 0;

	cr_assert(pages_read(&files, pid, ranges, count, &mem, &got, &why), "%s", why.text);
	end_child(pid);
	for (size_t i = 0; i < got.count; i++)
		if (got.at[i].flags & PAGE_PRESENT)
			sum += got.at[i].end - got.at[i].start;
	cr_expect_eq(sum, got.rss_after);
	cr_expect(got.count >= 6144, "%zu runs", got.count);
}

Test(pages, a_process_that_is_no_more_is_gone)
{
	pid_t pid = start_child(touch_some);
	struct page_range range = { 0x1000, 0x2000, false };
	struct live live;
	struct tree files = live_tree(&live, "");

	end_child(pid);
	cr_assert_not(pages_read(&files, pid, &range, 1, &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_GONE, "%s", why.text);
}
