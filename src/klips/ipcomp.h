/* SPDX-License-Identifier: Apache-2.0 */
/* IPComp: a worker's compressor; see ipcomp.c. */
#ifndef KLIPS_IPCOMP_H
#define KLIPS_IPCOMP_H

#include <stdint.h>

struct ipcomp;

enum { IPCOMP_HEADER = 4, IPCOMP_DEFLATE = 2, IPCOMP_LAST_CPI = 61439 };

/* All memory that compression needs, for one thread; NULL: none left. */
struct ipcomp *ipcomp_new(void);
void ipcomp_free(struct ipcomp **c);

#endif
