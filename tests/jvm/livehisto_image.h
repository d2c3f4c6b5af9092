// SPDX-License-Identifier: Apache-2.0
// A small old space made by hand, object behind object: points, byte arrays, mirrors of both.

#ifndef TESTS_JVM_LIVEHISTO_IMAGE_H
#define TESTS_JVM_LIVEHISTO_IMAGE_H

#include "base/fail.h"
#include "image.h"
#include "jvm/classes.h"
#include "jvm/livehisto.h"

enum { SPACE_SIZE = 32 << 10, MIRROR_WORDS_AT = 32, POINT_SIZE = 24, MIRROR_SIZE = 112 };

struct space_image {
	struct image im;
	struct hotspot_classes classes;
	struct livehisto_given given;
	uint64_t point, bytes, mirror; // Klass*
	uint64_t at;                   // where the next object goes
	uint64_t points, arrays, mirrors;
};

static inline void space_open(struct space_image *s)
{
	*s = (struct space_image){ 0 };
	image_init(&s->im);
	s->point = image_klass(&s->im, "app/Point", s->im.boot, 0, NULL, 0);
	image_put32(&s->im, s->point + KLASS_LAYOUT, POINT_SIZE);
	s->bytes = s->im.byte_array_klass;
	s->mirror = image_klass(&s->im, "java/lang/Class", s->im.boot, 0, NULL, 0);
	s->at = image_get(&s->im, SPACE_SIZE);
	s->given = (struct livehisto_given){ .space = { s->at, s->at },
					     .mirror_size = MIRROR_WORDS_AT,
					     .align = 8 };
}

static inline uint64_t space_add(struct space_image *s, uint64_t klass, uint64_t size)
{
	uint64_t at = s->at;

	image_put(&s->im, at, 1);
	image_put32(&s->im, at + 8, (uint32_t)(klass >> 3));
	s->at += (size + 7) & ~UINT64_C(7);
	s->given.space.end = s->at;
	return at;
}

static inline void space_add_point(struct space_image *s)
{
	space_add(s, s->point, POINT_SIZE);
	s->points++;
}

static inline void space_add_array(struct space_image *s, uint32_t length)
{
	image_put32(&s->im, space_add(s, s->bytes, 16 + length) + 12, length);
	s->arrays++;
}

static inline void space_add_mirror(struct space_image *s)
{
	image_put32(&s->im, space_add(s, s->mirror, MIRROR_SIZE) + MIRROR_WORDS_AT,
		    MIRROR_SIZE / 8);
	s->mirrors++;
}

static inline void space_fill(struct space_image *s)
{
	for (uint32_t i = 0; i < 200; i++) {
		space_add_point(s);
		space_add_array(s, i % 37);
		if (i % 16 == 0)
			space_add_mirror(s);
	}
}

#endif
