/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ipsec tncfg`: which ipsec device is attached to which physical one.
 *
 * The family asked by ioctl; here X_MS_ATTACH and X_MS_DETACH messages do it, and klips makes the
 * device when it is attached.
 */
#include "tools/klips_link.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define ACTIONS "'--attach', '--detach', '--clear', '--create' or '--delete'"

enum { HELP, VERSION, LABEL, DEBUG, VIRTUAL, PHYSICAL, MTU, MSS, ATTACH, DETACH, CLEAR, CREATE, DELETE };
enum { FIRST_IPSEC_IFNUM = 49152, MSS_AUTO = 1 };

struct call {
	const struct tool *t;
	bool debug;
	int action;
	const char *virtual, *physical, *device, *mtu, *mss;
};

static const struct tool_slot table[] = {
	[HELP] = TOOL_TAKEN(TOOL_HELP),
	[VERSION] = TOOL_TAKEN(TOOL_VERSION),
	[LABEL] = TOOL_TAKEN(TOOL_LABEL),
	[DEBUG] = TOOL_FLAG("debug", "show what is sent and what comes back", struct call, debug),
	[VIRTUAL] = TOOL_ONCE("virtual", "DEVICE", "the ipsec device", struct call, virtual),
	[PHYSICAL] = TOOL_ONCE("physical", "DEVICE", "the device that it sends through", struct call,
		physical),
	[MTU] = TOOL_ONCE("mtu", "OCTETS", "with --attach: the ipsec device's MTU", struct call, mtu),
	[MSS] = TOOL_ONCE("mss", "OCTETS",
		"with --attach: segments that TCP may announce, or auto, or any", struct call, mss),
	[ATTACH] = TOOL_TAKE("attach", NULL, "attach the one to the other"),
	[DETACH] = TOOL_TAKE("detach", NULL, "take the ipsec device away"),
	[CLEAR] = TOOL_TAKE("clear", NULL, "take all ipsec devices away"),
	[CREATE] = TOOL_TAKE("create", "DEVICE", "make a device (ipsecN, mastN)"),
	[DELETE] = TOOL_TAKE("delete", "DEVICE", "take that device away"),
	{ .o = { NULL, NULL, NULL } },
};

const struct tool_options tncfg_options = TOOL_SLOTS(table, true);

static const struct tool_usage usage = {
	.options = &tncfg_options,
	.text = "Usage: ipsec tncfg\n"
		"       ipsec tncfg --attach --virtual DEVICE --physical DEVICE [--mtu N] [--mss N]\n"
		"       ipsec tncfg --detach --virtual DEVICE\n"
		"       ipsec tncfg --clear\n"
		"       ipsec tncfg --create DEVICE | --delete DEVICE\n",
	.status = 1,
	.one_dash = true,
	.help_status = 1,
	.version_status = 1,
};

/* klips says with one errno what the family's ioctl said with two: the message follows the name. */
static const struct klips_reason attach_reasons[] = {
	{ ENODEV, "the virtual device is invalid (ipsec0..ipsec63), or KLIPS is not loaded." },
	{ ENXIO, "the physical device is invalid: there is none of that name." },
	{ EBUSY, "the device is already attached.  Detach it first." },
	{ EPERM, "Access denied.  You must be root." },
	{ EACCES, "Access denied.  You must be root." },
	{ EPROTONOSUPPORT, "not supported." },
	{ EOPNOTSUPP, "not supported." },
	{ EINVAL, "Invalid argument." },
	{ EIO, "the device cannot be made or set up.  Check the log of KLIPS." },
	{ 0, "Unknown error." },
};

static const struct klips_reason detach_reasons[] = {
	{ ENODEV, "the virtual device is invalid, or KLIPS is not loaded." },
	{ ENXIO, "the device is not attached." },
	{ EPERM, "Access denied.  You must be root." },
	{ EACCES, "Access denied.  You must be root." },
	{ EPROTONOSUPPORT, "not supported." },
	{ EOPNOTSUPP, "not supported." },
	{ 0, "Unknown error." },
};

/* --- messages --------------------------------------------------------------------------------- */

static bool name_fits(const struct call *c, const char *name)
{
	struct ms_pfkey_msg m;

	if (strlen(name) < sizeof m.device.name && name[0] != '\0')
		return true;
	tool_error(c->t, "\"%s\" is no name of a device: 1 to 15 characters", name);
	return false;
}

/* N of ipsecN, -1: another name. */
static long number_after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	uint64_t n;

	if (strncmp(name, prefix, len) != 0 || !isdigit((unsigned char)name[len]) ||
		!take_number(name + len, 9999, &n))
		return -1;
	return (long)n;
}

/* Between what IPv4 always carries and what it ever does. */
static bool take_octets(const struct call *c, const char *option, const char *text, uint32_t *out)
{
	uint64_t n;

	if (text == NULL)
		return true;
	if (!take_number(text, 65535, &n) || n < 68) {
		tool_error(c->t, "%s %s: a number from 68 to 65535", option, text);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

static int attach(struct call *c)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_ATTACH, .has = MS_PFKEY_BIT(X_MS_DEVICE) };
	long n;

	if (c->virtual == NULL || c->physical == NULL) {
		tool_error(c->t, "both '--virtual' and '--physical' must be specified with '--attach'.");
		return 1;
	}
	if (!name_fits(c, c->virtual) || !name_fits(c, c->physical))
		return 1;
	n = number_after(c->virtual, "ipsec");
	if (n < 0 || n > 63)
		return klips_status(c->t, ENODEV, attach_reasons);
	snprintf(m.device.name, sizeof m.device.name, "%s", c->virtual);
	snprintf(m.device.phys, sizeof m.device.phys, "%s", c->physical);
	if (!take_octets(c, "--mtu", c->mtu, &m.device.mtu))
		return 1;
	if (c->mss != NULL && strcmp(c->mss, "auto") == 0)
		m.device.mss = MSS_AUTO;
	else if (c->mss != NULL && strcmp(c->mss, "any") == 0)
		m.device.mss = MS_PFKEY_X_MSS_ANY;
	else if (!take_octets(c, "--mss", c->mss, &m.device.mss))
		return 1;
	return klips_ask_once(c->t, c->debug, &m, attach_reasons);
}

static int detach_one(const struct call *c, const char *name)
{
	struct ms_pfkey_msg m = { .type = MS_PFKEY_X_MS_DETACH, .has = MS_PFKEY_BIT(X_MS_DEVICE) };

	if (!name_fits(c, name))
		return 1;
	if (number_after(name, "ipsec") < 0)
		return klips_status(c->t, ENODEV, detach_reasons);
	snprintf(m.device.name, sizeof m.device.name, "%s", name);
	return klips_ask_once(c->t, c->debug, &m, detach_reasons);
}

static int detach(struct call *c)
{
	if (c->virtual != NULL)
		return detach_one(c, c->virtual);
	tool_error(c->t, "'--virtual' must be specified with '--detach'.");
	return 1;
}

struct names {
	char name[64][16];
	unsigned n;
};

static void note_name(void *arg, const char *text)
{
	struct names *l = arg;

	if (l->n < sizeof l->name / sizeof l->name[0] &&
		sscanf(text, "%15s", l->name[l->n]) == 1)
		l->n++;
}

static int clear(struct call *c)
{
	struct ms_why why = { "" };
	struct names l = { .n = 0 };
	int status = 0;

	if (tool_klips_command(c->t, "tncfg", note_name, &l, &why) != MS_OK) {
		tool_error(c->t, "%s", why.text);
		return 1;
	}
	for (unsigned i = 0; i < l.n; i++)
		status |= detach_one(c, l.name[i]);
	return status;
}

static int plumb(struct call *c)
{
	struct ms_pfkey_msg m = { .type = c->action == CREATE ? MS_PFKEY_X_PLUMBIF
							      : MS_PFKEY_X_UNPLUMBIF,
		.has = MS_PFKEY_BIT(X_PLUMBIF_NUM) };
	long ipsec = number_after(c->device, "ipsec"), mast = number_after(c->device, "mast");

	if (ipsec < 0 && mast < 0) {
		tool_error(c->t, "\"%s\" is neither ipsecN nor mastN", c->device);
		return 1;
	}
	m.plumb = (uint16_t)(ipsec >= 0 ? FIRST_IPSEC_IFNUM + ipsec : mast);
	return klips_ask_once(c->t, c->debug, &m,
		c->action == CREATE ? attach_reasons : detach_reasons);
}

/* --- command line ----------------------------------------------------------------------------- */

static int take_action(void *arg, int row, const char *value)
{
	struct call *c = arg;

	if (c->action != 0) {
		tool_error(c->t, "Only one of " ACTIONS " options permitted.");
		return 1;
	}
	c->action = row;
	c->device = value;
	return -1;
}

int tool_tncfg(struct tool *t, int argc, char **argv)
{
	static int (*const run[])(struct call *c) = { [ATTACH] = attach, [DETACH] = detach,
		[CLEAR] = clear, [CREATE] = plumb, [DELETE] = plumb };
	struct call c = { .t = t };
	int status = tool_args_read(t, &usage, argc, argv, take_action, &c);

	if (status != -1)
		return status;
	if (c.action != 0)
		return run[c.action](&c);
	if (c.virtual == NULL && c.physical == NULL)
		return klips_list(t, "tncfg");
	return tool_refuse(t, &usage, "exactly one of " ACTIONS " must be specified.");
}
