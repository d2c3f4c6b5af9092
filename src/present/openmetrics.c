// SPDX-License-Identifier: Apache-2.0
#include "present/openmetrics.h"

#include <inttypes.h>

#include "base/arena.h"
#include "facts/watched.h"
#include "present/words.h"

enum metric_type { GAUGE, COUNTER };
enum metric_unit { PLAIN, TIME, HEAP, OTEL_HEAP };

static const struct metric {
	const char *name;
	enum metric_type type;
	enum metric_unit unit;
	int sample; // SAMPLE_COUNT: the heap's maximum, which no sample has
	const char *help;
} METRICS[] = {
#define METRIC(name, type, unit, sample, help) { name, type, unit, SAMPLE_##sample, help },
#include "present/openmetrics.def"
#undef METRIC
};

// The value of a label: backslash, quote and newline are escaped, broken bytes replaced.
static void print_label(const char *name, const char *value, struct arena *mem, FILE *to)
{
	fprintf(to, "%s=\"", name);
	for (const char *c = value ? words_clean(value, 0, mem) : ""; *c; c++)
		if (*c == '"' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else
			fputc(*c, to);
	fputc('"', to);
}

static void print_labels(const struct watched_row *r, struct arena *mem, FILE *to)
{
	fprintf(to, "{pid=\"%d\",", r->pid);
	print_label("main", r->main, mem, to);
	fputc(',', to);
	print_label("container", r->container, mem, to);
}

static void print_head(const char *name, const char *help, enum metric_type type, FILE *to)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
		type == COUNTER ? "counter" : "gauge");
}

static uint64_t value_of(const struct metric *m, const struct watched_row *r)
{
	return m->sample == SAMPLE_COUNT ? r->heap_max : r->sample->value[m->sample];
}

// Lines of one name stand together, below one head that is there only with them.
static void print_metric(const struct metric *m, const struct watched_rows *rows, FILE *to)
{
	struct arena mem = { 0 };
	bool headed = false;

	for (size_t i = 0; i < rows->count; i++) {
		const struct watched_row *r = &rows->at[i];
		uint64_t value = value_of(m, r);

		if (value == UNKNOWN_BYTES)
			continue;
		if (!headed)
			print_head(m->name, m->help, m->type, to);
		headed = true;
		fputs(m->name, to);
		print_labels(r, &mem, to);
		if (m->unit == HEAP)
			fputs(",area=\"heap\"", to);
		else if (m->unit == OTEL_HEAP)
			fputs(",jvm_memory_type=\"heap\"", to);
		fputs("} ", to);
		if (m->unit == TIME)
			fprintf(to, "%.9g\n", (double)value / 1e9);
		else
			fprintf(to, "%" PRIu64 "\n", value);
	}
	arena_drop(&mem);
}

static const struct {
	const char *name, *help;
	size_t at;
} ACCOUNT_METRICS[] = {
	{ "jledger_account_resident_bytes", "Resident bytes of an account of the ledger.",
	  offsetof(struct watched_account, resident) },
	{ "jledger_account_committed_bytes", "Bytes that the JVM has committed for an account.",
	  offsetof(struct watched_account, committed) },
	{ "jledger_account_used_bytes", "Bytes that the JVM uses of an account.",
	  offsetof(struct watched_account, used) },
};

static void print_accounts(size_t metric, const struct watched_rows *rows, FILE *to)
{
	const char *name = ACCOUNT_METRICS[metric].name;
	struct arena mem = { 0 };
	bool headed = false;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t k = 0; k < rows->at[i].accounts; k++) {
			const struct watched_account *a = &rows->at[i].account[k];
			uint64_t value =
				*(const uint64_t *)((const char *)a + ACCOUNT_METRICS[metric].at);

			if (value == UNKNOWN_BYTES)
				continue;
			if (!headed)
				print_head(name, ACCOUNT_METRICS[metric].help, GAUGE, to);
			headed = true;
			fputs(name, to);
			print_labels(&rows->at[i], &mem, to);
			fprintf(to, ",account=\"%s\"} %" PRIu64 "\n", a->account, value);
		}
	arena_drop(&mem);
}

static void print_ages(const struct watched_rows *rows, FILE *to)
{
	struct arena mem = { 0 };
	bool headed = false;

	for (size_t i = 0; i < rows->count; i++) {
		if (rows->at[i].looked_s < 0)
			continue;
		if (!headed)
			print_head("jledger_ledger_age_seconds",
				   "How long ago the accounts were looked at.", GAUGE, to);
		headed = true;
		fputs("jledger_ledger_age_seconds", to);
		print_labels(&rows->at[i], &mem, to);
		fprintf(to, "} %.1f\n", rows->at[i].looked_s);
	}
	arena_drop(&mem);
}

void openmetrics_print(const struct watched_rows *rows, FILE *to)
{
	for (size_t i = 0; i < sizeof(METRICS) / sizeof(METRICS[0]); i++)
		print_metric(&METRICS[i], rows, to);
	for (size_t i = 0; i < sizeof(ACCOUNT_METRICS) / sizeof(ACCOUNT_METRICS[0]); i++)
		print_accounts(i, rows, to);
	print_ages(rows, to);
	print_head("jledger_recorder_ticks_total", "Ticks of the recorder.", COUNTER, to);
	fprintf(to, "jledger_recorder_ticks_total %" PRIu64 "\n", rows->ticks);
	print_head("jledger_recorder_late_ticks_total",
		   "Ticks that could not be written when they were due.", COUNTER, to);
	fprintf(to, "jledger_recorder_late_ticks_total %" PRIu64 "\n", rows->ticks_late);
	print_head("jledger_recorder_jvms", "JVMs that the recorder watches.", GAUGE, to);
	fprintf(to, "jledger_recorder_jvms %zu\n", rows->count);
}
