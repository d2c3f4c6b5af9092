// SPDX-License-Identifier: Apache-2.0
#include "present/jstat.h"

#include <string.h>

#include "present/json.h"

static const double KB = 1024;

static void print_cell(const struct jstat_cell *c, const char *text, bool last, FILE *to)
{
	int width = (int)(strlen(c->name) > c->width ? strlen(c->name) : c->width);
	int len = (int)strlen(text), left = width > len ? width - len : 0;

	if (c->unit == JSTAT_TEXT)
		left = 0;
	else if (c->centred)
		left /= 2;
	fprintf(to, "%*s%s", left, "", text);
	if (!last)
		fprintf(to, "%*s ", width > left + len ? width - left - len : 0, "");
}

void jstat_print_head(const struct jstat_line *l, FILE *to)
{
	for (size_t i = 0; i < l->count; i++) {
		struct jstat_cell c = l->at[i];

		print_cell(&c, c.name, i + 1 == l->count, to);
	}
	fputc('\n', to);
}

// What comes from the target goes to a terminal.
static const char *harmless(const char *text, char *buffer, size_t size)
{
	size_t n = 0;

	for (; text[n] && n + 1 < size; n++)
		buffer[n] = text[n] >= ' ' && text[n] < 0x7f ? text[n] : '?';
	buffer[n] = '\0';
	return buffer;
}

void jstat_print_line(const struct jstat_line *l, FILE *to)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct jstat_cell *c = &l->at[i];
		char text[80] = "-";

		if (c->known && c->unit == JSTAT_TEXT)
			harmless(c->text, text, sizeof(text));
		else if (c->known)
			snprintf(text, sizeof(text), "%.*f",
				 c->unit == JSTAT_COUNT     ? 0
				 : c->unit == JSTAT_BYTES   ? 1
				 : c->unit == JSTAT_SECONDS ? 3
							    : 2,
				 c->unit == JSTAT_BYTES ? c->value / KB : c->value);
		print_cell(c, text, i + 1 == l->count, to);
	}
	fputc('\n', to);
}

json_t *jstat_json(const struct jstat_line *l)
{
	json_t *object = json_object();

	for (size_t i = 0; i < l->count; i++) {
		const struct jstat_cell *c = &l->at[i];

		json_set(object, c->name,
			 !c->known               ? json_null()
			 : c->unit == JSTAT_TEXT ? json_of_text(c->text)
						 : json_of_number(c->value));
	}
	return object;
}
