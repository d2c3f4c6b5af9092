// SPDX-License-Identifier: Apache-2.0
// How Metaspace is cut, as text and JSON.
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "present/classes.h"
#include "present/json.h"
#include "present/report.h"
#include "present/words.h"

enum { WIDTH = 79 };

// ---- text, in KB: chunks begin at one

static void print_kb(uint64_t bytes, int width, FILE *to)
{
	fprintf(to, "%*.1f", width, (double)bytes / 1024);
}

static void print_share(const char *title, const struct metaspace_share *s, FILE *to)
{
	fprintf(to, "%-24s %6" PRIu64, title, s->chunks);
	print_kb(s->capacity, 10, to);
	print_kb(s->committed, 10, to);
	print_kb(s->used, 10, to);
	print_kb(s->free, 9, to);
	print_kb(s->waste + s->overhead, 9, to);
	fputc('\n', to);
}

static void print_chunks(const struct metaspace_facts *f, FILE *to)
{
	int kind = -1;

	fprintf(to, "%-24s %6s%10s%10s%10s%9s%9s\n", "chunks, KB", "chunks", "capacity",
		"committed", "used", "free", "waste");
	for (size_t i = 0; i < f->chunks.count; i++) {
		const struct metaspace_chunk_row *r = &f->chunks.at[i];
		char title[32], size[16];

		if (kind != r->class_space)
			fprintf(to, "%s\n", r->class_space ? "class space" : "non-class");
		kind = r->class_space;
		snprintf(title, sizeof(title), "  %s, %s", metaspace_owner_name(r->owner),
			 r->humongous ? "humongous" : units_print_size(r->size, size));
		print_share(title, &r->share, to);
	}
	print_share("all in use", &f->both.in_use, to);
	if (f->free_known)
		print_share("all free", &f->both.free, to);
	else
		fprintf(to, "free chunks are not known: %s\n", f->free_why_not);
}

static void print_owners(const struct metaspace_facts *f, FILE *to)
{
	struct arena mem = { 0 };
	const char *text = "loaders:", *comma = "";

	for (int i = 0; i < METASPACE_FREE; i++) {
		if (!f->owners[i].loaders)
			continue;
		text = arena_format(&mem, "%s%s %s %" PRIu64 " with %" PRIu64 " classes", text,
				    comma, metaspace_owner_name((enum metaspace_owner)i),
				    f->owners[i].loaders, f->owners[i].classes);
		comma = ",";
	}
	words_wrap(text, 0, 9, WIDTH, to);
	fputc('\n', to);
	arena_drop(&mem);
}

static void print_nodes(const struct metaspace_facts *f, FILE *to)
{
	fputs("\nnodes                                 reserved KB  committed    cut up to\n", to);
	for (size_t i = 0; i < f->nodes.count; i++) {
		const struct metaspace_node_row *n = &f->nodes.at[i];

		fprintf(to, "0x%-12" PRIx64 " %-22s", n->start,
			n->class_space ? "class space" : "non-class");
		print_kb(n->end - n->start, 12, to);
		print_kb(n->committed, 11, to);
		print_kb(n->used, 13, to);
		fputc('\n', to);
	}
}

static void print_line(const char *title, uint64_t bytes, const char *note, FILE *to)
{
	char size[16];

	fprintf(to, "%-36s %10s%s%s\n", title,
		bytes == UNKNOWN_BYTES ? "?" : units_print_size(bytes, size), *note ? "  " : "",
		note);
}

// Why the line above has no number.
static void print_reason(const char *why, FILE *to)
{
	struct arena mem = { 0 };

	if (!why)
		return;
	fputs("    ", to);
	words_wrap(words_clean(why, 0, &mem), 4, 4, WIDTH, to);
	arena_drop(&mem);
}

static void print_waste(const struct metaspace_facts *f, FILE *to)
{
	char blocks[64];
	const struct metaspace_sum *b = &f->both;

	fprintf(to, "\nof what is committed, %.1f %% holds nothing\n", f->fragmentation);
	print_line("  free in chunks in use", b->in_use.free, "", to);
	print_line("  wasted in chunks in use", b->in_use.waste, "", to);
	if (b->in_use.overhead)
		print_line("  headers of chunks in use", b->in_use.overhead, "", to);
	print_line("  in free chunks", f->free_known ? b->free.committed : UNKNOWN_BYTES, "", to);
	print_line("  beside the chunks", f->free_known ? b->beside : UNKNOWN_BYTES, "", to);
	snprintf(blocks, sizeof(blocks), "%" PRIu64 " blocks", b->blocks);
	print_line("  given back inside of chunks",
		   f->blocks_known ? b->block_bytes : UNKNOWN_BYTES,
		   f->blocks_known ? blocks : f->blocks_why_not, to);
}

static void print_flags(const struct metaspace_facts *f, FILE *to)
{
	for (size_t i = 0; i < f->flags.count; i++) {
		const struct metaspace_flag_row *flag = &f->flags.at[i];
		char size[16];

		fprintf(to, "  %-34s", flag->name);
		if (flag->percent)
			fprintf(to, " %8" PRIu64 " %%\n", flag->value);
		else
			fprintf(to, " %10s\n",
				flag->unlimited ? "unlimited"
						: units_print_size(flag->value, size));
	}
}

void classes_metaspace_text(const struct classes_report *c, FILE *to)
{
	const struct metaspace_facts *f = &c->of->now->metaspace;

	if (!f->known) {
		fprintf(to, "how Metaspace is cut is not known: %s\n",
			f->why_not ? f->why_not : "the VM can't be read");
		return;
	}
	print_owners(f, to);
	print_chunks(f, to);
	print_nodes(f, to);
	print_waste(f, to);
	fputs("\nwhen the VM collects for it\n", to);
	print_line("  high-water mark", f->high_water_mark, "", to);
	print_reason(f->high_water_why_not, to);
	print_line("  may be committed before that", f->until_gc, "", to);
	print_flags(f, to);
	if (f->unreadable)
		fprintf(to,
			"%" PRIu64 " loaders changed while they were read: they are in no sum\n",
			f->unreadable);
}

// ---- JSON

static void set_share(json_t *o, const struct metaspace_share *s)
{
	json_set(o, "chunks", json_of_unsigned(s->chunks));
	json_set(o, "capacity", json_of_bytes(s->capacity));
	json_set(o, "committed", json_of_bytes(s->committed));
	json_set(o, "used", json_of_bytes(s->used));
	json_set(o, "overhead", json_of_bytes(s->overhead));
	json_set(o, "free", json_of_bytes(s->free));
	json_set(o, "waste", json_of_bytes(s->waste));
}

static json_t *share_json(const struct metaspace_share *s)
{
	json_t *o = json_object();

	set_share(o, s);
	return o;
}

static json_t *chunks_json(const struct metaspace_facts *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->chunks.count; i++) {
		const struct metaspace_chunk_row *r = &f->chunks.at[i];
		json_t *o = json_object();

		json_set(o, "owner", json_of_text(metaspace_owner_name(r->owner)));
		json_set(o, "class_space", json_boolean(r->class_space));
		json_set(o, "size", r->humongous ? json_null() : json_of_bytes(r->size));
		set_share(o, &r->share);
		json_add(rows, o);
	}
	return rows;
}

static json_t *nodes_json(const struct metaspace_facts *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->nodes.count; i++) {
		const struct metaspace_node_row *n = &f->nodes.at[i];
		json_t *o = json_object();

		json_set(o, "start", json_of_address(n->start));
		json_set(o, "end", json_of_address(n->end));
		json_set(o, "class_space", json_boolean(n->class_space));
		json_set(o, "committed", json_of_bytes(n->committed));
		json_set(o, "used", json_of_bytes(n->used));
		json_add(rows, o);
	}
	return rows;
}

static json_t *sum_json(const struct metaspace_facts *f, const struct metaspace_sum *s)
{
	json_t *o = json_object();

	json_set(o, "reserved", json_of_bytes(s->reserved));
	json_set(o, "committed", json_of_bytes(s->committed));
	json_set(o, "in_use", share_json(&s->in_use));
	json_set(o, "free", f->free_known ? share_json(&s->free) : json_null());
	json_set(o, "beside_chunks", json_of_bytes(f->free_known ? s->beside : UNKNOWN_BYTES));
	json_set(o, "blocks", f->blocks_known ? json_of_unsigned(s->blocks) : json_null());
	json_set(o, "block_bytes", json_of_bytes(f->blocks_known ? s->block_bytes : UNKNOWN_BYTES));
	return o;
}

static json_t *owners_json(const struct metaspace_facts *f)
{
	json_t *rows = json_array();

	for (int i = 0; i < METASPACE_FREE; i++) {
		json_t *o = json_object();

		json_set(o, "owner", json_of_text(metaspace_owner_name((enum metaspace_owner)i)));
		json_set(o, "loaders", json_of_unsigned(f->owners[i].loaders));
		json_set(o, "classes", json_of_unsigned(f->owners[i].classes));
		json_add(rows, o);
	}
	return rows;
}

static json_t *flags_json(const struct metaspace_facts *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->flags.count; i++) {
		json_t *o = json_object();

		json_set(o, "name", json_of_text(f->flags.at[i].name));
		json_set(o, "value",
			 f->flags.at[i].unlimited ? json_null()
						  : json_of_unsigned(f->flags.at[i].value));
		json_add(rows, o);
	}
	return rows;
}

json_t *classes_metaspace_json(const struct classes_report *c)
{
	const struct metaspace_facts *f = &c->of->now->metaspace;
	json_t *o = json_object();

	json_set(o, "known", json_boolean(f->known));
	json_set(o, "why_not", json_of_text(f->why_not));
	json_set(o, "owners", owners_json(f));
	json_set(o, "chunks", chunks_json(f));
	json_set(o, "nodes", nodes_json(f));
	json_set(o, "nonclass", sum_json(f, &f->nonclass));
	json_set(o, "class_space", sum_json(f, &f->class_space));
	json_set(o, "both", sum_json(f, &f->both));
	json_set(o, "fragmentation_percent",
		 f->known && f->free_known ? json_of_number(f->fragmentation) : json_null());
	json_set(o, "high_water_mark", json_of_bytes(f->high_water_mark));
	json_set(o, "until_gc", json_of_bytes(f->until_gc));
	json_set(o, "flags", flags_json(f));
	json_set(o, "unreadable", json_of_unsigned(f->unreadable));
	json_set(o, "free_why_not", json_of_text(f->free_why_not));
	json_set(o, "blocks_why_not", json_of_text(f->blocks_why_not));
	json_set(o, "high_water_why_not", json_of_text(f->high_water_why_not));
	return o;
}
