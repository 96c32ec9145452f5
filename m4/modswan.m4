# SPDX-License-Identifier: Apache-2.0
# MS_DEVELOPER: all the warnings, and fatal, for those who change the code.
AC_DEFUN([MS_DEVELOPER], [
	AC_ARG_ENABLE([developer], [AS_HELP_STRING([--enable-developer], [many warnings, all of them errors])],
		[], [enable_developer=no])
	MS_CFLAGS="-Wall -Wextra -fno-strict-aliasing -fno-common"
	AS_IF([test "$enable_developer" = yes], [
		MS_CFLAGS="$MS_CFLAGS -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith"
		MS_CFLAGS="$MS_CFLAGS -Wwrite-strings -Wvla -Wformat=2 -Wno-format-nonliteral -Wundef -Werror"
	])
	AC_SUBST([MS_CFLAGS])
])

# MS_SANITIZER: --with-sanitizer=address,undefined (or thread).
AC_DEFUN([MS_SANITIZER], [
	AC_ARG_WITH([sanitizer], [AS_HELP_STRING([--with-sanitizer=LIST], [build with -fsanitize=LIST])],
		[], [with_sanitizer=no])
	SANITIZER_FLAGS=
	AS_IF([test "$with_sanitizer" != no], [
		SANITIZER_FLAGS="-fsanitize=$with_sanitizer -fno-omit-frame-pointer -fno-sanitize-recover=all"
		AC_DEFINE([MS_SANITIZED], [1], [built with a sanitizer])
	])
	AC_SUBST([SANITIZER_FLAGS])
])

# MS_PLUGINS_BEGIN: --enable-plugins (all, a missing library is an error), --disable-plugins (only
# those asked for by name); by default every plugin whose libraries are there.
AC_DEFUN([MS_PLUGINS_BEGIN], [
	AC_ARG_ENABLE([plugins], [AS_HELP_STRING([--enable-plugins], [all plugins; a missing library is an error])],
		[], [enable_plugins=auto])
	PLUGINS_SHARED= PLUGINS_STATIC= PLUGINS_PRELOAD= ms_plugin_report=
])

# MS_PLUGIN(name, yes | no | absent, summary): --enable-NAME[=static], --disable-NAME.  absent: as no,
# but only an error where the plugin was asked for by name.
AC_DEFUN([MS_PLUGIN], [
	AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$3 (yes, static, no)])],
		[ms_want=$enableval], [ms_want=$enable_plugins
		AS_IF([test "x$2" = xabsent && test "$ms_want" != no], [ms_want=auto])])
	ms_la=src/plugins/$1/$1.la
	PLUGIN_[]m4_translit([$1], [a-z-], [A-Z_])_LDFLAGS=
	AS_IF([test ! -f "$srcdir/src/plugins/$1/$1.c"], [ms_want=no])
	AS_CASE([$ms_want],
		[no], [ms_state=no; ms_reason="switched off"],
		[yes|static|auto], [AS_IF([test "x$2" = xyes],
			[AS_IF([test $ms_want = static], [ms_state=static], [ms_state=shared])],
			[test $ms_want = auto], [ms_state=no; ms_reason="its library was not found"],
			[AC_MSG_ERROR([plugin $1 was asked for, but a library that it needs was not found])])],
		[AC_MSG_ERROR([--enable-$1 takes yes, static or no, not "$ms_want"])])
	AS_CASE([$ms_state],
		[shared], [PLUGINS_SHARED="$PLUGINS_SHARED $ms_la"; ms_reason="$3"
			PLUGIN_[]m4_translit([$1], [a-z-], [A-Z_])_LDFLAGS='-rpath $(plugindir)'],
		[static], [PLUGINS_STATIC="$PLUGINS_STATIC $ms_la"; ms_reason="$3"
			PLUGIN_[]m4_translit([$1], [a-z-], [A-Z_])_LDFLAGS='-static -rpath $(plugindir)'
			PLUGINS_PRELOAD="$PLUGINS_PRELOAD -dlpreopen $ms_la"])
	AC_SUBST(PLUGIN_[]m4_translit([$1], [a-z-], [A-Z_])_LDFLAGS)
	AM_CONDITIONAL(PLUGIN_[]m4_translit([$1], [a-z-], [A-Z_]), [test $ms_state != no])
	ms_plugin_report="$ms_plugin_report
`printf '  %-18s %-7s %s' $1 $ms_state "$ms_reason"`"
])

AC_DEFUN([MS_PLUGINS_END], [
	AS_IF([test -z "$PLUGINS_PRELOAD"], [PLUGINS_PRELOAD="-dlpreopen self"])
	AC_SUBST([PLUGINS_SHARED])
	AC_SUBST([PLUGINS_STATIC])
	AC_SUBST([PLUGINS_PRELOAD])
])

AC_DEFUN([MS_SUMMARY], [
	AC_MSG_NOTICE([
$PACKAGE_NAME $PACKAGE_VERSION
  prefix             $prefix
  confdir            $confdir
  rundir             $rundir
  compiler           $CC $CFLAGS
  developer          $enable_developer
  sanitizer          $with_sanitizer
  unit tests         $have_cmocka (cmocka)

plugins:$ms_plugin_report
])
])
