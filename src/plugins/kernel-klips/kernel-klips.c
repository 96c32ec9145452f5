/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel-klips: the kernel role on top of the klips daemon.
 *
 * link.c keeps one connection to RUNDIR/klips.sock; submit.c and message.c turn operations into
 * PF_KEY messages, event.c what klips says unasked into events, call.c holds the few calls that
 * wait.  Everything runs on the loop's thread.  SAs, eroutes and encapsulation sockets are klips'
 * and outlive this daemon; stop() leaves them, flush() removes them.
 *
 * Standards: RFC 2367 with the KLIPS extensions, see <modswan/pfkey.h>.
 */
#include "kernel-klips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ATTACHED_MS = 100 };

static ms_err klips_start(void *inst, const struct ms_kernel_events *events, void *ctx,
	struct ms_why *why)
{
	struct link *l = inst;
	ms_err err;

	l->events = events;
	l->ctx = ctx;
	err = link_open(l, why);
	if (err != MS_OK)
		ms_why_prefix(why, "klips: ");
	return err;
}

static void klips_stop(void *inst)
{
	link_close(inst);
}

static void klips_submit(void *inst, struct ms_kernel_op *ops, unsigned n, ms_kernel_done_f *done,
	void *arg)
{
	submit(inst, ops, n, done, arg);
}

static ms_err klips_encap_socket(void *inst, const struct ms_endpoint *local, int *fd_r,
	struct ms_why *why)
{
	return call_encap_socket(inst, local, fd_r, why);
}

static ms_err klips_device(void *inst, const struct ms_addr *local, const char *physical, char *buf,
	size_t size, struct ms_why *why)
{
	struct link *l = inst;
	uint64_t now = ms_loop_now_ms(l->services->loop);
	char name[16];
	bool listed;
	ms_err err;

	(void)local;
	if (now < l->attached.until_ms && strcmp(l->attached.physical, physical) == 0) {
		snprintf(buf, size, "%s", l->attached.name);
		return MS_OK;
	}
	setup_device(l, physical, name, &listed);
	err = call_attach(l, physical, name, buf, size, why);
	/* `device` is a wish for the first one only */
	if (err == MS_ERR_BUSY && !listed && name[0] != '\0')
		err = call_attach(l, physical, "", buf, size, why);
	if (err == MS_OK) {
		snprintf(l->attached.physical, sizeof l->attached.physical, "%s", physical);
		snprintf(l->attached.name, sizeof l->attached.name, "%s", buf);
		l->attached.until_ms = now + ATTACHED_MS;
	}
	return err;
}

static void klips_flush(void *inst)
{
	struct link *l = inst;

	/* it is going to close the connection: that is no loss then */
	l->stopped = true;
	call_teardown(l, l->conf->autostart);
}

static void klips_unload(void **instance)
{
	struct link *l = *instance;

	if (l == NULL)
		return;
	link_close(l);
	setup_forget(l);
	free(l->socket_path);
	free(l);
	*instance = NULL;
}

static ms_err klips_load(void **instance_r, const struct ms_services *services, const void *conf,
	struct ms_why *why)
{
	struct link *l = calloc(1, sizeof *l);
	const struct settings *s = conf;
	int n;

	if (l == NULL)
		return ms_fail(why, MS_ERR_NOMEM, "kernel-klips: out of memory");
	l->services = services;
	l->conf = s;
	l->log = (struct ms_logger){ .parent = services->log, .source = MS_SOURCE_KERNEL };
	l->fd = -1;
	l->pid = (uint32_t)getpid();
	l->last = &l->first;
	l->out_last = &l->out_first;
	n = s->socket != NULL ? asprintf(&l->socket_path, "%s", s->socket)
			      : asprintf(&l->socket_path, "%s/klips.sock", services->rundir);
	if (n < 0) {
		free(l);
		return ms_fail(why, MS_ERR_NOMEM, "kernel-klips: out of memory");
	}
	*instance_r = l;
	return MS_OK;
}

static const struct ms_kernel_ops klips_ops = {
	.size = sizeof klips_ops,
	.caps = MS_KCAP_TUNNEL | MS_KCAP_TRANSPORT | MS_KCAP_UDP_ENCAP | MS_KCAP_ESN | MS_KCAP_TRAP
		| MS_KCAP_DATAGRAMS | MS_KCAP_COMPRESS,
	.start = klips_start,
	.stop = klips_stop,
	.submit = klips_submit,
	.encap_socket = klips_encap_socket,
	.device = klips_device,
	.setup = klips_setup,
	.flush = klips_flush,
};

static const struct ms_feature klips_features[] = {
	MS_PROVIDES(KERNEL, "klips", &klips_ops),
	MS_FEATURES_END,
};

static const struct ms_conf_key klips_keys[] = {
	MS_KEY_STRING(struct settings, socket, "socket",
		.brief = "where klips listens; default: klips.sock in the run directory"),
	MS_KEY_STRING(struct settings, program, "program",
		.brief = "the klips program; default: beside the other programs of ModSwan"),
	MS_KEY_BOOL(struct settings, autostart, "autostart", .def = true,
		.brief = "start klips when it is not running, and end it with ipsec setup stop"),
	MS_KEY_STRING(struct settings, device, "device", .def_text = "ipsec0",
		.brief = "IPsec device for the first physical interface that needs one"),
	MS_KEY_LIST(struct settings, interfaces, "interfaces",
		.brief = "which IPsec device goes with which physical interface",
		.text = "Items like \"ipsec0=eth1\".  Interfaces that are not in the list get the "
			"first free device."),
	MS_KEY_END,
};

MS_PLUGIN(kernel_klips, "kernel-klips",
	.summary = "IPsec in user space through the klips daemon",
	.features = klips_features,
	.keys = klips_keys,
	.conf_size = sizeof(struct settings),
	.load = klips_load,
	.unload = klips_unload);
