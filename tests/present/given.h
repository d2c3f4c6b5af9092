// SPDX-License-Identifier: Apache-2.0
// A JVM made by hand that shows each kind of line once: the input of the golden tests.

#ifndef TESTS_PRESENT_GIVEN_H
#define TESTS_PRESENT_GIVEN_H

#include "base/units.h"
#include "facts/snapshot.h"

static inline struct provenance given_from(const char *source)
{
	return (struct provenance){ .collector = "given", .source = source, .tier = TIER_A };
}

static inline void given_fact(struct snapshot *s, enum fact_id id, uint64_t value)
{
	snapshot_set(s, id, value, given_from("vmstructs"));
}

static inline void given_text(struct snapshot *s, enum fact_id id, const char *text)
{
	snapshot_set_text(s, id, text, given_from("proc"));
}

// A mapping whose first `resident` bytes are in memory and which one claim covers.
static inline void given_memory(struct snapshot *s, uint64_t start, uint64_t size,
				uint64_t resident, struct claim c, const char *path)
{
	vec_push(s->mem, &s->mappings,
		 (struct mapping_row){ .start = start,
				       .end = start + size,
				       .readable = true,
				       .writable = !path[0],
				       .path = path });
	if (resident)
		vec_push(s->mem, &s->runs,
			 (struct run_row){
				 .start = start, .end = start + resident, .file = path[0] });
	if (!c.account)
		return;
	c.start = start;
	c.end = start + size;
	c.source = c.source ? c.source : "vmstructs";
	snapshot_claim(s, c);
}

static inline void given_facts(struct snapshot *s, uint64_t rss)
{
	given_text(s, F_MAIN, "shop.Main");
	given_text(s, F_JDK_VERSION, "17.0.15+6-Debian-1deb12u1");
	given_text(s, F_VM_NAME, "OpenJDK 64-Bit Server VM");
	given_text(s, F_COLLECTOR, "G1");
	given_text(s, F_COMMAND_LINE, "java -Ddb.password=hunter2 shop.Main");
	given_fact(s, F_STARTED_AT, 1764064800);
	given_fact(s, F_UPTIME, 33000);
	given_fact(s, F_HEAP_MAX, MIB(256));
	given_fact(s, F_HEAP_RESERVED, MIB(256));
	given_fact(s, F_HEAP_COMMITTED, MIB(128));
	given_fact(s, F_HEAP_USED, MIB(52));
	given_fact(s, F_METASPACE_RESERVED, MIB(128));
	given_fact(s, F_METASPACE_COMMITTED, MIB(21));
	given_fact(s, F_METASPACE_USED, MIB(20));
	given_fact(s, F_RSS, rss + 8192);
	given_fact(s, F_RSS_AFTER, rss);
	given_fact(s, F_RSS_ANON, rss - MIB(18));
	given_fact(s, F_RSS_FILE, MIB(18));
	given_fact(s, F_LOCK_HOLD, 250000);
	given_fact(s, F_DIRECT_COUNT, 1);
	given_fact(s, F_LOADERS, 2);
	given_fact(s, F_MALLOC_ARENAS, 1);
	given_fact(s, F_DIRECT_CAPACITY, MIB(1));
	snapshot_set_missing(s, F_METASPACE_MAX, given_from("vmstructs"), "unlimited");
}

// `more` bytes of Metaspace beyond the 20 MB that the first look sees.
static inline void given_jvm(struct snapshot *s, struct arena *mem, uint64_t more, double at_s)
{
	snapshot_init(s, mem);
	s->pid = 4711;
	s->host = "box";
	s->at_s = at_s;
	s->wall_s = 1764064833;
	s->cost.cpu_s = 0.012;
	s->cost.wall_s = 0.02;
	s->cost.peak_rss = MIB(9);
	given_memory(s, 0x10000000, MIB(256), MIB(60),
		     (struct claim){ .account = "java-heap", .certainty = CERTAINTY_EXACT }, "");
	given_memory(s, 0x7f0000000000, MIB(64), MIB(20) + more,
		     (struct claim){ .account = "metaspace",
				     .certainty = CERTAINTY_EXACT,
				     .table = CLAIM_OF_LOADER,
				     .row = 1 },
		     "");
	given_memory(s, 0x7f0010000000, MIB(1), 65536,
		     (struct claim){ .account = "thread-stacks",
				     .certainty = CERTAINTY_EXACT,
				     .part = "java",
				     .table = CLAIM_OF_THREAD },
		     "");
	given_memory(s, 0x7f0020000000, MIB(64), MIB(12),
		     (struct claim){ .account = "malloc",
				     .certainty = CERTAINTY_EXACT,
				     .source = "glibc",
				     .part = "arena heap",
				     .table = CLAIM_OF_ARENA },
		     "");
	snapshot_claim(s, (struct claim){ .start = 0x7f0020000010,
					  .end = 0x7f0020000010 + MIB(1),
					  .account = "direct-buffers",
					  .source = "vmstructs" });
	given_memory(s, 0x7f0030000000, MIB(20), MIB(18),
		     (struct claim){ .account = "libraries",
				     .source = "elf",
				     .part = "libjvm.so",
				     .certainty = CERTAINTY_DERIVED },
		     "/usr/lib/jvm/lib/server/libjvm.so");
	given_memory(s, 0x7f0030000000 + MIB(20), 65536, 8192, (struct claim){ 0 }, "");
	given_facts(s, MIB(110) + 65536 + 8192 + more);
	vec_push(mem, &s->threads,
		 (struct thread_row){ .tid = 4712,
				      .name = "main \033[31mred",
				      .has_stack = true,
				      .stack_start = 0x7f0010000000,
				      .stack_end = 0x7f0010000000 + MIB(1),
				      .stack_committed = 90112 });
	vec_push(mem, &s->loaders,
		 (struct loader_row){ .at = 0x7f0040000000, .type = "<boot>", .class_count = 400 });
	vec_push(mem, &s->loaders,
		 (struct loader_row){ .at = 0x7f0040001000,
				      .type = "shop.plugins.PluginLoader",
				      .class_count = 3,
				      .used = MIB(20),
				      .committed = MIB(21) });
	vec_push(mem, &s->arenas,
		 (struct arena_row){ .at = 0x7f0020000030,
				     .heaps = 1,
				     .attached_threads = 2,
				     .system = MIB(13) });
	vec_push(mem, &s->spaces,
		 (struct space_row){ .name = "old", .committed = MIB(100), .used = MIB(40) });
	vec_push(mem, &s->buffers, (struct buffer_row){ 0x7f0020000010, MIB(1) });
	s->buffers_known = true;
	vec_push(mem, &s->checks,
		 (struct check_row){ .account = "metaspace",
				     .source = "hsperf",
				     .what = "committed",
				     .theirs = MIB(25) });
	vec_push(mem, &s->misses,
		 (struct miss_row){ "cgroup", FAIL_DENIED, "memory.stat may not be read" });
	s->tier_denied = "its pages can't be told: the file belongs to another user";
	s->tier_gain = "CAP_DAC_READ_SEARCH would add the container's ledger";
	s->container = (struct container_facts){
		.known = true,
		.path = "/box",
		.limit = MIB(512),
		.usage = MIB(200),
		.working_set = MIB(150),
		.anon = MIB(100),
		.file = MIB(40),
		.file_mapped = MIB(20),
		.inactive_file = MIB(15),
		.swap = UNKNOWN_BYTES,
		.shmem = 0,
		.kernel = MIB(7),
		.slab = MIB(3),
		.page_tables = UNKNOWN_BYTES,
		.kernel_stacks = UNKNOWN_BYTES,
		.sockets = UNKNOWN_BYTES,
		.percpu = UNKNOWN_BYTES,
		.others_rss_anon = MIB(5),
		.oom_kills = 0,
		.limit_hits = 12,
		.some_avg10 = 1.53,
		.full_avg10 = 0.25,
		.processes = 2,
	};
}

#endif
