#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the Debian packages of this tree, source and binary, in a copy of it,
# without its tests.
# What is not committed is in them too. The log: OUTDIR/build.log.
# Usage: deb.sh OUTDIR
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/truechimer"

scripts/files.sh | tar -c --ignore-failed-read --null -T - |
	tar -x -C "$work/truechimer"
(cd "$work/truechimer" &&
	DEB_BUILD_OPTIONS="nocheck noautodbgsym ${DEB_BUILD_OPTIONS:-}" DEB_BUILD_PROFILES=nocheck \
		dpkg-buildpackage -us -uc -d) >"$out/build.log" 2>&1 || {
	tail -n 30 "$out/build.log" >&2
	exit 1
}
mv "$work"/*.deb "$work"/*.dsc "$work"/*.tar.xz "$work"/*.changes \
	"$work"/*.buildinfo "$out"
