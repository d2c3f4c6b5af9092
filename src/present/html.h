// SPDX-License-Identifier: Apache-2.0
// Pages for a browser: one file that loads nothing, runs nothing, and can be mailed.
//
// Whatever a target named itself is written by html_text(), so that no name becomes markup; the page's
// own policy forbids scripts and every load besides.  Light or dark as the reader has it.

#ifndef PRESENT_HTML_H
#define PRESENT_HTML_H

#include <stdio.h>

struct arena;

// Everything up to the page's own content, and the end.
void html_begin(const char *title, FILE *to);
void html_end(FILE *to);
// Text between tags or in a quoted attribute: cleaned as for a terminal (words_clean()) and escaped.
// NULL writes nothing.
void html_text(const char *text, FILE *to);
// The same within an element without attributes: html_element("td", "x") is <td>x</td>.
void html_element(const char *tag, const char *text, FILE *to);
// A name of the target's, which must not turn the text around it: <bdi>.
void html_name(const char *name, FILE *to);

#endif
