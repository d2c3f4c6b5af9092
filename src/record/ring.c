// SPDX-License-Identifier: Apache-2.0
#include "record/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/fail.h"

enum {
	HEAD = 4096,
	SLOTS = 2048,
	CAUSE = 40,
	NUMBERS = 64,    // values that a slot has room for
	SLOT_MAX = 4096, // of other jledgers
};

static const char MAGIC[] = "jledger ring 1\n";

// As it lies in the file, little endian like the machine.
struct slot {
	uint32_t crc; // of all behind it
	uint32_t pid, ns_pid, reserved;
	uint64_t number; // rises; 0: never written
	uint64_t started_ns;
	double boot_s, wall_s;
	char gc_cause[CAUSE];
	uint64_t value[NUMBERS]; // in the order of the names in the head
};
_Static_assert(sizeof(struct slot) == 600, "docs/formats/ring.md");
_Static_assert((int)SAMPLE_COUNT <= (int)NUMBERS, "a sample fits a slot");

struct ring {
	int fd;
	char *at;
	uint64_t number;
};

static uint32_t checksum(const struct slot *s)
{
	const unsigned char *from = (const unsigned char *)s + sizeof(s->crc);

	return (uint32_t)crc32(0, from, (uInt)(sizeof(*s) - sizeof(s->crc)));
}

// ---- reading

struct head {
	size_t slots;
	int column[NUMBERS]; // of a sample, by the place in a slot; -1: not ours
	size_t columns;
};

static int find_column(struct span name)
{
	char own[64];

	for (int i = 0; i < SAMPLE_COUNT; i++)
		if (strlen(sample_name((enum sample_id)i, own)) == name.len &&
		    !memcmp(own, name.at, name.len))
			return i;
	return -1;
}

// "jledger ring 1\nboot BOOT\nslots N of BYTES\nname\nname\n...", then zeroes.
static bool parse_head(struct span text, const char *boot, struct head *out, struct fail *why)
{
	struct span line;
	uint64_t slots, size;

	if (!span_take_text(&text, MAGIC) || !span_take_text(&text, "boot ") ||
	    !span_take_line(&text, &line))
		return fail(why, FAIL_CORRUPT, "it is no ring of jledger's");
	if (line.len != strlen(boot) || memcmp(line.at, boot, line.len) != 0)
		return fail(why, FAIL_ABSENT, "it is of another boot");
	if (!span_take_text(&text, "slots ") || !span_take_dec(&text, &slots) ||
	    !span_take_text(&text, " of ") || !span_take_dec(&text, &size) ||
	    !span_take_char(&text, '\n') || size != sizeof(struct slot) || slots > 1 << 20)
		return fail(why, FAIL_CORRUPT, "its slots make no sense");
	*out = (struct head){ .slots = (size_t)slots };
	while (out->columns < NUMBERS && span_take_line(&text, &line) && line.len && *line.at)
		out->column[out->columns++] = find_column(line);
	return true;
}

static void take_slot(const struct head *head, const struct slot *s, struct arena *mem,
		      struct ring_row *out)
{
	struct ring_row row = {
		.pid = (int)(s->pid & INT32_MAX),
		.ns_pid = (int)(s->ns_pid & INT32_MAX),
		.started_ns = s->started_ns,
		.boot_s = s->boot_s,
		.sample = { .wall_s = s->wall_s },
	};

	for (int i = 0; i < SAMPLE_COUNT; i++)
		row.sample.value[i] = UNKNOWN_BYTES;
	for (size_t i = 0; i < head->columns; i++)
		if (head->column[i] >= 0)
			row.sample.value[head->column[i]] = s->value[i];
	if (*s->gc_cause)
		row.sample.gc_cause =
			arena_copy(mem, s->gc_cause, strnlen(s->gc_cause, sizeof(s->gc_cause)));
	*out = row;
}

struct numbered {
	uint64_t number;
	size_t at;
};

static int compare_numbers(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

bool ring_parse(struct span bytes, const char *boot, struct arena *mem, ring_rows *out,
		struct fail *why)
{
	VEC(struct numbered) order = { 0 };
	ring_rows rows = { 0 };
	struct head head = { 0 };

	if (bytes.len < HEAD)
		return fail(why, FAIL_CORRUPT, "it is cut short");
	if (!parse_head((struct span){ bytes.at, HEAD }, boot, &head, why))
		return false;
	for (size_t i = 0; i < head.slots && HEAD + (i + 1) * sizeof(struct slot) <= bytes.len;
	     i++) {
		struct slot s;

		memcpy(&s, bytes.at + HEAD + i * sizeof(s), sizeof(s));
		if (s.number && s.crc == checksum(&s) && s.boot_s >= 0 && s.boot_s < 1e12 &&
		    s.wall_s > -1e15 && s.wall_s < 1e15)
			vec_push(mem, &order, (struct numbered){ s.number, i });
	}
	if (order.count)
		qsort(order.at, order.count, sizeof(*order.at), compare_numbers);
	for (size_t i = 0; i < order.count; i++) {
		struct ring_row row;
		struct slot s;

		memcpy(&s, bytes.at + HEAD + order.at[i].at * sizeof(s), sizeof(s));
		take_slot(&head, &s, mem, &row);
		vec_push(mem, &rows, row);
	}
	*out = rows;
	return true;
}

// ---- writing

static bool lock(int fd, const char *path, struct fail *why)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return true;
	if (errno == EWOULDBLOCK)
		return fail(why, FAIL_DENIED, "another recorder writes this history (%s is locked)",
			    path);
	return fail_errno(why, errno, "%s", path);
}

static void write_head(char *to, const char *boot)
{
	char name[64];
	int at;

	memset(to, 0, HEAD);
	at = snprintf(to, HEAD, "%sboot %.64s\nslots %d of %zu\n", MAGIC, boot, SLOTS,
		      sizeof(struct slot));
	for (int i = 0; i < SAMPLE_COUNT; i++)
		at += snprintf(to + at, (size_t)(HEAD - at), "%s\n",
			       sample_name((enum sample_id)i, name));
}

// What lies there, if it can be read at all, then a fresh ring over it.
static bool start(struct ring *r, const char *boot, struct arena *mem, ring_rows *left,
		  struct fail *why)
{
	const size_t size = HEAD + SLOTS * sizeof(struct slot);
	struct stat st;
	int failed;

	if (fstat(r->fd, &st))
		return fail_errno(why, errno, "the ring");
	failed = posix_fallocate(r->fd, 0, (off_t)size);
	if (failed)
		return fail_errno(why, failed, "the ring");
	r->at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->at == MAP_FAILED) {
		r->at = NULL;
		return fail_errno(why, errno, "the ring");
	}
	*left = (ring_rows){ 0 };
	if (st.st_size < HEAD || !ring_parse((struct span){ r->at, size }, boot, mem, left, NULL)) {
		memset(r->at + HEAD, 0, size - HEAD);
		write_head(r->at, boot);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot s;

		memcpy(&s, r->at + HEAD + i * sizeof(s), sizeof(s));
		if (s.crc == checksum(&s) && s.number > r->number)
			r->number = s.number;
	}
	write_head(r->at, boot); // the names may be those of another jledger
	return true;
}

bool ring_open(const char *path, const char *boot, struct arena *mem, ring_rows *left,
	       struct ring **out, struct fail *why)
{
	struct ring *r = calloc(1, sizeof(*r));

	if (!r)
		return fail(why, FAIL_OS, "no memory");
	r->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->fd < 0) {
		fail_errno(why, errno, "%s", path);
	} else if (lock(r->fd, path, why) && start(r, boot, mem, left, why)) {
		*out = r;
		return true;
	}
	ring_close(r);
	return false;
}

void ring_write(struct ring *r, const struct ring_row *row)
{
	struct slot s = {
		.pid = (uint32_t)row->pid,
		.ns_pid = (uint32_t)row->ns_pid,
		.number = ++r->number,
		.started_ns = row->started_ns,
		.boot_s = row->boot_s,
		.wall_s = row->sample.wall_s,
	};

	for (int i = 0; i < SAMPLE_COUNT; i++)
		s.value[i] = row->sample.value[i];
	if (row->sample.gc_cause)
		memcpy(s.gc_cause, row->sample.gc_cause,
		       strnlen(row->sample.gc_cause, sizeof(s.gc_cause)));
	s.crc = checksum(&s);
	memcpy(r->at + HEAD + (r->number % SLOTS) * sizeof(s), &s, sizeof(s));
}

bool ring_rows_of(const struct ring *r, const char *boot, struct arena *mem, ring_rows *out,
		  struct fail *why)
{
	return ring_parse((struct span){ r->at, HEAD + SLOTS * sizeof(struct slot) }, boot, mem,
			  out, why);
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->at)
		munmap(r->at, HEAD + SLOTS * sizeof(struct slot));
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}
