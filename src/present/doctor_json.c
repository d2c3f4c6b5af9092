// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "present/doctor_json.h"

#include "base/arena.h"
#include "present/gc.h"
#include "present/json.h"
#include "present/map_json.h"
#include "present/past.h"
#include "present/report.h"
#include "present/words.h"

struct writer {
	const struct report *r;
	struct arena mem;
};

// Commands of the catalogue say PID; a person wants to paste them.
static json_t *command_json(struct writer *w, const char *text)
{
	return json_of_text(text ? words_for_pid(text, w->r->now->pid, &w->mem) : NULL);
}

static json_t *culprit_json(const struct finding *f)
{
	json_t *o;

	if (!f->culprit.name)
		return json_null();
	o = json_object();
	json_set(o, "kind", json_of_text(f->culprit.kind));
	json_set(o, "name", json_of_text(f->culprit.name));
	json_set(o, "loader", json_of_text(f->culprit.loader));
	json_set(o, "stack", json_null());
	return o;
}

static json_t *evidence_json(const struct finding *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->evidence.count; i++) {
		const struct evidence_row *e = &f->evidence.at[i];

		json_add(array,
			 json_pack("{s:o,s:o,s:o,s:o}", "fact", json_of_text(e->fact), "value",
				   json_of_number(e->value), "text", json_of_text(e->text),
				   "source", json_of_text(e->source)));
	}
	return array;
}

static json_t *confused_json(const struct finding *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->confused.count; i++)
		json_add(array,
			 json_pack("{s:o,s:o}", "cause", json_of_text(f->confused.at[i].cause),
				   "why_not", json_of_text(f->confused.at[i].why_not)));
	return array;
}

static json_t *remedies_json(struct writer *w, const struct finding *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->remedies.count; i++)
		json_add(array, command_json(w, f->remedies.at[i]));
	if (!f->remedies.count && f->cause->remedy)
		json_add(array, command_json(w, f->cause->remedy));
	return array;
}

static json_t *finding_json(struct writer *w, const struct finding *f)
{
	json_t *o = json_object();

	json_set(o, "cause", json_of_text(f->cause->id));
	json_set(o, "kind", json_of_text(finding_kind_name(f->cause->kind)));
	json_set(o, "state", json_of_text(verdict_name(f->verdict)));
	json_set(o, "title", json_of_text(f->cause->title));
	json_set(o, "text", json_of_text(f->text));
	json_set(o, "collectable", json_of_text(collectable_name(f->collectable)));
	json_set(o, "bytes", json_of_bytes(f->bytes));
	json_set(o, "growth_bytes_per_s",
		 f->has_growth ? json_of_number(round(f->growth_per_s)) : json_null());
	json_set(o, "growth_bytes_per_mb_allocated",
		 f->has_growth_per_mb ? json_of_number(round(f->growth_per_mb)) : json_null());
	json_set(o, "culprit", culprit_json(f));
	json_set(o, "evidence", evidence_json(f));
	json_set(o, "confused_with", confused_json(f));
	json_set(o, "experiment", command_json(w, f->experiment));
	json_set(o, "remedy", remedies_json(w, f));
	return o;
}

static json_t *eta_json(const struct diagnosis *d)
{
	if (!d->limit_eta.known)
		return json_null();
	return json_pack("{s:o,s:o,s:o}", "low", json_of_seconds(d->limit_eta.low_s), "mid",
			 json_of_seconds(d->limit_eta.mid_s), "high",
			 json_of_seconds(d->limit_eta.high_s));
}

static json_t *allocated_json(const struct diagnosis *d)
{
	const struct allocation *a = &d->allocation;

	return json_pack(
		"{s:o,s:o,s:o}", "bytes", json_of_bytes(a->known ? a->bytes : UNKNOWN_BYTES),
		"growth_bytes_per_mb_allocated",
		d->has_growth_per_mb ? json_of_number(round(d->growth_per_mb)) : json_null(),
		"why_not", json_of_text(a->why_not));
}

static json_t *growth_json(const struct diagnosis *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->growth.count; i++) {
		const struct growth_part *g = &d->growth.at[i];

		json_add(array, json_pack("{s:o,s:o,s:o,s:o}", "account", json_of_text(g->account),
					  "bytes", json_integer((json_int_t)g->bytes), "harmless",
					  json_boolean(g->harmless), "why", json_of_text(g->why)));
	}
	return array;
}

static json_t *aftermath_json(const struct report *r)
{
	json_t *o, *rows;

	if (!r->aftermath)
		return json_null();
	o = json_object();
	rows = json_array();
	for (size_t i = 0; i < r->aftermath->rows.count; i++) {
		const struct aftermath_row *a = &r->aftermath->rows.at[i];

		json_add(rows, json_pack("{s:o,s:o,s:o}", "cause", json_of_text(a->cause->id),
					 "outcome", json_of_text(outcome_name(a->outcome)),
					 "because", json_of_text(a->because)));
	}
	json_set(o, "capture", json_of_text(r->aftermath_of));
	json_set(o, "causes", rows);
	return o;
}

void doctor_json_findings(const struct report *r, json_t *o)
{
	const struct diagnosis *d = r->diagnosis;
	struct writer w = { .r = r };
	json_t *findings = json_array(), *ruled_out = json_array(), *unknown = json_array();

	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->all[i];

		if (f->verdict == VERDICT_CONFIRMED || f->verdict == VERDICT_LIKELY)
			json_add(findings, finding_json(&w, f));
		else if (f->verdict == VERDICT_RULED_OUT)
			json_add(ruled_out,
				 json_pack("{s:o,s:o}", "cause", json_of_text(f->cause->id),
					   "because", json_of_text(f->text)));
		else
			json_add(unknown,
				 json_pack("{s:o,s:o,s:o}", "cause", json_of_text(f->cause->id),
					   "missing", json_of_text(f->missing), "how_to_get_it",
					   command_json(&w, f->how)));
	}
	json_set(o, "findings", findings);
	json_set(o, "ruled_out", ruled_out);
	json_set(o, "unknown", unknown);
	arena_drop(&w.mem);
}

static json_t *log_json(const struct gc_report *log)
{
	json_t *o, *files;

	if (!log)
		return json_null();
	o = json_object();
	files = json_array();
	for (size_t i = 0; i < log->file_count; i++)
		json_add(files, json_of_text(log->files[i]));
	json_set(o, "files", files);
	json_set(o, "dialect", json_of_text(log->stats->dialect));
	json_set(o, "collector",
		 json_of_text(*log->stats->collector ? log->stats->collector : NULL));
	json_set(o, "pauses", json_of_unsigned(log->stats->pauses.all.count));
	json_set(o, "pauses_s", json_of_seconds(log->stats->pauses.all.sum_s));
	json_set(o, "span_s", json_of_seconds(log->stats->span_s));
	return o;
}

// There is no JVM to speak of.
static void print_log_alone(const struct report *r, FILE *to)
{
	json_t *o = json_object();

	json_set(o, "schema", json_integer(1));
	json_set(o, "tool", json_of_text(r->tool_version));
	json_set(o, "target", json_null());
	json_set(o, "gc_log", log_json(r->log));
	json_set(o, "healthy", json_boolean(r->diagnosis->healthy));
	doctor_json_findings(r, o);
	json_set(o, "ledger", json_null());
	json_print(o, to);
}

void report_doctor_json(const struct report *r, FILE *to)
{
	const struct diagnosis *d = r->diagnosis;
	json_t *o, *ledger;

	if (r->log_alone) {
		print_log_alone(r, to);
		return;
	}
	o = map_json_head(r);
	ledger = json_object();
	if (r->past)
		json_set(o, "past", past_json(r->past));
	json_set(o, "gc_log", log_json(r->log));
	json_set(o, "healthy", json_boolean(d->healthy));
	json_set(o, "against", aftermath_json(r));
	json_set(o, "limit_eta_s", eta_json(d));
	json_set(o, "allocated", allocated_json(d));
	json_set(o, "growth", growth_json(d));
	doctor_json_findings(r, o);
	json_set(ledger, "schema", json_integer(1));
	map_json_ledger(r, ledger);
	json_set(o, "ledger", ledger);
	map_json_facts(r, o);
	json_print(o, to);
}
