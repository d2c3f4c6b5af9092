// SPDX-License-Identifier: Apache-2.0
// What a piece of memory contains, by what its bytes look like.
//
// Pure: bytes in, a kind out.  A kind with marks of its own (a class file's constant pool, a zip's headers,
// object identifiers of certificates) goes before one that is a matter of shares (text, entropy).  Memory
// that was freed has lost its first 32 bytes to the allocator, so nothing depends on a magic at the start
// alone.  Limits and what they tell apart: docs/formats/content.md.

#ifndef PARSE_CONTENT_H
#define PARSE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum content_kind {
	CONTENT_ZEROS,
	CONTENT_CLASS,       // a class file, or a piece of one
	CONTENT_ZIP_LIST,    // central directory of a jar or zip
	CONTENT_ZIP,         // its entries
	CONTENT_CERTIFICATE, // X.509 in DER
	CONTENT_PEM,         // and other base64
	CONTENT_IMAGE,       // PNG, JPEG, GIF, by their marks
	CONTENT_JSON,
	CONTENT_SQL,
	CONTENT_XML, // and HTML
	CONTENT_UTF16,
	CONTENT_TEXT,
	CONTENT_POINTERS,
	CONTENT_NUMBERS, // small integers: tables, counters, images without compression
	CONTENT_DENSE,   // compressed or encrypted: which can't be told
	CONTENT_OTHER,
	CONTENT_KINDS
};

extern const struct content_info {
	const char *id;    // of JSON
	const char *title; // for people
} CONTENT_INFO[CONTENT_KINDS];

enum { CONTENT_LEAST = 64, CONTENT_MOST = 4096 }; // bytes of a piece

// `bytes` start at an address that is a multiple of 8.
enum content_kind content_kind_of(const unsigned char *bytes, size_t len);

// The next name with at least two separators in it, like a Java class's (java/util/Map$Entry) or package's
// (com.acme.shop); `*at` goes behind it.  A name that begins with the piece may be cut and is left out.
bool content_take_name(const unsigned char *bytes, size_t len, size_t *at, struct span *name);
// The next run of at least `least` printable characters.
bool content_take_text(const unsigned char *bytes, size_t len, size_t least, size_t *at,
		       struct span *text);

#endif
