// SPDX-License-Identifier: Apache-2.0
#include "present/heap_html.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "present/html.h"

static const double LEAST_SIDE = 0.6; // percent of the map: smaller tiles could not be told apart

// What the map needs beside the page's own style; its colours are light, so its text is dark.
static const char MAP_STYLE[] =
	"<style>.b{padding-left:3em}"
	".m{position:relative;width:100%;padding-bottom:50%;margin:1em 0}"
	".t{position:absolute;overflow:hidden;box-sizing:border-box;border:1px solid #fff;"
	"font-size:11px;white-space:nowrap;padding:0 2px;color:#000}"
	".d0{background:#cfe0f3}.d1{background:#f6dfbf}.d2{background:#d5ecd0}"
	".d3{background:#ead3e6}</style>\n";

// In percent of the whole map.
struct area {
	double x, y, width, height;
};

static void put_tile(const struct heap_tile *t, struct area a, unsigned depth, FILE *to);

// Halves of about the same weight side by side, along the longer side, until each has one tile.
static void put_tiles(const struct heap_tile *t, size_t count, uint64_t bytes, struct area a,
		      unsigned depth, FILE *to)
{
	struct area first = a, second = a;
	uint64_t half = 0;
	size_t n = 0;
	double share;

	if (!count || !bytes || a.width < LEAST_SIDE || a.height < LEAST_SIDE)
		return;
	if (count == 1) {
		put_tile(t, a, depth, to);
		return;
	}
	do
		half += t[n++].bytes;
	while (n < count - 1 && half + t[n].bytes / 2 < bytes / 2);
	share = (double)half / (double)bytes;
	// The map is twice as wide as high.
	if (a.width * 2 > a.height) {
		first.width = a.width * share;
		second.x += first.width;
		second.width -= first.width;
	} else {
		first.height = a.height * share;
		second.y += first.height;
		second.height -= first.height;
	}
	put_tiles(t, n, half, first, depth, to);
	put_tiles(t + n, count - n, bytes - half, second, depth, to);
}

static void put_tile(const struct heap_tile *t, struct area a, unsigned depth, FILE *to)
{
	struct area inside = { a.x + 0.15, a.y + 2.4, a.width - 0.3, a.height - 2.7 };
	uint64_t sum = 0;
	char size[16];

	fprintf(to,
		"<div class=\"t d%u\" style=\"left:%.2f%%;top:%.2f%%;width:%.2f%%;height:%.2f%%\" "
		"title=\"",
		depth % 4, a.x, a.y, a.width, a.height);
	html_text(t->name, to);
	fprintf(to, ": %s\">", units_print_size(t->bytes, size));
	html_text(t->name, to);
	fputs("</div>\n", to);
	for (size_t i = 0; i < t->count; i++)
		sum += t->tiles[i].bytes;
	if (t->bytes && inside.height > 0 && sum) {
		// What is its own, or too small to be listed, stays free.
		inside.width *= (double)sum / (double)t->bytes;
		put_tiles(t->tiles, t->count, sum, inside, depth + 1, to);
	}
}

static void put_cell(const struct column *c, struct cell v, FILE *to)
{
	bool number = c->type == COLUMN_BYTES || c->type == COLUMN_COUNT || c->type == COLUMN_DELTA;

	fputs(number ? "<td class=\"n\">" : "<td>", to);
	if (v.known)
		switch (c->type) {
		case COLUMN_TEXT:
		case COLUMN_NAME:
			html_text(v.text, to);
			break;
		case COLUMN_ADDRESS:
			fprintf(to, "0x%" PRIx64, v.number);
			break;
		case COLUMN_FLAG:
			fputs(v.flag ? "yes" : "no", to);
			break;
		case COLUMN_CHANGE:
		case COLUMN_DELTA:
			fprintf(to, "%+" PRId64, v.change);
			break;
		default:
			fprintf(to, "%" PRIu64, v.number);
		}
	fputs("</td>", to);
}

static bool is_shown(const struct column *c)
{
	return c->heading && (c->key || *c->heading);
}

static void put_table(const struct heap_table *t, FILE *to)
{
	if (t->title)
		html_element("p", t->title, to);
	fputs("<div class=\"scroll\"><table><tr>", to);
	for (size_t i = 0; i < t->count; i++)
		if (is_shown(&t->columns[i]))
			html_element("th", t->columns[i].heading, to);
	fputs("</tr>\n", to);
	for (const struct heap_row *row = t->rows; row; row = row->next) {
		fputs("<tr>", to);
		for (size_t i = 0; i < t->count; i++)
			if (is_shown(&t->columns[i]))
				put_cell(&t->columns[i], row->cells[i], to);
		fputs("</tr>\n", to);
		for (const struct heap_table *b = row->below; b; b = b->next)
			if (b->rows) {
				fprintf(to, "<tr><td colspan=\"%zu\" class=\"b\">", t->count);
				put_table(b, to);
				fputs("</td></tr>\n", to);
			}
	}
	fputs("</table></div>\n", to);
	if (t->left_out)
		fprintf(to, "<p>... and %zu more</p>\n", t->left_out);
}

void heap_report_html(const struct heap_report *r, const struct heap_tile *top, FILE *to)
{
	html_begin("jledger heap", to);
	fputs(MAP_STYLE, to);
	html_element("h1", "jledger heap", to);
	for (size_t i = 0; i < r->note_count; i++)
		html_element("p", r->notes[i], to);
	for (const struct heap_table *t = r->tables; t; t = t->next)
		put_table(t, to);
	if (top) {
		fputs("<h2>Who keeps what</h2><p>Areas are retained bytes; what only an object "
		      "keeps "
		      "alive lies inside of it.</p><div class=\"m\">\n",
		      to);
		put_tile(top, (struct area){ 0, 0, 100, 100 }, 0, to);
		fputs("</div>\n", to);
	}
	html_end(to);
}
