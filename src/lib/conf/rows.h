/* SPDX-License-Identifier: Apache-2.0 */
/* Short spellings for the tables of ipsec.conf, and the advice that many refused rows share. */
#ifndef LIB_CONF_ROWS_H
#define LIB_CONF_ROWS_H

#include <modswan/conf.h>

#define ALIAS(n, of)                                                                          \
	{                                                                                     \
		.name = (n), .type = MS_CONF_STRING, .flags = MS_CONF_ALIAS, .def_text = (of) \
	}
#define IGNORED(n, advice)                                                                       \
	{                                                                                        \
		.name = (n), .type = MS_CONF_STRING, .flags = MS_CONF_IGNORED, .brief = (advice) \
	}
/* `same`: the value that says what happens anyway, or NULL. */
#define REFUSED(n, same, advice)                                                                   \
	{                                                                                          \
		.name = (n), .type = MS_CONF_STRING, .flags = MS_CONF_REFUSED, .def_text = (same), \
		.brief = (advice)                                                                  \
	}

/* A word among choices that is refused. */
#define NOT_HERE(word, advice) { (word), MS_CONF_NOT_HERE, (advice) }

#define MINUTES(n) ((n)*INT64_C(60000))
#define HOURS(n)   ((n)*INT64_C(3600000))

#define IKEV1_LATER   "IKEv1 is not there yet"
#define WINS_GONE     "WINS servers are not handed out"
#define XAUTH_LATER   "there is no extended authentication yet"
#define TCP_LATER     "IKE over TCP is not there yet"
#define REDIRECT      "there is no redirection"
#define LABELS        "there are no security labels"

#endif
