// SPDX-License-Identifier: Apache-2.0
#include "store/fleet.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/snapshot.h"
#include "store/jsontext.h"

enum {
	TEXT_LIMIT = 300, // bytes
	CAUSES_LIMIT = 1000,
	FINDINGS_LIMIT = 100, // of one JVM
	BUCKETS = 1 << 16,
};

struct held { // a finding
	size_t cause;
	bool confirmed;
	uint64_t bytes;
	double growth_per_s;
	const char *culprit;
};

struct entry { // a JVM
	struct entry *next;
	struct fleet_jvm jvm;
	const char *started; // as the line has it
	struct held *held;
	size_t held_count;
};

struct fleet_merge {
	struct arena *mem;
	struct entry *bucket[BUCKETS];
	VEC(struct entry *) entries;
	VEC(struct fleet_cause) causes;
	struct fleet total; // its counters
};

struct fleet_merge *fleet_begin(struct arena *mem)
{
	struct fleet_merge *m = arena_new(mem, struct fleet_merge);

	m->mem = mem;
	return m;
}

// Lent by the JSON; NULL when it is none.  Texts are cut between characters.
static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const char *keep(struct fleet_merge *m, const char *text)
{
	size_t len;

	if (!text)
		return NULL;
	len = strnlen(text, TEXT_LIMIT + 1);
	if (len > TEXT_LIMIT)
		for (len = TEXT_LIMIT; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	return arena_copy(m->mem, text, len);
}

static uint64_t bytes_of(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	return json_is_integer(n) && json_integer_value(n) >= 0 ? (uint64_t)json_integer_value(n)
								: UNKNOWN_BYTES;
}

static bool time_of(const json_t *o, const char *key, int64_t *at_s)
{
	const char *text = text_of(o, key), *end;
	struct tm tm = { 0 };

	if (!text || !(end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm)) || *end)
		return false;
	*at_s = (int64_t)timegm(&tm);
	return true;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (const char *c = text ? text : ""; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static size_t bucket_of(const struct fleet_jvm *j, const char *started)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)j->pid;

	hash = hash_text(hash_text(hash_text(hash, j->host), j->container), started);
	return (hash ^ hash >> 32) % BUCKETS;
}

static struct entry *find(struct fleet_merge *m, const struct fleet_jvm *j, const char *started)
{
	struct entry *e = m->bucket[bucket_of(j, started)];

	while (e && (e->jvm.pid != j->pid || !same(e->jvm.host, j->host) ||
		     !same(e->jvm.container, j->container) || !same(e->started, started)))
		e = e->next;
	return e;
}

static size_t find_cause(struct fleet_merge *m, const json_t *finding)
{
	const char *id = keep(m, text_of(finding, "cause"));

	for (size_t i = 0; i < m->causes.count; i++)
		if (!strcmp(m->causes.at[i].cause, id))
			return i;
	if (m->causes.count < CAUSES_LIMIT) {
		struct fleet_cause c = { .cause = id,
					 .kind = keep(m, text_of(finding, "kind")),
					 .title = keep(m, text_of(finding, "title")) };

		vec_push(m->mem, &m->causes, c);
		return m->causes.count - 1;
	}
	return SIZE_MAX;
}

static bool has(const struct entry *e, size_t cause)
{
	for (size_t i = 0; i < e->held_count; i++)
		if (e->held[i].cause == cause)
			return true;
	return false;
}

static const char *culprit_of(struct fleet_merge *m, const json_t *finding)
{
	return keep(m, text_of(json_object_get(finding, "culprit"), "name"));
}

static void take_findings(struct fleet_merge *m, const json_t *list, struct entry *e)
{
	size_t count = json_array_size(list);

	if (count > FINDINGS_LIMIT) {
		m->total.findings_over += count - FINDINGS_LIMIT;
		count = FINDINGS_LIMIT;
	}
	e->held_count = 0;
	e->held = arena_array(m->mem, struct held, count + 1);
	for (size_t i = 0; i < count; i++) {
		const json_t *f = json_array_get(list, i);
		const json_t *growth = json_object_get(f, "growth_bytes_per_s");
		struct held h = { .cause = find_cause(m, f) };

		if (h.cause == SIZE_MAX) {
			m->total.findings_over++;
			continue;
		}
		if (has(e, h.cause)) // a verdict names a cause once
			continue;
		h.confirmed = !strcmp(text_of(f, "state"), "confirmed");
		h.bytes = bytes_of(f, "bytes");
		h.growth_per_s = json_number_value(growth);
		h.culprit = culprit_of(m, f);
		e->held[e->held_count++] = h;
		if (e->jvm.cause || strcmp(text_of(f, "kind"), "cause") != 0)
			continue;
		e->jvm.cause = m->causes.at[h.cause].cause;
		e->jvm.state = h.confirmed ? "confirmed" : "likely";
		e->jvm.culprit = h.culprit;
		e->jvm.bytes = h.bytes;
		e->jvm.growth_per_s = h.growth_per_s;
		e->jvm.has_growth = json_is_number(growth);
	}
}

// All that is relied on below.
static bool is_verdict(const json_t *root)
{
	const json_t *target = json_object_get(root, "target"), *pid;
	const json_t *findings = json_object_get(root, "findings"), *f;
	size_t i;

	pid = json_object_get(target, "pid");
	if (json_integer_value(json_object_get(root, "schema")) != 1 || !json_is_integer(pid) ||
	    json_integer_value(pid) <= 0 || json_integer_value(pid) > INT32_MAX ||
	    !json_is_boolean(json_object_get(root, "healthy")) || !json_is_array(findings))
		return false;
	json_array_foreach(findings, i, f)
	{
		const char *state = text_of(f, "state");

		if (!text_of(f, "cause") || !text_of(f, "kind") || !state ||
		    (strcmp(state, "confirmed") != 0 && strcmp(state, "likely") != 0))
			return false;
	}
	return true;
}

static void take(struct fleet_merge *m, const json_t *root, int64_t at_s)
{
	const json_t *target = json_object_get(root, "target");
	const json_t *ledger = json_object_get(root, "ledger");
	const json_t *eta = json_object_get(json_object_get(root, "limit_eta_s"), "mid");
	const json_t *end = json_object_get(json_object_get(root, "past"), "ended");
	const char *started = keep(m, text_of(target, "started"));
	struct fleet_jvm j = { 0 };
	struct entry *e;

	j.host = keep(m, text_of(root, "host"));
	j.container = keep(m, text_of(target, "container"));
	j.pid = (int)json_integer_value(json_object_get(target, "pid"));
	e = find(m, &j, started);
	if (e && e->jvm.at_s > at_s)
		return;
	if (!e && m->entries.count == FLEET_JVM_LIMIT) {
		m->total.over++;
		return;
	}
	if (!e) {
		size_t bucket = bucket_of(&j, started);

		e = arena_new(m->mem, struct entry);
		e->started = started;
		e->next = m->bucket[bucket];
		m->bucket[bucket] = e;
		vec_push(m->mem, &m->entries, e);
	}
	j.main = keep(m, text_of(target, "main"));
	j.jdk = keep(m, text_of(target, "jdk"));
	j.at_s = at_s;
	j.healthy = json_is_true(json_object_get(root, "healthy"));
	j.rss = bytes_of(ledger, "rss");
	j.limit = bytes_of(json_object_get(ledger, "container"), "limit");
	j.eta_s = json_is_number(eta) && json_number_value(eta) >= 0 ? json_number_value(eta) : -1;
	j.end = keep(m, text_of(end, "kind"));
	j.bytes = UNKNOWN_BYTES;
	e->jvm = j;
	take_findings(m, json_object_get(root, "findings"), e);
}

bool fleet_add(struct fleet_merge *m, struct span line, struct fail *why)
{
	struct span rest = line;
	int64_t at_s = 0;
	json_t *root;
	bool is;

	span_skip_blanks(&rest);
	if (!rest.len || (rest.len == 1 && *rest.at == '\r'))
		return true;
	m->total.lines++;
	root = line.len <= FLEET_LINE_LIMIT ? jsontext_parse(line, "the line", why) : NULL;
	is = root && is_verdict(root) && time_of(root, "at", &at_s);
	if (is)
		take(m, root, at_s);
	else
		m->total.strange++;
	if (root && !is)
		fail(why, FAIL_CORRUPT, "the line is no verdict of jledger doctor --json");
	else if (line.len > FLEET_LINE_LIMIT)
		fail(why, FAIL_CORRUPT, "the line is too long to be a verdict");
	json_decref(root);
	return is;
}

void fleet_add_strange(struct fleet_merge *m)
{
	m->total.lines++;
	m->total.strange++;
}

// ---- what comes of it

static int compare_numbers(double a, double b) // the larger first
{
	return (a < b) - (a > b);
}

static double known(uint64_t bytes)
{
	return bytes == UNKNOWN_BYTES ? -1 : (double)bytes;
}

static int badness(const struct fleet_jvm *j)
{
	if (j->end && !strcmp(j->end, "oom-kill"))
		return 4;
	if (!j->healthy)
		return j->state && !strcmp(j->state, "confirmed") ? 3 : 2;
	return j->eta_s >= 0;
}

static int compare_jvms(const void *one, const void *other)
{
	const struct fleet_jvm *a = one, *b = other;
	double eta_a = a->eta_s < 0 ? INFINITY : a->eta_s;
	double eta_b = b->eta_s < 0 ? INFINITY : b->eta_s;
	int order = badness(b) - badness(a);

	if (!order)
		order = compare_numbers(eta_b, eta_a);
	if (!order)
		order = compare_numbers(known(a->bytes), known(b->bytes));
	if (!order)
		order = compare_numbers(known(a->rss), known(b->rss));
	if (!order)
		order = strcmp(a->host ? a->host : "", b->host ? b->host : "");
	return order ? order : (a->pid > b->pid) - (a->pid < b->pid);
}

static bool is_cause(const struct fleet_cause *c)
{
	return !strcmp(c->kind, "cause");
}

static int compare_causes(const void *one, const void *other)
{
	const struct fleet_cause *a = one, *b = other;
	int order = is_cause(b) - is_cause(a);

	if (!order)
		order = compare_numbers((double)(a->confirmed + a->likely),
					(double)(b->confirmed + b->likely));
	if (!order)
		order = compare_numbers((double)a->confirmed, (double)b->confirmed);
	if (!order)
		order = compare_numbers((double)a->bytes, (double)b->bytes);
	return order ? order : strcmp(a->cause, b->cause);
}

static int compare_hosts(const void *one, const void *other)
{
	const struct entry *a = *(struct entry *const *)one, *b = *(struct entry *const *)other;

	return strcmp(a->jvm.host ? a->jvm.host : "", b->jvm.host ? b->jvm.host : "");
}

static uint64_t add(uint64_t sum, uint64_t more)
{
	return more == UNKNOWN_BYTES || sum + more < sum ? sum : sum + more;
}

// Entries are sorted by host: each host of a cause comes once in a row.
static void tally(struct fleet_merge *m)
{
	size_t count = m->causes.count;
	const char **host = arena_array(m->mem, const char *, count + 1);
	uint64_t *most = arena_array(m->mem, uint64_t, count + 1);
	bool *seen = arena_array(m->mem, bool, count + 1);

	for (size_t i = 0; i < m->entries.count; i++) {
		const struct entry *e = m->entries.at[i];

		for (size_t k = 0; k < e->held_count; k++) {
			const struct held *h = &e->held[k];
			struct fleet_cause *c = &m->causes.at[h->cause];
			uint64_t bytes = h->bytes == UNKNOWN_BYTES ? 0 : h->bytes;

			c->confirmed += h->confirmed;
			c->likely += !h->confirmed;
			c->hosts += !seen[h->cause] || !same(host[h->cause], e->jvm.host);
			c->bytes = add(c->bytes, h->bytes);
			c->growth_per_s += h->growth_per_s;
			if (!seen[h->cause] || bytes > most[h->cause]) {
				most[h->cause] = bytes;
				c->main = e->jvm.main;
				c->culprit = h->culprit;
			}
			host[h->cause] = e->jvm.host;
			seen[h->cause] = true;
		}
	}
}

void fleet_finish(struct fleet_merge *m, struct fleet *out)
{
	size_t causes = 0;

	if (m->entries.count)
		qsort(m->entries.at, m->entries.count, sizeof(*m->entries.at), compare_hosts);
	tally(m);
	*out = m->total;
	out->jvms = arena_array(m->mem, struct fleet_jvm, m->entries.count + 1);
	for (size_t i = 0; i < m->entries.count; i++) {
		const struct fleet_jvm *j = &m->entries.at[i]->jvm;

		out->hosts += !i || !same(j->host, m->entries.at[i - 1]->jvm.host);
		out->healthy += j->healthy;
		out->jvms[out->count++] = *j;
	}
	// A cause that only an older verdict had is none any more.
	for (size_t i = 0; i < m->causes.count; i++)
		if (m->causes.at[i].confirmed + m->causes.at[i].likely)
			m->causes.at[causes++] = m->causes.at[i];
	out->causes = m->causes.at;
	out->cause_count = causes;
	qsort(out->jvms, out->count, sizeof(*out->jvms), compare_jvms);
	if (causes)
		qsort(out->causes, causes, sizeof(*out->causes), compare_causes);
}
