// SPDX-License-Identifier: Apache-2.0
#include "present/trial.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/units.h"
#include "present/words.h"

enum { WIDTH = 79, FAMILIES_SHOWN = 8, NAME_COLUMNS = 52 };
static const int64_t CHANGE_WORTH_A_LINE = 52429; // what rounds to 0.1 MB

static void print_row(const char *title, uint64_t before, uint64_t after, FILE *to)
{
	char was[16], is[16], change[16];

	fprintf(to, "%-28s%10s%10s%10s\n", title, words_mb(before, was), words_mb(after, is),
		words_change((int64_t)after - (int64_t)before, change));
}

static void print_ledgers(const struct trial_report *t, FILE *to)
{
	const struct ledger *before = t->before.ledger, *after = t->after.ledger;
	uint64_t was = snapshot_get(t->before.now, F_HEAP_USED, UNKNOWN_BYTES);
	uint64_t is = snapshot_get(t->after.now, F_HEAP_USED, UNKNOWN_BYTES);

	fprintf(to, "%-28s%10s%10s%10s\n", "MB resident", "before", "after", "change");
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		const struct account_row *a = &before->rows[i], *b = &after->rows[i];
		int64_t change = (int64_t)b->resident - (int64_t)a->resident;

		if (!a->unknown && !b->unknown &&
		    (change >= CHANGE_WORTH_A_LINE || change <= -CHANGE_WORTH_A_LINE))
			print_row(ACCOUNTS[i].title, a->resident, b->resident, to);
	}
	if (before->unaccounted != after->unaccounted)
		print_row("unaccounted", before->unaccounted, after->unaccounted, to);
	print_row("sum", before->scanned, after->scanned, to);
	if (was != UNKNOWN_BYTES && is != UNKNOWN_BYTES)
		print_row("heap in use", was, is, to);
}

static void print_unloaded(const struct trial *t, FILE *to)
{
	struct arena mem = { 0 };

	if (t->unloaded_total >= 0)
		fprintf(to, "classes unloaded: %.0f\n", t->unloaded_total);
	for (size_t i = 0; i < t->unloaded.count && i < FAMILIES_SHOWN; i++)
		fprintf(to, "  %8" PRIu32 " of %-8" PRIu32 " %s\n", t->unloaded.at[i].count,
			t->unloaded.at[i].family->class_count,
			words_tail(t->unloaded.at[i].family->name, NAME_COLUMNS, &mem));
	if (t->unloaded.count > FAMILIES_SHOWN)
		fprintf(to, "  of %zu more families: --json\n", t->unloaded.count - FAMILIES_SHOWN);
	arena_drop(&mem);
}

static void print_proofs(const struct trial *t, FILE *to)
{
	static const char *const SAYS[] = {
		[COLLECTABLE_NONE] = "",
		[COLLECTABLE_CONFIRMED] = "a collection frees them (collectable: confirmed)",
		[COLLECTABLE_LIKELY] = "",
		[COLLECTABLE_NO] = "something holds them (collectable: no)",
		[COLLECTABLE_UNKNOWN] = "some went and some did not (collectable: unknown)",
	};
	struct arena mem = { 0 };

	for (size_t i = 0; i < t->proofs.count; i++) {
		const struct trial_proof *p = &t->proofs.at[i];

		words_wrap(arena_format(&mem, "%s, %s: %" PRIu32 " of %" PRIu32 " unloaded: %s",
					p->cause->id, words_clean(p->family->name, 0, &mem),
					p->gone, p->family->class_count, SAYS[p->collectable]),
			   0, 2, WIDTH, to);
	}
	arena_drop(&mem);
}

void trial_print_text(const struct trial_report *t, FILE *to)
{
	const struct trial *trial = t->trial;
	struct arena mem = { 0 };
	char mb[16];

	words_wrap(arena_format(&mem, "try %s on pid %d: %s, answered after %.1f s%s%s", t->name,
				t->after.now->pid, t->command, t->took_s,
				trial->effect ? "" : "; no effect: ",
				trial->effect ? "" : words_clean(trial->why_not, 0, &mem)),
		   0, 2, WIDTH, to);
	print_ledgers(t, to);
	if (trial->trim_returned != UNKNOWN_BYTES)
		fprintf(to, "malloc returned %s MB\n", words_mb(trial->trim_returned, mb));
	else if (trial->effect)
		print_unloaded(trial, to);
	print_proofs(trial, to);
	arena_drop(&mem);
}
