/* SPDX-License-Identifier: Apache-2.0 */
/* Words that the tests of connections share. */
#ifndef CORE_CONN_TEST_WORDS_H
#define CORE_CONN_TEST_WORDS_H

#include "core/conn/conn_priv.h"

#include <modswan/registry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/crypto-openssl/crypto-openssl.h"

static const uint64_t seed[2] = { 1, 2 };

static inline char *dup(const char *s)
{
	return s == NULL ? NULL : strdup(s);
}

struct words {
	const char *name, *left, *right, *leftsubnet, *rightsubnet, *leftid, *rightid;
};

static inline struct ms_conn_desc describe(const struct words *w)
{
	struct ms_conn_desc d;

	assert_true(ms_conn_desc_defaults(&d));
	d.name = dup(w->name);
	free(d.left.host);
	free(d.right.host);
	d.left.host = dup(w->left);
	d.right.host = dup(w->right);
	d.left.subnet = dup(w->leftsubnet);
	d.right.subnet = dup(w->rightsubnet);
	d.left.id = dup(w->leftid);
	d.right.id = dup(w->rightid);
	d.authby = MS_AUTH_PSK;
	return d;
}

static inline ms_err add(struct conn_table *t, const struct words *w, struct conn **c, struct ms_why *why)
{
	struct ms_conn_desc d = describe(w);
	ms_err err = conn_add(t, &d, c, why);

	ms_conn_desc_free(&d);
	return err;
}

static inline struct ms_addr addr(const char *text)
{
	struct ms_addr a;

	assert_int_equal(ms_addr_parse(&a, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return a;
}

static inline struct ms_id id(const char *text)
{
	struct ms_id i;

	assert_int_equal(ms_id_parse(&i, text, strlen(text), NULL), MS_OK);
	return i;
}

static inline struct ms_selector net(const char *text)
{
	struct ms_subnet s;

	assert_int_equal(ms_subnet_parse(&s, text, strlen(text), 0, MS_TEXT_NUMERIC, NULL), MS_OK);
	return ms_selector_of_subnet(&s);
}

/* arg: our one address */
static inline bool is_local(void *arg, const struct ms_addr *a)
{
	struct ms_addr us = addr(arg);

	return ms_addr_eq(a, &us);
}

static inline ms_err orient(struct conn_table *t, struct conn *c, const char *us, struct ms_why *why)
{
	char text[64];

	strcpy(text, us);
	return conn_orient(t, c, is_local, text, NULL, NULL, why);
}

static const struct words west_east __attribute__((unused)) = { "west-east", "192.1.2.45", "192.1.2.23", "192.0.1.0/24",
	"192.0.2.0/24", "@west", "@east" };

static inline int register_crypto(void **state)
{
	(void)state;
	if (openssl_load(NULL) != MS_OK)
		return -1;
	return ms_crypto_register(&openssl_ops, "openssl") == MS_OK ? 0 : -1;
}

static inline int unregister_crypto(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

#endif
