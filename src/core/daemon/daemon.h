/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pluto: the world around the sans-I/O core.
 *
 * main.c reads the command line and becomes a daemon, start.c loads plugins and settings, listen.c
 * has the sockets, host.c is the core's struct host_ops, conns.c brings connections in and out, and
 * core/control the commands.  One struct daemon, owned by main, all on the loop's thread.
 */
#ifndef MODSWAN_CORE_DAEMON_H
#define MODSWAN_CORE_DAEMON_H

#include <modswan/config.h>
#include <modswan/hook.h>
#include <modswan/net.h>

#include "core/conn/conn.h"
#include "core/conn/names.h"
#include "core/creds/myid.h"
#include "core/creds/opp_source.h"
#include "core/host.h"
#include "core/ike/ike.h"
#include "core/route/route.h"
#include "lib/conf/daemon_keys.h"
#include "lib/loop/loop.h"
#include "lib/plugin/loader.h"

struct listener;
struct control;
struct groups;

struct daemon {
	const char *confdir, *rundir;
	const char *config_file; /* NULL: CONFDIR/ipsec.conf */
	struct ms_loop *loop;
	struct ms_logger log, net_log, kernel_log, conn_log;
	struct ms_daemon_conf conf;
	struct ms_plugins *plugins;
	const struct ms_provider *config, *kernel, *net; /* config, net may be NULL */
	struct ms_setup_desc setup;
	bool have_setup;

	struct conn_table *conns;
	struct conn_names *names; /* hosts that are written as such */
	struct ms_timer *names_timer;
	struct host host;
	uint8_t random[1024]; /* octets of the generator; the last random_left are not used yet */
	size_t random_left;
	struct ike_engine *ike;
	struct ms_timer *ike_timer;
	struct route *route;
	struct ms_timer *route_timer;
	struct opp_source opp_source;
	struct opp_env opp_env;
	struct myid *myid;
	struct ms_timer *myid_timer;
	struct ms_job *myid_job; /* asks for the host's name */
	char *myid_set;		 /* by whack; NULL: it was not */
	struct control *control;
	struct groups *groups; /* NULL: nobody knows policies */
	struct ms_timer *groups_timer;

	struct listener *listeners;
	bool listening;		/* --listen came */
	struct ms_addr default_src[2], default_gw[2]; /* IPv4, IPv6; unset: no default route */
	unsigned default_pending; /* questions for the default route under way */
	bool orient_needed;	  /* addresses or default routes changed */
	bool started;		  /* auto= was acted on */
	bool flush_at_stop;
};

/* --- start.c --- */
ms_err daemon_start(struct daemon *d, struct ms_why *why) MS_MUST_CHECK;
void daemon_stop(struct daemon *d);
/* `config setup` again; what cannot change while running is left. */
ms_err daemon_read_setup(struct daemon *d, struct ms_why *why) MS_MUST_CHECK;
const struct ms_provider *daemon_provider(const struct daemon *d, enum ms_role role, unsigned i);

/* --- host.c --- */
extern const struct host_ops daemon_host_ops;
extern const struct ms_kernel_events daemon_kernel_events;
void daemon_ike_timer(void *daemon);
/* A creds_source_f of the daemon's plugins. */
const struct ms_provider *daemon_creds_source(void *daemon, unsigned i);
ms_err daemon_cert_subject(void *daemon, const char *cert, struct ms_id *out, struct ms_why *why);
/* Runs every hook provider in turn; the first failure ends it. */
void daemon_hook(void *daemon, struct conn *c, const struct ms_hook_event *event,
	ms_hook_done_f *done, void *arg);

/* --- listen.c --- */
/* Sockets for the addresses that the net provider shows; orients connections.  Called at --listen
 * and whenever addresses changed. */
void daemon_listen(struct daemon *d);
void daemon_unlisten(struct daemon *d);
void daemon_send(struct daemon *d, const struct ms_endpoint *local,
	const struct ms_endpoint *remote, struct ms_bytes datagram, bool keepalive);
/* conn_device_f */
bool daemon_device_address(void *daemon, const char *device, int family, struct ms_addr *out);
bool daemon_is_local(void *daemon, const struct ms_addr *a);
extern const struct ms_net_events daemon_net_events;
/* The i-th listening address, for status; false: no more. */
bool daemon_interface(const struct daemon *d, unsigned i, struct ms_endpoint *out, const char **dev);
/* The physical interface that has the address; NULL: none. */
const char *daemon_device_of(const struct daemon *d, const struct ms_addr *a);

/* --- myid.c --- */
ms_err daemon_myid_start(struct daemon *d) MS_MUST_CHECK;
/* Looks (again) for what others find our key under, where that is of any use. */
void daemon_myid_look(struct daemon *d);
void daemon_myid_stop(struct daemon *d);
/* whack --myid: instead of what was found or written, also for connections that are there. */
ms_err daemon_myid_set(struct daemon *d, const char *text, struct ms_why *why) MS_MUST_CHECK;

/* --- add.c --- */
/* What the configuration says, all with auto= other than ignore; each that is not good is logged. */
ms_err daemon_add_all(struct daemon *d, struct ms_why *why) MS_MUST_CHECK;
/* What it says under this name (of a section, an alias or NAME/1x2), all of it or nothing; *added is to
 * be freed in any case.  replace: in place of what is loaded. */
ms_err daemon_add_named(struct daemon *d, const char *name, bool replace, struct conn_list *added,
	struct ms_why *why) MS_MUST_CHECK;
/* The same of one description. */
ms_err daemon_add_desc(struct daemon *d, const struct ms_conn_desc *desc, struct conn_list *added,
	struct ms_why *why) MS_MUST_CHECK;
void daemon_delete_conn(struct daemon *d, struct conn *c);
/* All of them; the list is empty afterwards. */
void daemon_delete_conns(struct daemon *d, struct conn_list *l);

/* --- conns.c --- */
/* The policies of groups, where a plugin knows them. */
ms_err daemon_groups_start(struct daemon *d, struct ms_why *why) MS_MUST_CHECK;
/* Looks names of connections up; false: out of memory. */
bool daemon_names_start(struct daemon *d);
/* Tries to orient every connection; acts on auto=route and auto=start the first time. */
void daemon_orient_all(struct daemon *d);
ms_err daemon_orient(struct daemon *d, struct conn *c, struct ms_why *why) MS_MUST_CHECK;
/* The devices of an oriented connection. */
ms_err daemon_find_device(struct daemon *d, struct conn *c, struct ms_why *why);

#endif
