// SPDX-License-Identifier: Apache-2.0
#include "jvm/tablefile.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/tree.h"
#include "jvm/vmstructs.h"
#include "os/mapped.h"
#include "os/pristine.h"

enum {
	ROW_LIMIT = 64,   // bytes of a row at most
	ZERO_LIMIT = 256, // constants of value 0 in a table; real ones have some 20
	UNSET_SHARE = 4,  // one in so many members at offset 0: the file does not tell offsets
};

static const char *leave_out_word(const struct pristine *pristine, struct vmstructs_sum *sum,
				  size_t table, uint64_t at, const char *text, struct arena *mem)
{
	uint64_t value;

	if (!pristine_read(pristine, at, &value, sizeof(value), NULL) ||
	    !vmstructs_leave_out(sum, table, at, value))
		return text;
	return arena_format(mem, "%s %" PRIx64, text, at);
}

// Constants that are 0 in the file of a library whose initialisers are not found: an old compiler's
// .ctors may set them.
static const char *leave_out_zeros(const struct pristine *pristine, struct vmstructs_sum *sum,
				   size_t table, const char *text, struct arena *mem)
{
	uint64_t rows = pristine->has_initialisers ? 0 : sum->rows;
	size_t left_out = 0;

	for (uint64_t i = 0; i < rows && left_out < ZERO_LIMIT; i++) {
		uint64_t at = vmstructs_constant_at(sum, table, i);
		uint32_t low;

		if (at && pristine_read(pristine, at, &low, sizeof(low), NULL) && !low) {
			text = leave_out_word(pristine, sum, table, at, text, mem);
			left_out++;
		}
	}
	return text;
}

// Places whose value is not told are left out of the sums, and listed behind them.
static const char *leave_out(const struct pristine *pristine, struct vmstructs_sum *sum,
			     size_t table, struct arena *mem)
{
	uint64_t at = sum->at, end = sum->at + sum->rows * ROW_LIMIT;
	const char *text = "";

	for (; pristine_find_unknown(pristine, at, end, &at); at++)
		text = leave_out_word(pristine, sum, table, at, text, mem);
	return leave_out_zeros(pristine, sum, table, text, mem);
}

// A line a table: place, rows, members at 0, both sums, places left out; in hex.
static bool sum_up(const struct tablefile_library *l, int fd, struct arena *mem, struct span *out,
		   struct fail *why)
{
	struct vmstructs_sum sums[VMSTRUCTS_TABLES];
	struct pristine pristine;
	struct memory memory;
	const char *text = "";

	memory_init(&memory, mem);
	if (!pristine_open(fd, mem, &pristine, why))
		return false;
	pristine_as_memory(&pristine, &memory);
	if (!vmstructs_sum_up(&memory, l->symbol, l->arg, sums, why))
		return false;
	for (size_t i = 0; i < VMSTRUCTS_TABLES; i++) {
		const char *without = leave_out(&pristine, &sums[i], i, mem);

		text = arena_format(
			mem, "%s%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 "%s\n",
			text, sums[i].at, sums[i].rows, sums[i].zero, sums[i].all,
			sums[i].but_offsets, without);
	}
	*out = span_of(text);
	return true;
}

static bool make(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct tablefile_library *l = *(const struct tablefile_library **)arg;
	bool ok;
	int fd;

	if (!mapped_open(l->file, &fd, why))
		return false;
	ok = sum_up(l, fd, mem, out, why);
	close(fd);
	return ok;
}

static bool parse(struct span line, struct vmstructs_sum *s, struct span *without)
{
	if (!span_take_hex(&line, &s->at) || !span_take_char(&line, ' ') ||
	    !span_take_hex(&line, &s->rows) || !span_take_char(&line, ' ') ||
	    !span_take_hex(&line, &s->zero) || !span_take_char(&line, ' ') ||
	    !span_take_hex(&line, &s->all) || !span_take_char(&line, ' ') ||
	    !span_take_hex(&line, &s->but_offsets))
		return false;
	*without = line;
	return true;
}

// Takes the words that the file does not tell out of what was read of the process.
static bool equalise(struct vmstructs_sum *ours, size_t table, struct span without, uint64_t bias,
		     const struct memory *memory)
{
	uint64_t place, value;

	while (span_take_char(&without, ' ') && span_take_hex(&without, &place))
		if (!memory_read_u64(memory, place + bias, &value, NULL) ||
		    !vmstructs_leave_out(ours, table, place + bias, value))
			return false;
	return true;
}

bool tablefile_check(const struct vmstructs *tables, const struct memory *memory,
		     const struct tree *files, const struct tablefile_library *library,
		     struct arena *mem, struct fail *why)
{
	uint64_t bias = library->bias;
	struct span text, line, without;

	if (!files || !tree_made(files, "symbols/tables", make, &library, mem, &text, NULL))
		return true;
	for (size_t i = 0; i < VMSTRUCTS_TABLES; i++) {
		struct vmstructs_sum ours = vmstructs_sums(tables)[i], theirs;
		bool has_offsets;

		if (!span_take_line(&text, &line) || !parse(line, &theirs, &without))
			return true;
		has_offsets = theirs.zero <= theirs.rows / UNSET_SHARE;
		if (!theirs.at || !theirs.rows) // filled when the VM starts
			continue;
		if (ours.at - bias != theirs.at || ours.rows != theirs.rows ||
		    !equalise(&ours, i, without, bias, memory) ||
		    ours.but_offsets != theirs.but_offsets ||
		    (has_offsets && ours.all != theirs.all))
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: %s differs from that in the VM's file",
				    vmstructs_table_name(i));
	}
	return true;
}
