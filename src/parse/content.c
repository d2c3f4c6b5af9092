// SPDX-License-Identifier: Apache-2.0
#include "parse/content.h"

#include <ctype.h>
#include <string.h>

const struct content_info CONTENT_INFO[CONTENT_KINDS] = {
	[CONTENT_ZEROS] = { "zeros", "zeros" },
	[CONTENT_CLASS] = { "class-file", "class files" },
	[CONTENT_ZIP_LIST] = { "zip-directory", "directories of jars and zips" },
	[CONTENT_ZIP] = { "zip-entry", "entries of jars and zips" },
	[CONTENT_CERTIFICATE] = { "certificate", "certificates (DER)" },
	[CONTENT_PEM] = { "base64", "PEM and base64" },
	[CONTENT_IMAGE] = { "image", "images" },
	[CONTENT_JSON] = { "json", "JSON" },
	[CONTENT_SQL] = { "sql", "SQL" },
	[CONTENT_XML] = { "xml", "XML and HTML" },
	[CONTENT_UTF16] = { "utf16", "text in UTF-16" },
	[CONTENT_TEXT] = { "text", "text" },
	[CONTENT_POINTERS] = { "pointers", "pointers" },
	[CONTENT_NUMBERS] = { "numbers", "small numbers" },
	[CONTENT_DENSE] = { "high-entropy", "compressed or encrypted" },
	[CONTENT_OTHER] = { "other", "other" },
};

struct piece {
	const unsigned char *at;
	size_t len;
	uint32_t count[256];
	uint32_t printable, zeros, high;
};

static void count_bytes(struct piece *p)
{
	for (size_t i = 0; i < p->len; i++)
		p->count[p->at[i]]++;
	p->zeros = p->count[0];
	for (unsigned b = 0; b < 256; b++) {
		if ((b >= 32 && b < 127) || b == '\n' || b == '\r' || b == '\t')
			p->printable += p->count[b];
		else if (b >= 128)
			p->high += p->count[b];
	}
}

static double share(const struct piece *p, uint32_t count)
{
	return (double)count / (double)p->len;
}

// Of a whole number above 0, to a few digits: its power of two, then a digit of the rest for each
// squaring.
static double log2_of(uint32_t n)
{
	unsigned power = 31 - (unsigned)__builtin_clz(n);
	double rest = (double)n / (double)(UINT32_C(1) << power), digit = 0.5, sum = power;

	for (int i = 0; i < 14; i++, digit /= 2) {
		rest *= rest;
		if (rest >= 2) {
			rest /= 2;
			sum += digit;
		}
	}
	return sum;
}

// Bits a byte.
static double entropy(const struct piece *p)
{
	double sum = 0;

	for (unsigned b = 0; b < 256; b++)
		if (p->count[b])
			sum += p->count[b] * log2_of(p->count[b]);
	return log2_of((uint32_t)p->len) - sum / (double)p->len;
}

static unsigned count_of(const struct piece *p, const char *what, size_t len)
{
	const unsigned char *at = p->at, *end = p->at + p->len;
	unsigned n = 0;

	while ((at = memmem(at, (size_t)(end - at), what, len)) != NULL) {
		n++;
		at += len;
	}
	return n;
}

static unsigned words(const struct piece *p, const char *const *list)
{
	unsigned n = 0;

	for (; *list; list++)
		n += count_of(p, *list, strlen(*list));
	return n;
}

static uint16_t big16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

// ---- kinds with marks of their own

static bool is_class_header(const unsigned char *at, const unsigned char *end)
{
	static const unsigned char MAGIC[] = { 0xca, 0xfe, 0xba, 0xbe, 0, 0, 0 };

	return end - at >= 10 && !memcmp(at, MAGIC, sizeof(MAGIC)) && at[7] >= 45 && at[7] <= 100;
}

// Entries of a constant pool: a tag of 1, a length, and as many bytes of text.
static unsigned count_pool_entries(const struct piece *p)
{
	unsigned n = 0;

	for (size_t i = 0; i + 3 < p->len;) {
		size_t len = big16(p->at + i + 1), k;

		if (p->at[i] != 1 || len < 3 || len > 250 || i + 3 + len > p->len) {
			i++;
			continue;
		}
		for (k = 0; k < len && p->at[i + 3 + k] >= 32 && p->at[i + 3 + k] < 127; k++)
			;
		n += k == len;
		i += k == len ? 3 + len : 1;
	}
	return n;
}

static bool is_class(const struct piece *p)
{
	static const char *const MARKS[] = { "java/",         ")V",
					     "()L",           "LineNumberTable",
					     "StackMapTable", "SourceFile",
					     "<init>",        NULL };
	static const char CODE[] = { 1, 0, 4, 'C', 'o', 'd', 'e' };
	unsigned entries;

	for (size_t i = 0; i + 10 <= p->len; i += 8)
		if (is_class_header(p->at + i, p->at + p->len))
			return true;
	entries = count_pool_entries(p);
	return entries >= 4 &&
	       (entries >= p->len / 40 || count_of(p, CODE, sizeof(CODE)) || words(p, MARKS) >= 3);
}

static unsigned count_zip(const struct piece *p, const char *mark, size_t version_at)
{
	const unsigned char *at = p->at, *end = p->at + p->len;
	unsigned n = 0;

	while ((at = memmem(at, (size_t)(end - at), mark, 4)) != NULL) {
		n += end - at > (ptrdiff_t)version_at + 1 && at[version_at] <= 63 &&
		     at[version_at + 1] <= 3;
		at += 4;
	}
	return n;
}

// Prefixes of the object identifiers that every certificate has.
static bool is_certificate(const struct piece *p)
{
	static const char NAMES[] = { 0x06, 0x03, 0x55, 0x04 };
	static const char EXTENSIONS[] = { 0x06, 0x03, 0x55, 0x1d };
	static const char RSA[] = { 0x2a, (char)0x86, 0x48, (char)0x86, (char)0xf7, 0x0d };
	static const char CURVES[] = { 0x2a, (char)0x86, 0x48, (char)0xce, 0x3d };

	return count_of(p, NAMES, 4) + count_of(p, EXTENSIONS, 4) + count_of(p, RSA, 6) +
		       count_of(p, CURVES, 5) >=
	       2;
}

static bool is_image(const struct piece *p)
{
	static const char PNG[] = { (char)0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	static const char JPEG[] = { (char)0xff, (char)0xd8, (char)0xff };

	return count_of(p, PNG, sizeof(PNG)) || count_of(p, "IHDR", 4) ||
	       (p->len >= 3 && !memcmp(p->at, JPEG, 3)) || count_of(p, "JFIF\0", 5) ||
	       count_of(p, "GIF89a", 6) || count_of(p, "GIF87a", 6);
}

// ---- kinds of text

static bool is_base64(const struct piece *p)
{
	uint32_t alphabet = 0, blanks = p->count[' '] + p->count['\t'];

	if (count_of(p, "-----BEGIN ", 11) || count_of(p, "-----END ", 9))
		return true;
	for (unsigned b = 0; b < 256; b++)
		if (isalnum((int)b) || b == '+' || b == '/' || b == '=' || b == '\n' || b == '\r')
			alphabet += p->count[b];
	return share(p, alphabet) > 0.985 && !blanks && p->count['+'] + p->count['/'] &&
	       entropy(p) > 5;
}

static bool is_json(const struct piece *p)
{
	return share(p, p->count['"']) > 0.035 &&
	       count_of(p, "\":", 2) + count_of(p, "\" :", 3) >= 2 &&
	       p->count[':'] + p->count[','] >= p->len / 60 &&
	       p->count['{'] + p->count['}'] + p->count['['];
}

static bool is_sql(const struct piece *p)
{
	static const char *const KEYWORDS[] = {
		"SELECT ", "INSERT INTO ", "UPDATE ",  " FROM ",        " WHERE ",   " VALUES ",
		" JOIN ",  "DELETE FROM ", "ORDER BY", "CREATE TABLE ", "GROUP BY ", " VALUES(",
		"select ", "insert into ", " from ",   " where ",       " values ",  "delete from ",
		NULL
	};
	unsigned n = words(p, KEYWORDS);

	return n >= 2 && n >= p->len / 512 && share(p, p->count['"']) < 0.04;
}

static bool is_xml(const struct piece *p)
{
	uint32_t open = p->count['<'], close = p->count['>'];

	return share(p, open) > 0.012 && share(p, close) > 0.012 && open < 2 * close &&
	       close < 2 * open && count_of(p, "</", 2) + count_of(p, "/>", 2) >= 1;
}

static bool is_utf16(const struct piece *p)
{
	uint32_t even = 0, odd = 0, text = 0;

	for (size_t i = 0; i + 1 < p->len; i += 2) {
		even += !p->at[i] && p->at[i + 1] >= 9 && p->at[i + 1] < 127;
		odd += !p->at[i + 1] && p->at[i] >= 9 && p->at[i] < 127;
		text += isalpha(p->at[i]) || isalpha(p->at[i + 1]);
	}
	return (even > p->len / 2 * 8 / 10 || odd > p->len / 2 * 8 / 10) && text > p->len / 4;
}

// ---- numbers

static bool is_pointers(const struct piece *p)
{
	size_t pointers = 0, words = p->len / 8, filled = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t word;

		memcpy(&word, p->at + 8 * i, 8);
		filled += word != 0;
		pointers += word >> 40 == 0x7f || word >> 40 == 0x55 || word >> 40 == 0x56 ||
			    word >> 40 == 0x7e;
	}
	return pointers * 4 >= words || (pointers >= 4 && pointers * 2 >= filled);
}

// Every second or fourth byte is zero, or nearly: integers far below what their width could hold.
static bool is_numbers(const struct piece *p)
{
	uint32_t zeros[4] = { 0 }, quarter = (uint32_t)(p->len / 4);

	for (size_t i = 0; i < p->len; i++)
		zeros[i % 4] += !p->at[i];
	return (zeros[3] > quarter * 9 / 10 && zeros[2] > quarter * 7 / 10) ||
	       (zeros[1] > quarter * 8 / 10 && zeros[3] > quarter * 8 / 10) ||
	       (zeros[0] > quarter * 9 / 10 && zeros[1] > quarter * 7 / 10);
}

// What so many random bytes have, less what compressed ones lack.
static bool is_dense(const struct piece *p)
{
	static const struct {
		size_t len;
		double bits;
	} LIMITS[] = { { 4096, 7.75 }, { 2048, 7.7 }, { 1024, 7.55 },
		       { 512, 7.3 },   { 256, 6.85 }, { 128, 6.2 } };

	if (share(p, p->high) < 0.33)
		return false;
	for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++)
		if (p->len >= LIMITS[i].len)
			return entropy(p) > LIMITS[i].bits;
	return entropy(p) > 5.4;
}

enum content_kind content_kind_of(const unsigned char *bytes, size_t len)
{
	struct piece p = { .at = bytes, .len = len };
	bool text;

	if (!len)
		return CONTENT_ZEROS;
	count_bytes(&p);
	if (p.zeros == len)
		return CONTENT_ZEROS;
	if (is_class(&p))
		return CONTENT_CLASS;
	if (count_zip(&p, "PK\1\2", 4))
		return CONTENT_ZIP_LIST;
	if (count_zip(&p, "PK\3\4", 4))
		return CONTENT_ZIP;
	text = share(&p, p.printable) > 0.93;
	if (!text && is_certificate(&p))
		return CONTENT_CERTIFICATE;
	if (!text && is_image(&p))
		return CONTENT_IMAGE;
	if (text && is_base64(&p))
		return CONTENT_PEM;
	if (text && is_json(&p))
		return CONTENT_JSON;
	if (text && is_xml(&p))
		return CONTENT_XML;
	if (text && is_sql(&p))
		return CONTENT_SQL;
	if (text)
		return CONTENT_TEXT;
	if (is_utf16(&p))
		return CONTENT_UTF16;
	if (is_pointers(&p))
		return CONTENT_POINTERS;
	if (is_dense(&p))
		return CONTENT_DENSE;
	if (p.zeros * 10 >= len * 3 && is_numbers(&p))
		return CONTENT_NUMBERS;
	return CONTENT_OTHER;
}

// ---- names and texts

static bool is_name_start(unsigned char c)
{
	return isalpha(c) || c == '_' || c == '$';
}

static bool is_name_part(unsigned char c)
{
	return is_name_start(c) || isdigit(c);
}

bool content_take_name(const unsigned char *bytes, size_t len, size_t *at, struct span *name)
{
	enum { MOST = 200 };
	size_t i = *at;

	while (i < len) {
		size_t start, parts = 1;
		unsigned char separator = 0;

		while (i < len && !is_name_part(bytes[i]))
			i++;
		start = i;
		while (i < len &&
		       (is_name_part(bytes[i]) || ((bytes[i] == '/' || bytes[i] == '.') &&
						   (!separator || separator == bytes[i]) &&
						   i + 1 < len && is_name_start(bytes[i + 1])))) {
			if (!is_name_part(bytes[i])) {
				separator = bytes[i];
				parts++;
			}
			i++;
		}
		// The L of a descriptor.
		if (start && start + 1 < i && bytes[start] == 'L' && islower(bytes[start + 1]))
			start++;
		if (start && parts >= 3 && islower(bytes[start]) && i - start <= MOST && i < len) {
			*name = (struct span){ (const char *)bytes + start, i - start };
			*at = i;
			return true;
		}
	}
	*at = len;
	return false;
}

bool content_take_text(const unsigned char *bytes, size_t len, size_t least, size_t *at,
		       struct span *text)
{
	for (size_t i = *at, start = i; i <= len; i++) {
		if (i < len && bytes[i] >= 32 && bytes[i] < 127)
			continue;
		if (i - start >= least) {
			*text = (struct span){ (const char *)bytes + start, i - start };
			*at = i;
			return true;
		}
		start = i + 1;
	}
	*at = len;
	return false;
}
