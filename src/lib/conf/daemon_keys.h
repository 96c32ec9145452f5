/* SPDX-License-Identifier: Apache-2.0 */
/* modswan.conf: how the daemon itself runs, before any connection is known. */
#ifndef LIB_CONF_DAEMON_KEYS_H
#define LIB_CONF_DAEMON_KEYS_H

#include <modswan/conf.h>

struct ms_daemon_conf {
	char **plugins;   /* NULL: all that are found, but not those on demand */
	char **plugins_also; /* more of them; may be NULL */
	char *plugin_dir; /* NULL: where they were installed */
	char *rsa_key_plugin; /* of ipsec rsasigkey and newhostkey; NULL: the best */
	bool log_stderr, log_syslog;
	char *syslog_facility;   /* "authpriv" */
	char *log_file;          /* NULL: none */
	char *log_json;          /* file of JSON lines; NULL: none */
	bool log_time;           /* a time stamp before each line of stderr and file */
	bool log_append;         /* false: files are emptied at start */
	int log_level;           /* enum ms_log_level of sources not named in log_levels */
	char **log_levels;       /* "ike=debug" */
	uint32_t worker_threads; /* 0: as many as processors */
};

extern const struct ms_conf_key ms_daemon_keys[];

#endif
