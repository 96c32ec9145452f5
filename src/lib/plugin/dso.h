/* SPDX-License-Identifier: Apache-2.0 */
/* libltdl wrapped once: no lt_ name outside dso.c. */
#ifndef MODSWAN_DSO_H
#define MODSWAN_DSO_H

#include <modswan/plugin.h>

struct dso;

/* Opens with all symbols bound at once, so that what is missing shows now and by name. */
ms_err dso_open(struct dso **out, const char *path, struct ms_why *why) MS_MUST_CHECK;
/* MS_ERR_PLUGIN when there is none. */
ms_err dso_datum(struct dso *d, const struct ms_plugin **out, struct ms_why *why) MS_MUST_CHECK;
void dso_close(struct dso **d);

#endif
