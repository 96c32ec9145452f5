/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/conf/daemon_keys.h"

#include "lib/conf/checks.h"

#include <modswan/log.h>

static const struct ms_conf_choice levels[] = {
	{ "error", MS_LOG_ERROR, "something of ours failed" },
	{ "notice", MS_LOG_NOTICE, "tunnels that come and go, refusals" },
	{ "info", MS_LOG_INFO, "the steps on the way there" },
	{ "debug", MS_LOG_DEBUG, "all that helps to find a fault" },
	{ NULL, 0, NULL },
};

#define C struct ms_daemon_conf

const struct ms_conf_key ms_daemon_keys[] = {
	MS_KEY_LIST(C, plugins, "plugins", .check = conf_check_word,
		.brief = "plugins to load, by name",
		.text = "Plugins are loaded in the order in which they need each other, among "
			"equals in "
			"the order of this list.  Without the list every "
			"plugin found is loaded, but not those that only come on demand."),
	MS_KEY_LIST(C, plugins_also, "plugins-also", .check = conf_check_word,
		.brief = "more plugins to load, of those that only come on demand",
		.text = "For instance [ \"crypto-legacy\" ], which has algorithms that are not secure "
			"any more.  klips reads this list too, and takes those with algorithms."),
	MS_KEY_STRING(C, plugin_dir, "plugin-dir", .check = conf_check_path,
		.brief = "directory of the plugins",
		.text = "Without it, the directory that was chosen when the software was built."),
	MS_KEY_STRING(C, rsa_key_plugin, "rsa-key-plugin", .check = conf_check_word,
		.brief = "plugin that makes RSA keys for ipsec rsasigkey and newhostkey",
		.text = "Without it, the one that prefers itself most, of those that are installed "
			"and make keys, also of those on demand: crypto-gmp before crypto-openssl."
			"  The option --plugin of both commands stands above it.  Daemons "
			"make no keys."),
	MS_KEY_BOOL(C, log_stderr, "log-stderr", .def = false,
		.brief = "write log lines to standard error"),
	MS_KEY_BOOL(C, log_syslog, "log-syslog", .def = true, .brief = "write log lines to syslog"),
	MS_KEY_STRING(C, syslog_facility, "syslog-facility", .def_text = "authpriv",
		.check = conf_check_word, .brief = "facility of the lines that go to syslog"),
	MS_KEY_STRING(C, log_file, "log-file", .check = conf_check_path,
		.brief = "file to which log lines are written",
		.text = "The file is opened again when the daemon is told to, so that it can be "
			"rotated."),
	MS_KEY_STRING(C, log_json, "log-json", .check = conf_check_path,
		.brief = "file to which log lines are written as JSON, one object per line"),
	MS_KEY_BOOL(C, log_time, "log-time", .def = true,
		.brief = "put the time before each line on standard error and in the log file"),
	MS_KEY_BOOL(C, log_append, "log-append", .def = true,
		.brief = "keep what is in the log files when the daemon starts"),
	MS_KEY_ENUM(C, log_level, "log-level", .choices = levels, .def = MS_LOG_INFO,
		.brief = "the least important lines that are still written"),
	MS_KEY_LIST(C, log_levels, "log-levels", .check = conf_check_log_level,
		.brief = "other levels for single sources, as in [ \"ike=debug\", \"net=error\" ]",
		.text = "Sources are the rooms of the daemon: main, conf, plugin, ike, child, "
			"conn, route, "
			"creds, crypto, kernel, net, control, hook, and of klips: esp, eroute, "
			"pfkey, "
			"tunnel."),
	MS_KEY_UINT(C, worker_threads, "worker-threads", .max = 256, .unit = "threads",
		.brief = "threads for public-key work; 0: as many as there are processors",
		.text = "nhelpers= in ipsec.conf, where it is written, has precedence."),
	MS_KEY_END,
};
