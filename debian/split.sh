#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Moves what is ntpdate's to its own package, and takes out what the operator
# owns: set-up makes that where it is missing (debian/truechimer.postinst).
# Usage: split.sh ALL NTPDATE
set -eu
all=$1 ntpdate=$2

rm -f "$all/etc/ntp.conf" "$all/etc/default/ntp"
rmdir --ignore-fail-on-non-empty "$all/etc/default"

(cd "$all" && find . ! -type d \( -name ntpdate -o -name _ntpdate -o \
	-name 'ntpdate.*' -o -name 'ntpdate-*' \)) |
	while read -r file; do
		mkdir -p "$ntpdate/$(dirname "$file")"
		mv "$all/$file" "$ntpdate/$file"
	done
