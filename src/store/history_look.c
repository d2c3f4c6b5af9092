// SPDX-License-Identifier: Apache-2.0
// A look on disk and back.  Loaders go by type and threads by stem: a class leak has thousands of each,
// and what tells is how many there are and what they hold together.
#include <stdlib.h>
#include <string.h>

#include "diagnose/stems.h"
#include "store/history_file.h"
#include "store/history_tables.h"

enum {
	EXPANDED_ROWS = 1 << 20, // loaders or threads that a group may stand for
	UNACCOUNTED_ROWS = 10,
};

#define ROWS(vec)  (&(const struct any_rows){ (char *)(vec)->at, (vec)->count, (vec)->room })
#define ONE_ROW(p) (&(const struct any_rows){ (char *)(p), 1, 1 })

// ---- writing

static bool put_state(struct history *h, int64_t look, const struct snapshot *s,
		      const struct ledger *l, struct fail *why)
{
	struct stored_state state = {
		.tier = tier_name(s->tier),
		.tier_denied = s->tier_denied,
		.tier_gain = s->tier_gain,
		.machine_memory = s->machine_memory,
		.malloc_known = s->malloc_limits.known,
		.arena_max = s->malloc_limits.arena_max,
		.trim_threshold = s->malloc_limits.trim_threshold,
		.top_pad = s->malloc_limits.top_pad,
		.mmap_threshold = s->malloc_limits.mmap_threshold,
		.options_whole = s->options_whole,
		.options_why_not = s->options_why_not,
		.by_page = l->by_page,
		.scanned = l->scanned,
		.swap = l->swap,
		.unaccounted = l->unaccounted,
		.certain = l->certain,
		.drift = l->drift,
		.cpu_s = s->cost.cpu_s,
		.wall_s = s->cost.wall_s,
	};

	return history_put_rows(h, TABLE_STATE, look, ONE_ROW(&state), why) &&
	       (!s->container.known ||
		history_put_rows(h, TABLE_CONTAINER, look, ONE_ROW(&s->container), why));
}

static bool put_facts(struct history *h, int64_t look, const struct snapshot *s, struct arena *mem,
		      struct fail *why)
{
	VEC(struct stored_fact) rows = { 0 };

	for (int i = 0; i < FACT_COUNT; i++) {
		const struct fact *f = &s->fact[i];

		if (!f->known && !f->why_not)
			continue;
		vec_push(mem, &rows,
			 (struct stored_fact){
				 .name = FACT_INFO[i].name,
				 .value = f->known && FACT_INFO[i].unit != UNIT_TEXT
						  ? f->value
						  : UNKNOWN_BYTES,
				 .text = f->known ? f->text : NULL,
				 .why_not = f->known ? NULL : f->why_not,
				 .collector = f->from.collector,
				 .source = f->from.source,
				 .tier = f->from.tier,
				 .certainty = f->from.certainty,
			 });
	}
	return history_put_rows(h, TABLE_FACT, look, ROWS(&rows), why);
}

static bool put_ledger(struct history *h, int64_t look, const struct ledger *l, struct arena *mem,
		       struct fail *why)
{
	VEC(struct stored_account) rows = { 0 };
	struct any_rows unknowns = { (char *)l->unknowns.at, l->unknowns.count, 0 };

	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		const struct account_row *a = &l->rows[i];

		vec_push(mem, &rows,
			 (struct stored_account){
				 .account = ACCOUNTS[i].id,
				 .unknown = a->unknown,
				 .resident = a->resident,
				 .swap = a->swap,
				 .committed = a->committed,
				 .reserved = a->reserved,
				 .used = a->used,
				 .pss = a->pss,
				 .certain = a->certain,
				 .certainty = a->certainty,
				 .source = a->source,
			 });
	}
	if (unknowns.count > UNACCOUNTED_ROWS)
		unknowns.count = UNACCOUNTED_ROWS;
	return history_put_rows(h, TABLE_ACCOUNT, look, ROWS(&rows), why) &&
	       history_put_rows(h, TABLE_UNACCOUNTED, look, &unknowns, why);
}

// Resident bytes of each row of a table, in one account.
static uint64_t *resident_in(const struct ledger *l, enum claim_table table, const char *account,
			     size_t count, struct arena *mem)
{
	uint64_t *bytes = arena_array(mem, uint64_t, count + 1);

	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];

		if (p->claim && p->claim->table == table && p->claim->row < count &&
		    !strcmp(p->claim->account, account))
			bytes[p->claim->row] += p->resident;
	}
	return bytes;
}

struct sorted_row {
	const char *key;
	int kind;
	size_t row;
};

static int compare_rows(const void *a, const void *b)
{
	const struct sorted_row *x = a, *y = b;
	int order = x->kind - y->kind;

	if (!order)
		order = strcmp(x->key, y->key);
	return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

static bool starts_group(const struct sorted_row *sorted, size_t i)
{
	return !i || sorted[i].kind != sorted[i - 1].kind ||
	       strcmp(sorted[i].key, sorted[i - 1].key) != 0;
}

static bool put_loaders(struct history *h, int64_t look, const struct snapshot *s,
			const struct ledger *l, struct arena *mem, struct fail *why)
{
	size_t count = s->loaders.count;
	struct sorted_row *sorted = arena_array(mem, struct sorted_row, count + 1);
	uint64_t *metaspace = resident_in(l, CLAIM_OF_LOADER, "metaspace", count, mem);
	uint64_t *class_space = resident_in(l, CLAIM_OF_LOADER, "class-space", count, mem);
	VEC(struct stored_loader) rows = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct loader_row *r = &s->loaders.at[i];

		sorted[i] = (struct sorted_row){ r->type ? r->type : "",
						 r->hidden + 2 * r->unloading, i };
	}
	qsort(sorted, count, sizeof(*sorted), compare_rows);
	for (size_t i = 0; i < count; i++) {
		const struct loader_row *r = &s->loaders.at[sorted[i].row];
		struct stored_loader *to;

		if (starts_group(sorted, i))
			vec_push(mem, &rows,
				 (struct stored_loader){ .type = r->type,
							 .name = r->name,
							 .hidden = r->hidden,
							 .unloading = r->unloading });
		to = &rows.at[rows.count - 1];
		if (to->loaders++)
			to->name = NULL;
		to->classes += r->class_count;
		to->used += r->used;
		to->committed += r->committed;
		to->wasted += r->wasted;
		to->class_used += r->class_used;
		to->class_committed += r->class_committed;
		to->metaspace += metaspace[sorted[i].row];
		to->class_space += class_space[sorted[i].row];
	}
	return history_put_rows(h, TABLE_LOADER, look, ROWS(&rows), why);
}

static bool put_threads(struct history *h, int64_t look, const struct snapshot *s,
			const struct ledger *l, struct arena *mem, struct fail *why)
{
	size_t count = s->threads.count;
	struct sorted_row *sorted = arena_array(mem, struct sorted_row, count + 1);
	uint64_t *resident = resident_in(l, CLAIM_OF_THREAD, "thread-stacks", count, mem);
	VEC(struct stored_thread) rows = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct thread_row *t = &s->threads.at[i];

		sorted[i] =
			(struct sorted_row){ t->name ? stems_fold(t->name, mem) : "", t->kind, i };
	}
	qsort(sorted, count, sizeof(*sorted), compare_rows);
	for (size_t i = 0; i < count; i++) {
		const struct thread_row *t = &s->threads.at[sorted[i].row];
		struct stored_thread *to;

		if (starts_group(sorted, i))
			vec_push(mem, &rows,
				 (struct stored_thread){ .name = t->name, .kind = t->kind });
		to = &rows.at[rows.count - 1];
		if (to->threads++)
			to->name = *sorted[i].key ? sorted[i].key : NULL;
		to->reserved += t->has_stack ? t->stack_end - t->stack_start : 0;
		to->committed += t->stack_committed;
		to->resident += resident[sorted[i].row];
		to->temp_bytes += t->temp_bytes;
	}
	return history_put_rows(h, TABLE_THREAD, look, ROWS(&rows), why);
}

static bool put_once(struct history *h, int64_t jvm, const struct snapshot *s, struct fail *why)
{
	const struct fact *main = &s->fact[F_MAIN];
	sqlite3_stmt *q =
		history_statement(h, "UPDATE jvm SET main = ? WHERE id = ? AND main IS NULL", why);

	if (!q || !history_bind_name(h, q, 1, main->known ? main->text : NULL, why))
		return false;
	sqlite3_bind_int64(q, 2, jvm);
	if (!history_run(h, q, why))
		return false;
	if (!history_has_rows(h, TABLE_FLAG, jvm) &&
	    !history_put_rows(h, TABLE_FLAG, jvm, ROWS(&s->flags), why))
		return false;
	return history_has_rows(h, TABLE_OPTION, jvm) || history_has_rows(h, TABLE_SETTING, jvm) ||
	       (history_put_rows(h, TABLE_OPTION, jvm, ROWS(&s->options), why) &&
		history_put_rows(h, TABLE_SETTING, jvm, ROWS(&s->settings), why));
}

bool history_look(struct history *h, int64_t tick, int64_t jvm, const char *reason,
		  const struct snapshot *s, const struct ledger *l, struct fail *why)
{
	struct arena mem = { 0 };
	sqlite3_stmt *q =
		history_statement(h, "INSERT INTO look(tick, jvm, reason) VALUES(?, ?, ?)", why);
	int64_t look;
	bool done;

	if (!q || !history_bind_name(h, q, 3, reason, why))
		return false;
	sqlite3_bind_int64(q, 1, tick);
	sqlite3_bind_int64(q, 2, jvm);
	if (!history_run(h, q, why))
		return false;
	look = sqlite3_last_insert_rowid(h->db);
	done = put_once(h, jvm, s, why) && put_state(h, look, s, l, why) &&
	       put_facts(h, look, s, &mem, why) && put_ledger(h, look, l, &mem, why) &&
	       put_loaders(h, look, s, l, &mem, why) && put_threads(h, look, s, l, &mem, why) &&
	       history_put_rows(h, TABLE_FAMILY, look, ROWS(&s->families), why) &&
	       history_put_rows(h, TABLE_ARENA, look, ROWS(&s->arenas), why) &&
	       history_put_rows(h, TABLE_SPACE, look, ROWS(&s->spaces), why) &&
	       history_put_rows(h, TABLE_CODE_HEAP, look, ROWS(&s->code_heaps), why) &&
	       history_put_rows(h, TABLE_CHECK, look, ROWS(&s->checks), why) &&
	       history_put_rows(h, TABLE_MISS, look, ROWS(&s->misses), why) &&
	       history_put_rows(h, TABLE_DOUBT, look, ROWS(&s->doubts), why);
	arena_drop(&mem);
	return done;
}

// ---- reading

struct loading {
	struct history *h;
	int64_t look, jvm;
	struct arena *mem;
	struct snapshot *s;
	struct ledger *l;
};

static bool get(const struct loading *g, enum history_table_id table, struct any_rows *out,
		struct fail *why)
{
	int64_t owner = !strcmp(HISTORY_TABLES[table].owner, "jvm") ? g->jvm : g->look;

	return history_get_rows(g->h, table, owner, g->mem, out, why);
}

// Into a VEC of the snapshot, which is laid out like any other.
static bool get_into(const struct loading *g, enum history_table_id table, void *vec,
		     struct fail *why)
{
	return get(g, table, vec, why);
}

static bool get_head(struct loading *g, struct fail *why)
{
	sqlite3_stmt *q = history_statement(
		g->h,
		"SELECT look.jvm, tick.at_s, tick.wall_s, boot.host, jvm.pid FROM look JOIN tick "
		"ON "
		"tick.id = look.tick JOIN jvm ON jvm.id = look.jvm JOIN boot ON boot.id = jvm.boot "
		"WHERE look.id = ?",
		why);
	double wall;

	if (!q)
		return false;
	sqlite3_bind_int64(q, 1, g->look);
	if (!history_row(g->h, q, why))
		return fail(why, FAIL_CORRUPT, "%s has no such look", g->h->path);
	g->jvm = sqlite3_column_int64(q, 0);
	g->s->at_s = sqlite3_column_double(q, 1);
	wall = sqlite3_column_double(q, 2);
	g->s->wall_s = wall > -1e15 && wall < 1e15 ? (int64_t)wall : 0;
	g->s->host = history_text(q, 3, g->mem);
	g->s->pid = sqlite3_column_int(q, 4);
	if (!g->s->host)
		g->s->host = "";
	sqlite3_reset(q);
	return true;
}

static bool get_state(const struct loading *g, struct fail *why)
{
	const struct stored_state *st;
	struct any_rows rows;

	if (!get(g, TABLE_STATE, &rows, why))
		return false;
	if (!rows.count)
		return fail(why, FAIL_CORRUPT, "%s: a look has no state", g->h->path);
	st = (const struct stored_state *)rows.at;
	for (int t = TIER_A; t <= TIER_D; t++)
		if (st->tier && !strcmp(tier_name((enum tier)t), st->tier))
			g->s->tier = (enum tier)t;
	g->s->tier_denied = st->tier_denied;
	g->s->tier_gain = st->tier_gain;
	g->s->machine_memory = st->machine_memory;
	g->s->malloc_limits =
		(struct malloc_limits){ st->malloc_known, st->arena_max, st->trim_threshold,
					st->top_pad, st->mmap_threshold };
	g->s->options_whole = st->options_whole;
	g->s->options_why_not = st->options_why_not;
	g->s->cost.cpu_s = st->cpu_s;
	g->s->cost.wall_s = st->wall_s;
	g->l->by_page = st->by_page;
	g->l->scanned = st->scanned;
	g->l->swap = st->swap;
	g->l->unaccounted = st->unaccounted;
	g->l->certain = st->certain;
	g->l->drift = st->drift;
	if (!get(g, TABLE_CONTAINER, &rows, why))
		return false;
	if (rows.count)
		g->s->container = *(const struct container_facts *)rows.at;
	return true;
}

static bool get_facts(const struct loading *g, struct fail *why)
{
	struct any_rows rows;

	if (!get(g, TABLE_FACT, &rows, why))
		return false;
	for (size_t i = 0; i < rows.count; i++) {
		const struct stored_fact *f = &((const struct stored_fact *)rows.at)[i];
		enum fact_id id;
		bool text;

		if (!f->name || !snapshot_find(f->name, &id)) // of another jledger
			continue;
		text = FACT_INFO[id].unit == UNIT_TEXT;
		g->s->fact[id] = (struct fact){
			.known = text ? f->text != NULL : f->value != UNKNOWN_BYTES,
			.value = text ? 0 : f->value,
			.text = text ? f->text : NULL,
			.from = { f->collector ? f->collector : "history",
				  f->source ? f->source : "history", (enum tier)f->tier,
				  (enum certainty)f->certainty },
			.why_not = f->why_not,
		};
	}
	return true;
}

static bool get_ledger(const struct loading *g, struct fail *why)
{
	struct any_rows rows;

	for (int i = 0; i < ACCOUNT_COUNT; i++)
		g->l->rows[i] = (struct account_row){ .account = i,
						      .committed = UNKNOWN_BYTES,
						      .reserved = UNKNOWN_BYTES,
						      .used = UNKNOWN_BYTES,
						      .pss = UNKNOWN_BYTES };
	if (!get(g, TABLE_ACCOUNT, &rows, why))
		return false;
	for (size_t i = 0; i < rows.count; i++) {
		const struct stored_account *a = &((const struct stored_account *)rows.at)[i];
		int at = a->account ? account_find(a->account) : ACCOUNT_NONE;

		if (at == ACCOUNT_NONE) { // of another jledger: nobody's here
			g->l->unaccounted += a->resident;
			continue;
		}
		g->l->rows[at] = (struct account_row){ .account = at,
						       .unknown = a->unknown,
						       .resident = a->resident,
						       .swap = a->swap,
						       .committed = a->committed,
						       .reserved = a->reserved,
						       .used = a->used,
						       .pss = a->pss,
						       .certainty = (enum certainty)a->certainty,
						       .source = a->source,
						       .certain = a->certain };
	}
	return get_into(g, TABLE_UNACCOUNTED, &g->l->unknowns, why);
}

static void add_piece(const struct loading *g, enum claim_table table, size_t row,
		      const char *account, uint64_t resident)
{
	struct claim *c;

	if (!resident)
		return;
	c = arena_new(g->mem, struct claim);
	*c = (struct claim){
		.account = account, .source = "history", .table = table, .row = (uint32_t)row
	};
	vec_push(g->mem, &g->l->pieces,
		 (struct piece){ .resident = resident,
				 .account = account_find(account),
				 .claim = c,
				 .mapping = PIECE_UNMAPPED });
}

// The share of member `i` of `count`: they sum to `whole`.
static uint64_t share(uint64_t whole, uint64_t i, uint64_t count)
{
	return whole / count + (i < whole % count);
}

static bool get_loaders(const struct loading *g, struct fail *why)
{
	struct any_rows rows;

	if (!get(g, TABLE_LOADER, &rows, why))
		return false;
	for (size_t i = 0; i < rows.count; i++) {
		const struct stored_loader *r = &((const struct stored_loader *)rows.at)[i];

		if (r->loaders > EXPANDED_ROWS || g->s->loaders.count + r->loaders > EXPANDED_ROWS)
			return fail(why, FAIL_CORRUPT, "%s: more loaders than a JVM has",
				    g->h->path);
		for (uint32_t k = 0; k < r->loaders; k++) {
			struct loader_row row = {
				.at = g->s->loaders.count + 1,
				.type = r->type,
				.name = r->name,
				.hidden = r->hidden,
				.unloading = r->unloading,
				.class_count = (uint32_t)share(r->classes, k, r->loaders),
				.used = share(r->used, k, r->loaders),
				.committed = share(r->committed, k, r->loaders),
				.wasted = share(r->wasted, k, r->loaders),
				.class_used = share(r->class_used, k, r->loaders),
				.class_committed = share(r->class_committed, k, r->loaders),
			};

			add_piece(g, CLAIM_OF_LOADER, g->s->loaders.count, "metaspace",
				  share(r->metaspace, k, r->loaders));
			add_piece(g, CLAIM_OF_LOADER, g->s->loaders.count, "class-space",
				  share(r->class_space, k, r->loaders));
			vec_push(g->mem, &g->s->loaders, row);
		}
	}
	return true;
}

static bool get_threads(const struct loading *g, struct fail *why)
{
	struct any_rows rows;

	if (!get(g, TABLE_THREAD, &rows, why))
		return false;
	for (size_t i = 0; i < rows.count; i++) {
		const struct stored_thread *r = &((const struct stored_thread *)rows.at)[i];

		if (r->threads > EXPANDED_ROWS || g->s->threads.count + r->threads > EXPANDED_ROWS)
			return fail(why, FAIL_CORRUPT, "%s: more threads than a JVM has",
				    g->h->path);
		for (uint32_t k = 0; k < r->threads; k++) {
			uint64_t reserved = share(r->reserved, k, r->threads);
			struct thread_row row = {
				.name = r->name,
				.kind = (enum thread_kind)r->kind,
				.has_stack = reserved > 0,
				.stack_end = reserved,
				.stack_committed = share(r->committed, k, r->threads),
				.temp_bytes = share(r->temp_bytes, k, r->threads),
			};

			add_piece(g, CLAIM_OF_THREAD, g->s->threads.count, "thread-stacks",
				  share(r->resident, k, r->threads));
			vec_push(g->mem, &g->s->threads, row);
		}
	}
	return true;
}

// What presenters and rules compare without asking whether it is there.
static bool check_words(const struct loading *g, struct fail *why)
{
	const struct snapshot *s = g->s;
	bool whole = true;

	for (size_t i = 0; i < s->families.count; i++)
		whole &= s->families.at[i].name != NULL;
	for (size_t i = 0; i < s->flags.count; i++)
		whole &= s->flags.at[i].name && s->flags.at[i].type_name && s->flags.at[i].origin;
	for (size_t i = 0; i < s->options.count; i++)
		whole &= s->options.at[i].text && s->options.at[i].where;
	for (size_t i = 0; i < s->settings.count; i++)
		whole &= s->settings.at[i].name && s->settings.at[i].value &&
			 s->settings.at[i].where;
	for (size_t i = 0; i < s->spaces.count; i++)
		whole &= s->spaces.at[i].name != NULL;
	for (size_t i = 0; i < s->code_heaps.count; i++)
		whole &= s->code_heaps.at[i].name != NULL;
	for (size_t i = 0; i < s->checks.count; i++)
		whole &= s->checks.at[i].account && s->checks.at[i].source && s->checks.at[i].what;
	for (size_t i = 0; i < s->misses.count; i++)
		whole &= s->misses.at[i].collector && s->misses.at[i].text;
	for (size_t i = 0; i < s->doubts.count; i++)
		whole &= s->doubts.at[i].account && s->doubts.at[i].collector;
	for (size_t i = 0; i < g->l->unknowns.count; i++)
		whole &= g->l->unknowns.at[i].looks_like != NULL;
	return whole || fail(why, FAIL_CORRUPT, "%s: a row of a look lacks its name", g->h->path);
}

bool history_load(struct history *h, int64_t look, struct arena *mem, struct snapshot *s,
		  struct ledger *l, struct fail *why)
{
	struct loading g = { h, look, 0, mem, s, l };

	snapshot_init(s, mem);
	s->tier = TIER_A;
	*l = (struct ledger){ .mem = mem, .of = s };
	return get_head(&g, why) && get_state(&g, why) && get_facts(&g, why) &&
	       get_ledger(&g, why) && get_loaders(&g, why) && get_threads(&g, why) &&
	       get_into(&g, TABLE_FAMILY, &s->families, why) &&
	       get_into(&g, TABLE_ARENA, &s->arenas, why) &&
	       get_into(&g, TABLE_SPACE, &s->spaces, why) &&
	       get_into(&g, TABLE_CODE_HEAP, &s->code_heaps, why) &&
	       get_into(&g, TABLE_CHECK, &s->checks, why) &&
	       get_into(&g, TABLE_MISS, &s->misses, why) &&
	       get_into(&g, TABLE_DOUBT, &s->doubts, why) &&
	       get_into(&g, TABLE_FLAG, &s->flags, why) &&
	       get_into(&g, TABLE_OPTION, &s->options, why) &&
	       get_into(&g, TABLE_SETTING, &s->settings, why) && check_words(&g, why);
}
