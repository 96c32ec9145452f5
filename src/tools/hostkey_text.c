/* SPDX-License-Identifier: Apache-2.0 */
/* Secret text, files, random octets. */
#include "tools/hostkey.h"

#include <modswan/addr.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_OCTETS (64u << 20)

/* --- text ------------------------------------------------------------------------------------- */

/* realloc() could leave octets behind. */
static void make_room(struct text *t, size_t more)
{
	size_t cap = t->cap == 0 ? 4096 : t->cap;
	char *p;

	if (t->len + more < t->cap)
		return;
	while (cap <= t->len + more)
		cap *= 2;
	p = malloc(cap);
	if (p == NULL) {
		fputs("ipsec: out of memory\n", stderr);
		exit(1);
	}
	if (t->ptr != NULL) {
		memcpy(p, t->ptr, t->len + 1);
		ms_wipe(t->ptr, t->cap);
		free(t->ptr);
	} else {
		p[0] = '\0';
	}
	t->ptr = p;
	t->cap = cap;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	make_room(t, (size_t)n);
	vsnprintf(t->ptr + t->len, t->cap - t->len, fmt, again);
	va_end(again);
	t->len += (size_t)n;
}

void text_add_data(struct text *t, struct ms_bytes data, int format)
{
	size_t n = ms_data_text(data.ptr, data.len, format, NULL, 0);

	make_room(t, n);
	ms_data_text(data.ptr, data.len, format, t->ptr + t->len, t->cap - t->len);
	t->len += n;
}

void text_free(struct text *t)
{
	if (t->ptr != NULL)
		ms_wipe(t->ptr, t->cap);
	free(t->ptr);
	*t = (struct text){ NULL, 0, 0 };
}

/* --- files ------------------------------------------------------------------------------------ */

ms_err text_write(const struct text *t, int fd, struct ms_why *why)
{
	for (size_t done = 0; done < t->len;) {
		ssize_t n = write(fd, t->ptr + done, t->len - done);

		if (n < 0 && errno != EINTR)
			return ms_fail(why, MS_ERR_SYSTEM, "cannot write: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return MS_OK;
}

static ms_err read_all(struct text *t, int fd, const char *path, struct ms_why *why)
{
	ssize_t n;

	do {
		make_room(t, 4096);
		n = read(fd, t->ptr + t->len, t->cap - t->len - 1);
		if (n < 0 && errno != EINTR)
			return ms_fail(why, MS_ERR_SYSTEM, "cannot read \"%.200s\": %s", path,
				strerror(errno));
		t->len += n > 0 ? (size_t)n : 0;
		if (t->len > MAX_FILE_OCTETS)
			return ms_fail(why, MS_ERR_LIMIT, "\"%.200s\" is too large", path);
	} while (n != 0);
	t->ptr[t->len] = '\0';
	return MS_OK;
}

ms_err text_read(struct text *t, const char *path, struct ms_why *why)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ms_err err;

	*t = (struct text){ NULL, 0, 0 };
	if (fd < 0)
		return ms_fail(why, errno == ENOENT ? MS_ERR_NOT_FOUND : MS_ERR_SYSTEM,
			errno == ENOENT ? "file \"%.200s\" not found: %s"
					: "cannot read \"%.200s\": %s",
			path, strerror(errno));
	err = read_all(t, fd, path, why);
	if (!standard)
		close(fd);
	if (err != MS_OK)
		text_free(t);
	return err;
}

/* What stands there already must end with its line. */
static bool ends_mid_line(int fd, off_t size)
{
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

ms_err text_append_to_file(
	const struct text *t, const char *path, bool *existed_r, struct ms_why *why)
{
	struct ms_why inner = { "" };
	struct text newline = { NULL, 0, 0 };
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ms_err err = MS_OK;
	struct stat st;

	*existed_r = fd < 0 && errno == EEXIST;
	if (*existed_r)
		fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		err = ms_fail(
			why, MS_ERR_SYSTEM, "cannot open \"%.200s\": %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (ends_mid_line(fd, st.st_size)) {
		text_add(&newline, "\n");
		err = text_write(&newline, fd, &inner);
		text_free(&newline);
	}
	if (err == MS_OK)
		err = text_write(t, fd, &inner);
	if (err == MS_OK && fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
		err = ms_fail(&inner, MS_ERR_SYSTEM, "cannot write: %s", strerror(errno));
	if (err != MS_OK) {
		ms_fail(why, err, "\"%.200s\": %.100s", path, inner.text);
		if (!*existed_r)
			unlink(path);
		else if (S_ISREG(st.st_mode) && ftruncate(fd, st.st_size) != 0)
			ms_fail(why, err, "\"%.200s\" is left with part of a key: %.100s", path,
				inner.text);
	}
	close(fd);
	return err;
}

/* --- small things ----------------------------------------------------------------------------- */

ms_err random_octets(const char *device, void *out, size_t len, struct ms_why *why)
{
	uint8_t *p = out;
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	ms_err err = MS_OK;

	if (fd < 0)
		return ms_fail(why, MS_ERR_SYSTEM, "cannot open random source \"%.200s\": %s",
			device, strerror(errno));
	for (size_t done = 0; done < len && err == MS_OK;) {
		ssize_t n = read(fd, p + done, len - done);

		if (n == 0)
			err = ms_fail(why, MS_ERR_SYSTEM,
				"random source \"%.200s\" ends after %zu of %zu octets", device,
				done, len);
		else if (n < 0 && errno != EINTR)
			err = ms_fail(why, MS_ERR_SYSTEM,
				"cannot read random source \"%.200s\": %s", device,
				strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (err != MS_OK)
		ms_wipe(out, len);
	return err;
}

void date_text(char buf[26])
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL || strftime(buf, 26, "%a %b %e %H:%M:%S %Y", &tm) == 0)
		buf[0] = '\0';
}

bool hostname_is_plain(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 255 || name[0] == '.' || name[0] == '-')
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && strchr(".-_", *name) == NULL)
			return false;
	return true;
}

const char *own_hostname(void)
{
	static char name[256];

	if (gethostname(name, sizeof name - 1) != 0 || !hostname_is_plain(name))
		strcpy(name, "localhost");
	return name;
}

struct ms_bytes rsa_blob(struct ms_bytes e, struct ms_bytes n)
{
	size_t head = e.len > 255 ? 3 : 1;
	uint8_t *blob = tool_alloc(head + e.len + n.len);

	/* one octet of length, or zero and two octets */
	if (head == 1) {
		blob[0] = (uint8_t)e.len;
	} else {
		blob[1] = (uint8_t)(e.len >> 8);
		blob[2] = (uint8_t)e.len;
	}
	memcpy(blob + head, e.ptr, e.len);
	memcpy(blob + head + e.len, n.ptr, n.len);
	return ms_bytes(blob, head + e.len + n.len);
}
