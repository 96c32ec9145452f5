/* SPDX-License-Identifier: Apache-2.0 */
/* The providers of algorithms that are built, for the programs that try vectors on them. */
#ifndef TESTING_VECTORS_PROVIDERS_H
#define TESTING_VECTORS_PROVIDERS_H

#include "lib/plugin/loader.h"

#include <modswan/crypto.h>

/* Of those plugins that are built, NULL-terminated: each provider of role crypto.  Returns how many
 * plugins were loaded; what goes wrong ends the program. */
unsigned vectors_providers(const char *const *plugins, void (*each)(const struct ms_provider *p));
/* Ends the program. */
void vectors_die(const char *what, const char *where) __attribute__((noreturn));
/* The folder of the vectors. */
void vectors_folder(char *buf, size_t size);

#endif
