/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *text;
	enum ms_err_class class;
} errors[MS_ERR_COUNT] = {
#define MS_ERROR_ROW(code, c, t) [code] = { t, c },
	MS_ERRORS(MS_ERROR_ROW)
#undef MS_ERROR_ROW
};

static const char *const class_names[] = {
	[MS_CLASS_OK] = "ok",
	[MS_CLASS_PROTOCOL] = "protocol",
	[MS_CLASS_CONFIG] = "config",
	[MS_CLASS_CREDENTIAL] = "credential",
	[MS_CLASS_RESOURCE] = "resource",
	[MS_CLASS_KERNEL] = "kernel",
	[MS_CLASS_CRYPTO] = "crypto",
	[MS_CLASS_PLUGIN] = "plugin",
	[MS_CLASS_BUG] = "bug",
};

ms_err ms_fail(struct ms_why *why, ms_err err, const char *fmt, ...)
{
	if (why != NULL) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(why->text, sizeof why->text, fmt, ap);
		va_end(ap);
	}
	return err;
}

void ms_why_prefix(struct ms_why *why, const char *fmt, ...)
{
	char old[sizeof why->text];
	va_list ap;
	int n;

	if (why == NULL)
		return;
	strcpy(old, why->text);
	va_start(ap, fmt);
	n = vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof why->text)
		snprintf(why->text + n, sizeof why->text - (size_t)n, "%s", old);
}

static bool known(ms_err err)
{
	return (unsigned)err < MS_ERR_COUNT;
}

const char *ms_err_text(ms_err err)
{
	return known(err) ? errors[err].text : "unknown error";
}

enum ms_err_class ms_err_class(ms_err err)
{
	return known(err) ? errors[err].class : MS_CLASS_BUG;
}

const char *ms_err_class_name(enum ms_err_class c)
{
	return (unsigned)c <= MS_CLASS_BUG ? class_names[c] : "unknown";
}

const char *ms_why_text(const struct ms_why *why, ms_err err)
{
	return why != NULL && why->text[0] != '\0' ? why->text : ms_err_text(err);
}
