// SPDX-License-Identifier: Apache-2.0
#include "record/ring.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"

static char path[64];

static void begin_file(void)
{
	strcpy(path, "/tmp/jledger-ring-XXXXXX");
	close(mkstemp(path));
}

static void end_file(void)
{
	unlink(path);
}

static struct ring *open_ring(const char *boot, struct arena *mem, ring_rows *left)
{
	struct ring *r;
	struct fail why;

	cr_assert(ring_open(path, boot, mem, left, &r, &why), "%s", why.text);
	return r;
}

static void write_row(struct ring *r, double boot_s, uint64_t rss)
{
	struct ring_row row = { .pid = 7, .ns_pid = 1, .started_ns = 42, .boot_s = boot_s };

	for (int i = 0; i < SAMPLE_COUNT; i++)
		row.sample.value[i] = UNKNOWN_BYTES;
	row.sample.value[SAMPLE_RSS] = rss;
	row.sample.gc_cause = "Allocation Failure";
	ring_write(r, &row);
}

TestSuite(ring, .init = begin_file, .fini = end_file);

Test(ring, what_was_written_is_left_for_the_next_in_order)
{
	struct arena mem = { 0 };
	ring_rows left;
	struct ring *r = open_ring("b1", &mem, &left);

	cr_assert_eq(left.count, 0);
	for (int i = 0; i < 5000; i++) // more than it has slots
		write_row(r, i, (uint64_t)i * 3);
	ring_close(r);
	r = open_ring("b1", &mem, &left);
	cr_assert_eq(left.count, 2048);
	cr_assert_eq(left.at[0].boot_s, 5000 - 2048);
	cr_assert_eq(left.at[2047].boot_s, 4999);
	cr_assert_eq(left.at[2047].sample.value[SAMPLE_RSS], 4999 * 3);
	cr_assert_eq(left.at[2047].sample.value[SAMPLE_SWAP], UNKNOWN_BYTES);
	cr_assert_str_eq(left.at[0].sample.gc_cause, "Allocation Failure");
	write_row(r, 6000, 1); // goes on behind them
	ring_close(r);
	r = open_ring("b1", &mem, &left);
	cr_assert_eq(left.at[left.count - 1].boot_s, 6000);
	ring_close(r);
	arena_drop(&mem);
}

Test(ring, one_recorder_at_a_time)
{
	struct arena mem = { 0 };
	ring_rows left;
	struct ring *r = open_ring("b1", &mem, &left), *other;
	struct fail why;

	cr_assert_not(ring_open(path, "b1", &mem, &left, &other, &why));
	cr_assert_eq(why.kind, FAIL_DENIED);
	ring_close(r);
	r = open_ring("b1", &mem, &left);
	ring_close(r);
	arena_drop(&mem);
}

Test(ring, another_boot_begins_anew)
{
	struct arena mem = { 0 };
	ring_rows left;
	struct ring *r = open_ring("b1", &mem, &left);

	write_row(r, 5, 1);
	ring_close(r);
	r = open_ring("b2", &mem, &left);
	cr_assert_eq(left.count, 0);
	write_row(r, 1, 2);
	ring_close(r);
	r = open_ring("b2", &mem, &left);
	cr_assert_eq(left.count, 1);
	cr_assert_eq(left.at[0].sample.value[SAMPLE_RSS], 2);
	ring_close(r);
	arena_drop(&mem);
}

Test(ring, a_slot_that_was_half_written_is_left_out)
{
	struct arena mem = { 0 };
	ring_rows left;
	struct ring *r = open_ring("b1", &mem, &left);
	int fd;

	write_row(r, 1, 1);
	write_row(r, 2, 2);
	ring_close(r);
	fd = open(path, O_RDWR);
	cr_assert_eq(pwrite(fd, "x", 1, 4096 + 2 * 600 + 100), 1);
	close(fd);
	r = open_ring("b1", &mem, &left);
	cr_assert_eq(left.count, 1);
	cr_assert_eq(left.at[0].boot_s, 1);
	ring_close(r);
	arena_drop(&mem);
}

Test(ring, what_is_no_ring_is_none)
{
	struct arena mem = { 0 };
	static char bytes[4096] = "something else\n";
	struct fail why;
	ring_rows rows;

	cr_assert_not(ring_parse((struct span){ bytes, sizeof(bytes) }, "b1", &mem, &rows, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert_not(ring_parse((struct span){ bytes, 10 }, "b1", &mem, &rows, &why));
	arena_drop(&mem);
}
