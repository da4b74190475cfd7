#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The files of this tree, each with a zero behind it: also what is not
# committed, and not what was built. With git, or of a tarball.
set -eu
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
	find . -name 'build*' -prune -o -name .cache -prune -o ! -type d -print0
