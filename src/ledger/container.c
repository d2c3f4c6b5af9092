// SPDX-License-Identifier: Apache-2.0
#include "ledger/container.h"

#include "facts/snapshot.h"

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

static void cut_anon(const struct container_facts *c, uint64_t jvm, struct container_ledger *out)
{
	uint64_t rest = c->anon;

	if (c->anon == UNKNOWN_BYTES || jvm == UNKNOWN_BYTES)
		return;
	out->anon_jvm = at_most(jvm, rest);
	rest -= out->anon_jvm;
	if (c->others_rss_anon == UNKNOWN_BYTES)
		return;
	out->anon_others = at_most(c->others_rss_anon, rest);
	out->anon_rest = rest - out->anon_others;
}

static void cut_file(const struct container_facts *c, uint64_t jvm, struct container_ledger *out)
{
	uint64_t mapped = c->file_mapped, unmapped;

	if (c->file == UNKNOWN_BYTES || mapped == UNKNOWN_BYTES || jvm == UNKNOWN_BYTES)
		return;
	mapped = at_most(mapped, c->file);
	unmapped = c->file - mapped;
	out->file_jvm = at_most(jvm, mapped);
	out->file_others = mapped - out->file_jvm;
	// Mapped pages are kept active by the kernel as long as they are used, so what is inactive
	// is taken to be unmapped first.
	if (c->inactive_file == UNKNOWN_BYTES)
		return;
	out->file_unmapped_inactive = at_most(c->inactive_file, unmapped);
	out->file_unmapped_active = unmapped - out->file_unmapped_inactive;
}

void container_build(const struct snapshot *s, struct container_ledger *out)
{
	const struct container_facts *c = &s->container;

	*out = (struct container_ledger){
		.known = c->known,
		.limit = c->limit,
		.usage = c->usage,
		.working_set = c->working_set,
		.swap = c->swap,
		.shmem = c->shmem,
		.anon_jvm = UNKNOWN_BYTES,
		.anon_others = UNKNOWN_BYTES,
		.anon_rest = UNKNOWN_BYTES,
		.file_jvm = UNKNOWN_BYTES,
		.file_others = UNKNOWN_BYTES,
		.file_unmapped_active = UNKNOWN_BYTES,
		.file_unmapped_inactive = UNKNOWN_BYTES,
		.kernel = c->kernel,
		.slab = c->slab,
		.page_tables = c->page_tables,
		.kernel_stacks = c->kernel_stacks,
		.sockets = c->sockets,
		.percpu = c->percpu,
	};
	if (!c->known)
		return;
	cut_anon(c, snapshot_get(s, F_RSS_ANON, UNKNOWN_BYTES), out);
	cut_file(c, snapshot_get(s, F_RSS_FILE, UNKNOWN_BYTES), out);
}
