#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Removes what install.sh installs, and nothing else: what the operator has
# changed below SYSCONFDIR stays, and so do the daemon's user and its folders.
# Usage: uninstall.sh BUILD PREFIX SYSCONFDIR DESTDIR
set -eu
etc=${3:-/etc} root=$4
case $root in '' | /*) ;; *) root=$PWD/$root ;; esac
list=$(mktemp -d)
trap 'rm -rf "$list"' EXIT
"$(dirname "$0")/install.sh" "$1" "$2" "$3" "$list"

(cd "$list" && find . ! -type d) | while read -r file; do
	file=${file#.}
	case $file in
	"$etc"/*)
		cmp -s "$list$file" "$root$file" || {
			[ ! -e "$root$file" ] || echo "changed, left: $root$file"
			continue
		}
		;;
	esac
	rm -f "$root$file"
done
# Folders that only we make.
(cd "$list" && find . -depth -type d \( -path '*/truechimer' -o \
	-path '*/truechimer/*' -o -name ntp.d \)) |
	while read -r folder; do
		rmdir "$root${folder#.}" 2>/dev/null || true
	done
