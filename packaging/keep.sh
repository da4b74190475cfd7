#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs a file of the operator's, unless it is there.
# Usage, by meson install: keep.sh PATTERN PLACE
set -eu
place=${DESTDIR:-}$2
[ -e "$place" ] || [ -L "$place" ] || {
	mkdir -p "$(dirname "$place")"
	install -m 644 "$1" "$place"
}
