// SPDX-License-Identifier: Apache-2.0
// From what Native Memory Tracking counts to rows as VM.native_memory prints them, and to checks.

#ifndef COLLECT_NMT_ROWS_H
#define COLLECT_NMT_ROWS_H

#include <stddef.h>

struct look;
struct nmt;
struct nmtblocks;
struct nmtsummary;

// The VM's level by its flag: "off", "summary", "detail"; NULL when it has no such flag or another
// value.
const char *nmt_rows_level(const struct look *look);
// Rows from the counters in the target's memory.
void nmt_rows_from_memory(struct look *look, const struct nmtsummary *s);
// The row that a category's numbers are shown in: stacks of threads are with Thread.
const char *nmt_rows_category(const struct nmtsummary *s, size_t category);
// What of each row's mappings is in memory, from the regions that are in the snapshot.
void nmt_rows_add_regions(struct look *look);
// What each row's live blocks hold.
void nmt_rows_add_blocks(struct look *look, const struct nmtsummary *s, const struct nmtblocks *b);
// Rows from the text of VM.native_memory summary.
void nmt_rows_from_text(struct look *look, const struct nmt *text);
// A check for each account that has a category: what NMT says against the account.
void nmt_rows_check(struct look *look);

#endif
