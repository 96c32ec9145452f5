/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of ipsec.secrets.
 *
 * A record begins in the first column and goes on in indented lines.  Tokens stand between blanks;
 * a colon is one of its own when a blank or the line's end follows it, also at the end of a word
 * ("@east: PSK"), so that IPv6 addresses keep theirs.  No message ever shows a token: it might be
 * a secret in the wrong place.
 */
#include "secrets.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void lexer_init(struct lexer *lx, struct ms_bytes file)
{
	memset(lx, 0, sizeof *lx);
	lx->p = (const char *)file.ptr;
	lx->end = lx->p + file.len;
	lx->line = 1;
	lx->line_start = true;
}

/* Over blanks, comments and line ends; line_start tells whether what comes is in column one. */
static void skip(struct lexer *lx)
{
	while (lx->p < lx->end) {
		if (*lx->p == '\n') {
			lx->line++;
			lx->line_start = true;
			lx->p++;
		} else if (is_blank(*lx->p)) {
			lx->line_start = false;
			lx->p++;
		} else if (*lx->p == '#') {
			while (lx->p < lx->end && *lx->p != '\n')
				lx->p++;
		} else {
			break;
		}
	}
}

static ms_err take_quoted(struct lexer *lx, struct ms_why *why)
{
	char quote = *lx->p++;

	lx->kind = TOKEN_QUOTED;
	lx->text = lx->p;
	while (lx->p < lx->end && *lx->p != quote && *lx->p != '\n')
		lx->p++;
	lx->len = (size_t)(lx->p - lx->text);
	if (lx->p == lx->end || *lx->p != quote)
		return ms_fail(why, MS_ERR_CONFIG, "a quote is not closed");
	lx->p++;
	if (lx->p < lx->end && !is_blank(*lx->p) && *lx->p != '\n' && *lx->p != ':')
		return ms_fail(why, MS_ERR_CONFIG, "text right behind a closing quote");
	return MS_OK;
}

static bool colon_here(const struct lexer *lx)
{
	const char *next = lx->p + 1;

	return *lx->p == ':' && (next == lx->end || *next == '\n' || is_blank(*next));
}

static ms_err take(struct lexer *lx, struct ms_why *why)
{
	lx->token_line = lx->line;
	lx->line_start = false;
	if (*lx->p == '"' || *lx->p == '\'')
		return take_quoted(lx, why);
	lx->text = lx->p;
	if (colon_here(lx)) {
		lx->kind = TOKEN_COLON;
		lx->len = 1;
		lx->p++;
		return MS_OK;
	}
	lx->kind = TOKEN_WORD;
	while (lx->p < lx->end && !is_blank(*lx->p) && *lx->p != '\n' && !colon_here(lx)) {
		if (*lx->p == '\0')
			return ms_fail(why, MS_ERR_CONFIG, "unprintable character 0x00");
		lx->p++;
	}
	lx->len = (size_t)(lx->p - lx->text);
	return MS_OK;
}

ms_err lexer_record(struct lexer *lx, bool *more, struct ms_why *why)
{
	skip(lx);
	*more = lx->p < lx->end;
	if (!*more)
		return MS_OK;
	lx->token_line = lx->line;
	if (!lx->line_start)
		return ms_fail(why, MS_ERR_CONFIG, "an entry must begin in the first column");
	return take(lx, why);
}

ms_err lexer_next(struct lexer *lx, struct ms_why *why)
{
	skip(lx);
	if (lx->p == lx->end || lx->line_start) {
		lx->kind = TOKEN_END;
		lx->len = 0;
		return MS_OK;
	}
	return take(lx, why);
}

bool lexer_is(const struct lexer *lx, const char *word)
{
	return lx->kind == TOKEN_WORD && strlen(word) == lx->len &&
	       strncasecmp(word, lx->text, lx->len) == 0;
}
