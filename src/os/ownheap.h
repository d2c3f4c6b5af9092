// SPDX-License-Identifier: Apache-2.0
// jledger's own malloc memory; nothing here touches a target.

#ifndef JL_OS_OWNHEAP_H
#define JL_OS_OWNHEAP_H

#include <stddef.h>

// Makes the next `bytes` of malloc memory present at once: a page that the kernel adds at its first
// touch costs several times what it costs in a row with others.  Where the kernel (before 5.14) or
// the C library can't, pages come one by one as ever.
void ownheap_populate(size_t bytes);

#endif
