/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kernel-klips: the link to klips, operations as messages, calls that wait. */
#ifndef KERNEL_KLIPS_H
#define KERNEL_KLIPS_H

#include <modswan/config.h>
#include <modswan/kernel.h>
#include <modswan/pfkey.h>
#include <modswan/plugin.h>
#include <modswan/unix.h>

#include <sys/types.h>

struct job;

enum { KLIPS_ARGV = 16 };

/* A message on its way: answers come in the order of requests. */
struct pending {
	struct pending *next;
	uint32_t seq;
	uint8_t type;
	struct job *job;  /* NULL: nobody waits */
	unsigned op;	  /* which of the job's operations */
	bool last;	  /* of this operation */
};

/* A record that the socket did not take yet. */
struct outgoing {
	struct outgoing *next;
	size_t len;
	uint8_t data[];
};

struct settings {
	char *device, *socket, *program;
	char **interfaces;
	bool autostart;
};

struct link {
	const struct ms_services *services;
	const struct settings *conf;
	struct ms_logger log;
	/* From `config setup`; heap. */
	char **interfaces; /* "ipsec0=eth1"; NULL: none written */
	char *debug;	   /* words for --debug; NULL: none */
	bool show_tos;	   /* hidetos=no */
	bool no_fragicmp;
	int no_eroute; /* enum ms_noeroute */
	uint32_t mtu, mss; /* of devices: overridemtu, mssclamp; 0: nothing is said */
	struct {
		char physical[16], name[16];
		uint64_t until_ms;
	} attached; /* what klips said last, for connections that come by the thousand */
	const struct ms_kernel_events *events;
	void *ctx;
	char *socket_path;
	int fd; /* -1: not connected */
	struct ms_watch *watch;
	struct ms_timer *retry;
	struct ms_process *starter;
	uint64_t retry_ms;
	uint64_t instance; /* of the klips that we know, 0: none yet */
	bool stopped;
	uint32_t seq, chain, pid;
	pid_t klips_pid; /* of the last call() */
	struct pending *first, **last;
	struct outgoing *out_first, **out_last;
	uint8_t buf[MS_PFKEY_MAX_OCTETS];
};

/* --- link.c ----------------------------------------------------------------------------------- */

/* Connects; starts klips when it is not there and that is wanted (waits for it). */
ms_err link_open(struct link *l, struct ms_why *why) MS_MUST_CHECK;
/* Forgets what is on its way, after telling those who wait; no events come any more. */
void link_close(struct link *l);
/* Sets seq and pid and sends; p (taken over) waits for the answer. MS_ERR_KERNEL_GONE. */
ms_err link_send(struct link *l, struct ms_pfkey_msg *m, struct pending *p,
	struct ms_why *why) MS_MUST_CHECK;

/* --- submit.c --------------------------------------------------------------------------------- */

void submit(struct link *l, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
	void *arg);
/* The answer to p; m NULL: it will not come. */
void submit_answer(struct link *l, struct pending *p, const struct ms_pfkey_msg *m);

/* --- event.c ---------------------------------------------------------------------------------- */

void event_message(struct link *l, const struct ms_pfkey_msg *m);
ms_err klips_error(uint8_t no); /* errno of klips as an error of ours */

/* --- call.c: calls that wait for their answer, on a connection of their own --------------------- */

ms_err call_encap_socket(struct link *l, const struct ms_endpoint *local, int *fd_r,
	struct ms_why *why) MS_MUST_CHECK;
/* name: wanted, may be empty; buf: what it became. */
ms_err call_attach(struct link *l, const char *physical, const char *name, char *buf, size_t size,
	struct ms_why *why) MS_MUST_CHECK;
/* end: klips shall exit, too; waits until it is gone. */
void call_teardown(struct link *l, bool end);
ms_err call_start_klips(const struct link *l, struct ms_why *why) MS_MUST_CHECK;
/* argv of klips: 6 words. */
void klips_command(const struct link *l, const char *argv[KLIPS_ARGV]);

/* --- setup.c ---------------------------------------------------------------------------------- */

/* ms_kernel_ops.setup */
ms_err klips_setup(void *inst, const struct ms_setup_desc *setup, struct ms_why *why);
void setup_forget(struct link *l);
/* "ipsec0" that interfaces= (of config setup, else of the plugin's settings) gives to a physical
 * device; empty: no wish.  False in *listed_r: there is no such list. */
void setup_device(const struct link *l, const char *physical, char name[16], bool *listed_r);

/* --- message.c: operations as messages ---------------------------------------------------------- */

enum { MAX_FLOWS = 256 };

enum { MAX_SELECTORS = 64, SA_SCRATCH = MAX_SELECTORS * MS_PFKEY_SELECTOR_OCTETS };

/* Views of *m may point into scratch. */
void message_of_sa(const struct ms_kernel_sa *sa, enum ms_kernel_op_kind kind,
	struct ms_pfkey_msg *m, uint8_t scratch[SA_SCRATCH]);
/* The i-th of the eroutes that one policy needs; false: no more. */
struct flow_list {
	unsigned n_src, n_dst, n_sport, n_dport;
	struct ms_subnet src[MAX_FLOWS], dst[MAX_FLOWS];
	struct { uint16_t port, mask; } sport[32], dport[32];
};
/* MS_ERR_UNSUPPORTED: families differ; MS_ERR_LIMIT: the ranges need too many eroutes. */
ms_err flows_of_policy(const struct ms_kernel_policy *p, struct flow_list *out,
	struct ms_why *why) MS_MUST_CHECK;
unsigned flows_count(const struct flow_list *f);
void message_of_flow(const struct ms_kernel_policy *p, const struct flow_list *f, unsigned i,
	bool set, struct ms_pfkey_msg *m);

#endif
