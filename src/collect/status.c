// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of a process without a look at its memory: counts before the page scan,
// command line, age, owner.
#include "parse/status.h"

#include "base/fail.h"
#include "base/mask.h"
#include "collect/collector.h"
#include "parse/cgroup_path.h"
#include "parse/cmdline.h"
#include "parse/procstat.h"

static const struct {
	enum fact_id fact;
	size_t field;
} NUMBERS[] = {
	{ F_RSS, offsetof(struct status, vm_rss) },
	{ F_RSS_ANON, offsetof(struct status, rss_anon) },
	{ F_RSS_FILE, offsetof(struct status, rss_file) },
	{ F_RSS_SHMEM, offsetof(struct status, rss_shmem) },
	{ F_SWAP, offsetof(struct status, vm_swap) },
	{ F_HUGETLB, offsetof(struct status, hugetlb) },
	{ F_PAGE_TABLES, offsetof(struct status, vm_pte) },
	{ F_VM_SIZE, offsetof(struct status, vm_size) },
	{ F_THREADS, offsetof(struct status, threads) },
};

static bool read_file(struct look *look, const char *name, struct span *out, struct fail *why)
{
	return tree_read(look->target->files,
			 arena_format(look->mem, "/proc/%d/%s", look->target->pid, name), look->mem,
			 out, why);
}

// "btime 1764057600" of /proc/stat: when the machine started, seconds since 1970.
static bool read_boot_time(struct look *look, uint64_t *seconds, struct fail *why)
{
	struct span text, line;

	if (!tree_read(look->target->files, "/proc/stat", look->mem, &text, why))
		return false;
	while (span_take_line(&text, &line))
		if (span_take_text(&line, "btime ") && span_take_dec(&line, seconds))
			return true;
	return fail(why, FAIL_CORRUPT, "/proc/stat has no btime");
}

static void add_age(struct look *look, struct provenance from)
{
	struct fail why;
	struct span text;
	struct procstat stat;
	uint64_t boot = 0, now_ns = (uint64_t)(look->out->at_s * 1e9);

	if (!read_file(look, "stat", &text, &why) || !procstat_parse(text, &stat, &why)) {
		snapshot_set_missing(look->out, F_STARTED_AT, from, why.text);
		snapshot_set_missing(look->out, F_UPTIME, from, why.text);
		return;
	}
	snapshot_set(look->out, F_UPTIME,
		     now_ns > stat.started_ns ? (now_ns - stat.started_ns) / 1000000 : 0, from);
	if (read_boot_time(look, &boot, &why))
		snapshot_set(look->out, F_STARTED_AT, boot + stat.started_ns / 1000000000, from);
	else
		snapshot_set_missing(look->out, F_STARTED_AT, from, why.text);
}

static void add_command(struct look *look, struct provenance from)
{
	struct fail why;
	struct span bytes;

	if (!read_file(look, "cmdline", &bytes, &why)) {
		snapshot_set_missing(look->out, F_MAIN, from, why.text);
		snapshot_set_missing(look->out, F_COMMAND_LINE, from, why.text);
		return;
	}
	// A capture holds the masked form: masked here too, both show the same.
	bytes.at = arena_copy(look->mem, bytes.at, bytes.len);
	mask_bytes((char *)bytes.at, bytes.len, MASK_ARGUMENTS, NULL, NULL);
	snapshot_set_text(look->out, F_MAIN, cmdline_main(bytes, look->mem), from);
	snapshot_set_text(look->out, F_COMMAND_LINE, cmdline_text(bytes, look->mem), from);
}

static void add_container(struct look *look, struct provenance from)
{
	struct fail why;
	struct span text;
	struct cgroup_paths paths;
	const char *id;

	if (!read_file(look, "cgroup", &text, &why) ||
	    !cgroup_path_parse(text, look->mem, &paths, &why)) {
		snapshot_set_missing(look->out, F_CONTAINER_ID, from, why.text);
		return;
	}
	id = cgroup_path_find_container(&paths, look->mem);
	if (id)
		snapshot_set_text(look->out, F_CONTAINER_ID, id, from);
	else
		snapshot_set_missing(look->out, F_CONTAINER_ID, from,
				     "its cgroup names no container");
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "status", "proc", CERTAINTY_EXACT);
	struct span text;
	struct status status;
	char state[2] = { 0 };

	if (!read_file(look, "status", &text, why) || !status_parse(text, &status, why))
		return false;
	if (status.state == 'Z' || status.state == 'X' || !status.has_memory)
		return fail(why, FAIL_GONE, "process %d has exited (state %c)", look->target->pid,
			    status.state);
	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
		snapshot_set(look->out, NUMBERS[i].fact,
			     *(const uint64_t *)((const char *)&status + NUMBERS[i].field), from);
	state[0] = status.state;
	snapshot_set_text(look->out, F_STATE, state, from);
	snapshot_set(look->out, F_UID, status.euid, from);
	if (look->briefly) // the next file costs the kernel a walk over all threads
		return true;
	add_age(look, from);
	add_command(look, from);
	add_container(look, from);
	return true;
}

const struct collector collector_status = {
	.name = "status",
	.sentence = "size, age, owner and command line as the kernel tells them",
	.needs = TIER_C,
	.of_classes = CLASSES_LOADERS,
	.plain = true,
	.run = run,
};
