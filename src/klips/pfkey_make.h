/* SPDX-License-Identifier: Apache-2.0 */
/* For tests and fuzzers: one good message of each kind. */
#ifndef KLIPS_PFKEY_MAKE_H
#define KLIPS_PFKEY_MAKE_H

#include <modswan/pfkey.h>

/* The i-th kind into *m, with views that live for ever; NULL: there are no more.  What it is called. */
const char *pfkey_make(unsigned i, struct ms_pfkey_msg *m);
/* The one of that name; aborts when there is none. */
struct ms_pfkey_msg pfkey_make_named(const char *name);

#endif
