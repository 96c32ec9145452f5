/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people, made from key tables: sample files and sections of manual pages. */
#ifndef LIB_CONF_GEN_H
#define LIB_CONF_GEN_H

#include <modswan/conf.h>

#include <stdio.h>

/* A libconfig file in which every setting is commented out and shows its default. */
void ms_conf_gen_sample(
	FILE *out, const char *file, const char *summary, const struct ms_conf_key *keys);
/* A .Bl list in mdoc(7) of all rows that do something. */
void ms_conf_gen_man(FILE *out, const struct ms_conf_key *keys);
/* The same of the rows that have no effect (MS_CONF_IGNORED) or are refused (MS_CONF_REFUSED). */
void ms_conf_gen_man_others(FILE *out, const struct ms_conf_key *keys, unsigned flag);

#endif
