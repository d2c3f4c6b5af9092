// SPDX-License-Identifier: Apache-2.0
#include "present/html.h"

#include "base/arena.h"
#include "present/words.h"

static const char HEAD[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n";

// Colours by name, so that dark is a second list of them and nothing else.
static const char STYLE[] =
	"<style>\n"
	":root{color-scheme:light dark;--page:#fff;--ink:#1a1a1a;--soft:#5c5c5c;--line:#d9d9d9;"
	"--card:#f6f6f6;--bad:#b3261e;--warn:#8a5a00;--good:#1e6b34}\n"
	"@media(prefers-color-scheme:dark){:root{--page:#161616;--ink:#e8e8e8;--soft:#a5a5a5;"
	"--line:#3a3a3a;--card:#222;--bad:#ff8a80;--warn:#ffca66;--good:#7bd88f}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--page);color:var(--ink);"
	"font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
	"h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .5rem}"
	"h3{font-size:1rem;margin:0 0 .4rem}\n"
	".soft{color:var(--soft)}.bad{color:var(--bad)}.warn{color:var(--warn)}"
	".good{color:var(--good)}\n"
	".verdict{font-size:1.2rem;font-weight:600;margin:.6rem 0}\n"
	"article{background:var(--card);border:1px solid var(--line);border-radius:.4rem;"
	"padding:.8rem;margin:.8rem 0}\n"
	".badge{border:1px solid currentColor;border-radius:1rem;padding:0 .5rem;font-size:.85rem;"
	"white-space:nowrap}\n"
	"dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.2rem "
	".8rem;margin:.6rem "
	"0}dt{color:var(--soft)}dd{margin:0}\n"
	"ul{margin:.2rem 0;padding-left:1.2rem}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}"
	"th,td{padding:.2rem .5rem;border-bottom:1px solid var(--line);text-align:left;"
	"vertical-align:top}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	"tfoot td{font-weight:600}\n"
	"meter{width:100%;min-width:4rem}\n"
	"code{font-family:ui-monospace,monospace;font-size:.92em}\n"
	"details{margin:.6rem 0}summary{cursor:pointer;font-weight:600}\n"
	"@media(max-width:36rem){body{padding:.6rem}dl{grid-template-columns:1fr}.wide{display:"
	"none}}\n"
	"</style>\n";

void html_begin(const char *title, FILE *to)
{
	fputs(HEAD, to);
	html_element("title", title, to);
	fputs("\n", to);
	fputs(STYLE, to);
	fputs("</head>\n<body>\n", to);
}

void html_end(FILE *to)
{
	fputs("</body>\n</html>\n", to);
}

void html_text(const char *text, FILE *to)
{
	struct arena mem = { 0 };

	for (const char *p = words_clean(text, 0, &mem); *p; p++)
		switch (*p) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		case '\'':
			fputs("&#39;", to);
			break;
		default:
			fputc(*p, to);
		}
	arena_drop(&mem);
}

void html_element(const char *tag, const char *text, FILE *to)
{
	fprintf(to, "<%s>", tag);
	html_text(text, to);
	fprintf(to, "</%s>", tag);
}

void html_name(const char *name, FILE *to)
{
	html_element("bdi", name, to);
}
