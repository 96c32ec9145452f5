/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/klips_link.h"

#include <modswan/unix.h>

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KLIPS_PFKEY_SOCKET "klips.sock"

enum { PATIENCE_MS = 10000 };

static const struct klips_reason open_reasons[] = {
	{ ENOENT, "KLIPS is not running: there is no such socket.  See `ipsec setup start'." },
	{ ECONNREFUSED, "KLIPS is not running: nobody listens there.  See `ipsec setup start'." },
	{ EACCES, "Access denied.  You must be root to change what KLIPS does." },
	{ EPERM, "Access denied.  You must be root to change what KLIPS does." },
	{ EUNATCH, "KLIPS not loaded." },
	{ ENODEV, "KLIPS not loaded." },
	{ EAFNOSUPPORT, "KLIPS not enabled." },
	{ EBUSY, "KLIPS is busy.  Most likely a serious internal error left by an earlier command." },
	{ EAGAIN, "KLIPS is busy: too many clients are waiting." },
	{ EINVAL, "Invalid argument, KLIPS not loaded, or see the log for what it says." },
	{ ENOBUFS, "No kernel memory for the socket." },
	{ ENOMEM, "No kernel memory for the socket." },
	{ ENFILE, "No kernel memory for the socket." },
	{ EMFILE, "The table of open files is full." },
	{ ESOCKTNOSUPPORT, "This type of socket is not supported." },
	{ EPROTONOSUPPORT, "This version of PF_KEY is not supported." },
	{ 0, "Unknown socket error." },
};

/* Root has access to what is as we made it. */
#define WRONG_MODE "Access denied.  Check that the socket is yours and its mode is 600."

static const char *reason(const struct klips_reason *row, int no)
{
	while (row->no != 0 && row->no != no)
		row++;
	return row->text;
}

void klips_trace(const struct tool *t, bool debug, const char *fmt, ...)
{
	va_list ap;

	if (!debug)
		return;
	printf("ipsec %s%s%s: DEBUG: ", t->command->name, t->label != NULL ? " --label " : "",
		t->label != NULL ? t->label : "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

struct klips_link *klips_open(const struct tool *t, bool debug)
{
	char *path = tool_format("%s/" KLIPS_PFKEY_SOCKET, t->rundir);
	struct klips_link *l = tool_alloc(sizeof *l);
	struct ms_why why = { "" };
	int err;

	l->t = t;
	l->debug = debug;
	if (ms_unix_connect(&l->fd, path, SOCK_SEQPACKET, &why) == MS_OK)
		return l;
	err = errno;
	tool_error(t, "Trouble opening PF_KEY family socket with error: %s (%s).  %s", strerror(err),
		path, err == EACCES && geteuid() == 0 ? WRONG_MODE : reason(open_reasons, err));
	return NULL;
}

void klips_close(struct klips_link **lp)
{
	struct klips_link *l = *lp;

	if (l == NULL)
		return;
	close(l->fd);
	ms_wipe(l->buf, sizeof l->buf);
	*lp = NULL;
}

bool klips_send(struct klips_link *l, struct ms_pfkey_msg *m)
{
	struct ms_why why = { "" };
	char text[1024];
	bool sent;

	m->seq = ++l->seq;
	m->pid = (uint32_t)getpid();
	if (l->debug) {
		ms_pfkey_text(m, text, sizeof text);
		klips_trace(l->t, true, "sends %s", text);
	}
	if (ms_pfkey_build(m, MS_PFKEY_DOWN, l->buf, sizeof l->buf, &l->len, &why) != MS_OK) {
		tool_error(l->t, "pfkey message cannot be built: %s", why.text);
		return false;
	}
	sent = ms_unix_send(l->fd, l->buf, l->len, -1) == MS_OK;
	if (!sent)
		tool_error(l->t, "pfkey write failed, returning -1 with errno=%d.  %s", errno,
			strerror(errno));
	ms_wipe(l->buf, l->len);
	return sent;
}

bool klips_receive(struct klips_link *l, int timeout_ms)
{
	int passed = -1;

	if (ms_unix_wait(l->fd, timeout_ms) != MS_OK ||
		ms_unix_receive(l->fd, l->buf, sizeof l->buf, &l->len, &passed) != MS_OK) {
		tool_error(l->t, "pfkey read failed: KLIPS does not answer or went away");
		return false;
	}
	if (passed >= 0)
		close(passed);
	return true;
}

int klips_ask(struct klips_link *l, struct ms_pfkey_msg *m)
{
	struct ms_why why = { "" };
	uint32_t seq, pid;
	char text[1024];

	if (!klips_send(l, m))
		return -1;
	seq = m->seq;
	pid = m->pid;
	do {
		if (!klips_receive(l, PATIENCE_MS))
			return -1;
		if (ms_pfkey_parse(m, l->buf, l->len, MS_PFKEY_UP, &why) != MS_OK) {
			tool_error(l->t, "pfkey answer not understood: %s", why.text);
			return -1;
		}
	} while (m->seq != seq || m->pid != pid);
	if (l->debug) {
		ms_pfkey_text(m, text, sizeof text);
		klips_trace(l->t, true, "got %s", text);
	}
	return m->err;
}

int klips_status(const struct tool *t, int err, const struct klips_reason *table)
{
	if (err > 0) {
		tool_error(t, "pfkey write failed, returning -1 with errno=%d.", err);
		fprintf(stderr, "%s\n", reason(table, err));
	}
	return err == 0 ? 0 : 1;
}

int klips_ask_once(const struct tool *t, bool debug, struct ms_pfkey_msg *m,
	const struct klips_reason *table)
{
	struct klips_link *l = klips_open(t, debug);
	int err;

	if (l == NULL)
		return 1;
	err = klips_ask(l, m);
	klips_close(&l);
	return klips_status(t, err, table);
}

static void print_line(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

int klips_list(const struct tool *t, const char *name)
{
	struct ms_why why = { "" };

	if (tool_klips_command(t, name, print_line, NULL, &why) == MS_OK)
		return 0;
	tool_error(t, "%s", why.text);
	return 1;
}
