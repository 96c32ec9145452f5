/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of later members of the family: `ipsec up NAME` for `ipsec auto --up NAME`, and so on.
 * What we do not have is named here too, with what to do instead.
 */
#include "tools/tool.h"

#include <string.h>

enum verb_kind {
	VERB_AUTO,     /* ipsec auto --WORD */
	VERB_COMMAND,  /* the command WORD */
	VERB_NOT_HERE, /* WORD: advice, or NULL */
};

static const struct verb {
	const char *name;
	enum verb_kind kind;
	const char *word;
} verbs[] = {
	{ "add", VERB_AUTO, "add" },
	{ "replace", VERB_AUTO, "replace" },
	{ "delete", VERB_AUTO, "delete" },
	{ "up", VERB_AUTO, "up" },
	{ "initiate", VERB_AUTO, "up" },
	{ "down", VERB_AUTO, "down" },
	{ "terminate", VERB_AUTO, "down" },
	{ "route", VERB_AUTO, "route" },
	{ "ondemand", VERB_AUTO, "route" },
	{ "unroute", VERB_AUTO, "unroute" },
	{ "ready", VERB_AUTO, "ready" },
	{ "rereadgroups", VERB_AUTO, "rereadgroups" },
	{ "rereadcerts", VERB_AUTO, "rereadcerts" },
	{ "rereadcacerts", VERB_AUTO, "rereadcacerts" },
	{ "rereadcrls", VERB_AUTO, "rereadcrls" },
	{ "fetchcrls", VERB_AUTO, "fetchcrls" },
	{ "crls", VERB_AUTO, "fetchcrls" },
	{ "purgeocsp", VERB_AUTO, "purgeocsp" },
	{ "listall", VERB_AUTO, "listall" },
	{ "listcerts", VERB_AUTO, "listcerts" },
	{ "listcacerts", VERB_AUTO, "listcacerts" },
	{ "listcrls", VERB_AUTO, "listcrls" },
	{ "listocsp", VERB_AUTO, "listocsp" },
	{ "traffic", VERB_COMMAND, "trafficstatus" },
	{ "statestatus", VERB_COMMAND, "showstates" },
	{ "connectionstatus", VERB_COMMAND, "status" },

	{ "algparse", VERB_NOT_HERE, "ipsec checkconfig tells what is wrong with ike= and esp=" },
	{ "briefconnectionstatus", VERB_NOT_HERE, "use ipsec status NAME" },
	{ "certutil", VERB_NOT_HERE, "there is no NSS database: use openssl" },
	{ "checknflog", VERB_NOT_HERE, NULL },
	{ "checknss", VERB_NOT_HERE, "there is no NSS database" },
	{ "checkpubkeys", VERB_NOT_HERE, "ipsec listpubkeys shows until when keys are good" },
	{ "crlutil", VERB_NOT_HERE, "there is no NSS database: put lists into ipsec.d/crls" },
	{ "directory", VERB_NOT_HERE, "use ipsec --directory" },
	{ "ecdsasigkey", VERB_NOT_HERE, "use ipsec newhostkey --keytype ecdsa" },
	{ "eddsasigkey", VERB_NOT_HERE, "use ipsec newhostkey --keytype ed25519" },
	{ "fipsstatus", VERB_NOT_HERE, NULL },
	{ "globalstatus", VERB_NOT_HERE, "use ipsec briefstatus" },
	{ "help", VERB_NOT_HERE, "use ipsec --help" },
	{ "import", VERB_NOT_HERE, "put the file into ipsec.d/certs and name it in ipsec.secrets" },
	{ "initnss", VERB_NOT_HERE, "there is no NSS database" },
	{ "letsencrypt", VERB_NOT_HERE, NULL },
	{ "modutil", VERB_NOT_HERE, "there is no NSS database" },
	{ "nflog", VERB_NOT_HERE, NULL },
	{ "pk12util", VERB_NOT_HERE, "there is no NSS database: use openssl" },
	{ "redirect", VERB_NOT_HERE, "there is no redirection" },
	{ "showroute", VERB_NOT_HERE, "use ip route get" },
	{ "sniff", VERB_NOT_HERE, "use tcpdump" },
	{ "stopnflog", VERB_NOT_HERE, NULL },
	{ "unbound", VERB_NOT_HERE, NULL },
	{ "vfychain", VERB_NOT_HERE, "there is no NSS database: use openssl verify" },
};

static int not_here(const struct verb *v)
{
	fprintf(stderr, "ipsec: %s is known from the family, not supported here%s%s\n", v->name,
		v->word == NULL ? "" : ": ", v->word == NULL ? "" : v->word);
	return 1;
}

/* argv becomes auto --VERB ARGUMENT... */
static int by_auto(struct tool *t, const struct verb *v, int argc, char **argv)
{
	char **words = tool_alloc((size_t)(argc + 2) * sizeof *words);

	words[0] = tool_format("auto");
	words[1] = tool_format("--%s", v->word);
	for (int i = 1; i < argc; i++)
		words[i + 1] = argv[i];
	words[argc + 1] = NULL;
	t->command = tool_find_command("auto");
	return t->command->run(t, argc + 1, words);
}

int tool_verb(struct tool *t, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(v->name, argv[0]) != 0)
			continue;
		if (v->kind == VERB_NOT_HERE)
			return not_here(v);
		if (v->kind == VERB_AUTO)
			return by_auto(t, v, argc, argv);
		t->command = tool_find_command(v->word);
		return t->command->run(t, argc, argv);
	}
	return -1;
}
