// SPDX-License-Identifier: Apache-2.0
#include "cmd/gclog_verdict.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "collect/gclogs.h"
#include "present/html.h"

bool gclog_verdict_read(struct gclog_verdict *v, const char *const *files, size_t count,
			struct fail *why)
{
	static const struct gclogs_window ALL;

	memset(v, 0, sizeof(*v));
	v->logs = gclogs_create(files, count, &ALL, NULL, NULL);
	if (!gclogs_read(v->logs, why))
		return false;
	gclogs_finish(v->logs);
	gclog_verdict_take(v, v->logs, count);
	return v->stats.events ||
	       fail(why, FAIL_ABSENT, "%s: no event of a garbage collector is in it", files[0]);
}

void gclog_verdict_take(struct gclog_verdict *v, struct gclogs *logs, size_t count)
{
	gclogs_judge(logs, &v->stats);
	v->report = (struct gc_report){ .files = gclogs_order(logs),
					.file_count = count,
					.stats = &v->stats };
}

void gclog_verdict_drop(struct gclog_verdict *v)
{
	if (v->logs)
		gclogs_destroy(v->logs);
	arena_drop(&v->mem);
}

bool gclog_verdict_fits(const struct gclog_verdict *v, const struct snapshot *s)
{
	const struct fact *has = &s->fact[F_COLLECTOR];
	const char *log = v->stats.collector;

	// ParNew runs before CMS and before the serial collector; the log says "ZGC, generational" of "Z".
	return !has->known || !has->text || !*log || !strcmp(log, "ParNew") ||
	       !strncmp(log, has->text, strlen(has->text));
}

void gclog_verdict_add(const struct gclog_verdict *v, struct evidence *e)
{
	e->log = &v->stats;
	e->log_files = v->report.files;
	e->log_file_count = v->report.file_count;
}

void gclog_verdict_judge_alone(struct gclog_verdict *v, const struct options *o)
{
	struct evidence e = { .now = &v->empty, .first = &v->empty, .log_alone = true };

	snapshot_init(&v->empty, &v->mem);
	gclog_verdict_add(v, &e);
	diagnose(&e, &v->mem, &v->diagnosis);
	v->alone = (struct report){
		.now = &v->empty,
		.first = &v->empty,
		.diagnosis = &v->diagnosis,
		.log = &v->report,
		.log_alone = true,
		.all_causes = o->causes,
		.colour = o->colour,
		.tool_version = JLEDGER_VERSION,
		.has_command = command_takes_jvm,
	};
	v->report.judged = &v->alone;
}

bool gclog_verdict_page(const struct gclog_verdict *v, const struct options *o)
{
	bool failed, to_stdout = o->html && !strcmp(o->html, "-");
	FILE *page;

	if (!o->html)
		return true;
	page = to_stdout ? stdout : fopen(o->html, "we");
	if (!page) {
		complain("%s: %s", o->html, strerror(errno));
		return false;
	}
	html_begin("jledger gc", page);
	gc_html_section(&v->report, page);
	html_end(page);
	failed = fflush(page) || ferror(page);
	if (!to_stdout)
		failed |= fclose(page) != 0;
	if (failed)
		complain("%s could not be written", o->html);
	return !failed;
}
