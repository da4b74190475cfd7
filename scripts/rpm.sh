#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the RPM packages of this tree, in a copy of it, without its tests.
# What is not committed is in them too. The log: OUTDIR/build.log.
# Usage: rpm.sh OUTDIR [OPTION OF RPMBUILD]...
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
version=$(sed -n 's/^Version: *//p' packaging/truechimer.spec)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/SOURCES"

scripts/files.sh | tar -c --ignore-failed-read --null -T - \
	--transform "s,^,truechimer-$version/," -z -f "$work/SOURCES/truechimer-$version.tar.gz"
# --nodeps: who builds has what deps.sh installs, by whatever name. The same bytes
# whoever builds them, and no package of debugging information.
rpmbuild -bb --nodeps --define "_topdir $work" --define 'debug_package %{nil}' \
	--define '_build_id_links none' --define '_buildhost localhost' \
	--define 'source_date_epoch_from_changelog 1' \
	--define 'clamp_mtime_to_source_date_epoch 1' \
	--define 'use_source_date_epoch_as_buildtime 1' "$@" packaging/truechimer.spec \
	>"$out/build.log" 2>&1 || {
	tail -n 30 "$out/build.log" >&2
	exit 1
}
mv "$work"/RPMS/*/*.rpm "$out"
