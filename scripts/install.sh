#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs what was built. On this system itself (no DESTDIR, as root) it also
# makes ntpd's user and folders; a service is started by nobody but you.
# Usage: install.sh BUILD PREFIX SYSCONFDIR DESTDIR
set -eu
build=$1 prefix=${2:-/usr/local} etc=${3:-/etc} root=$4

case $prefix$etc in
*[[:space:]]*)
	echo "PREFIX and SYSCONFDIR are in scripts and units: without blanks, please" >&2
	exit 2
	;;
esac
case $root in '' | /*) ;; *) root=$PWD/$root ;; esac

# Whoever built it can do so again, also when root has installed it.
give_back() {
	[ "$(id -u)" != 0 ] ||
		find "$build" -user root -exec chown -h --reference="$build" {} +
}
trap give_back EXIT

{
	meson configure "$build" -Dprefix="$prefix" -Dsysconfdir="$etc"
	meson install -C "$build" --destdir "$root"
} >"$build/install.log" 2>&1 || {
	tail -n 20 "$build/install.log" >&2
	exit 1
}
[ -n "$root" ] || [ "$(id -u)" != 0 ] || "$prefix/lib/truechimer/set-up"
