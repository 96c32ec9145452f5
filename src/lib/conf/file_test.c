/* SPDX-License-Identifier: Apache-2.0 */
/* Malformed modswan.conf files and their messages. */
#include "lib/conf/cases.h"
#include "lib/conf/daemon_keys.h"

static void bad_case(const char *path, FILE *out)
{
	struct ms_daemon_conf conf;
	struct ms_why why = { "" };
	ms_err err = ms_conf_load(path, ms_daemon_keys, &conf, &why);

	fprintf(out, "%s\n", err == MS_OK ? "(no error)" : ms_why_text(&why, err));
	ms_conf_free(ms_daemon_keys, &conf);
}

int main(void)
{
	return cases_run("testing/bad-input/conf.d", ".err", bad_case) == 0 ? 0 : 1;
}
