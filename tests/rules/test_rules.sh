#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The test of the tests: each rule must refuse what it is there to refuse.
# Usage: test_rules.sh SOURCE-ROOT
set -eu
root=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/src/base" "$tree/src/core" "$tree/tests" "$tree/scripts"
cd "$tree"

licence='/* SPDX-License-Identifier: BSD-2-Clause */'

refuses() { # what, command...
	what=$1
	shift
	if "$@" >out 2>&1; then
		echo "not refused: $what"
		exit 1
	fi
	echo "refused, as it must be: $what ($(head -n 1 out))"
}

accepts() {
	what=$1
	shift
	"$@" >out 2>&1 || {
		echo "refused: $what"
		cat out
		exit 1
	}
}

archive() { # C source on stdin -> a.a
	cat >a.c
	cc -c -O2 -o a.o a.c
	rm -f a.a
	ar rc a.a a.o
}

accepts "an empty tree" python3 "$root/scripts/layers.py"

echo '#include "core/engine.h"' >src/base/a.c
refuses "base includes core" python3 "$root/scripts/layers.py"
echo '#include <time.h>' >src/base/a.c
refuses "a clock's header in a pure layer" python3 "$root/scripts/layers.py"
rm src/base/a.c
mkdir src/core/estimate src/core/serve
echo '#include "core/serve/server.h"' >src/core/estimate/a.c
refuses "the estimator includes the server" python3 "$root/scripts/layers.py"
echo '#include "core/estimate/filter.h"' >src/core/estimate/a.c
cp src/core/estimate/a.c src/core/serve/a.c
accepts "a folder includes itself and what is below it" \
	python3 "$root/scripts/layers.py"
mkdir src/core/stray
echo '#include "core/event.h"' >src/core/stray/a.c
refuses "a folder that has no place" python3 "$root/scripts/layers.py"
rm -r src/core/*

echo 'int twice(int x) { return 2 * x; }' | archive
accepts "a pure function" sh "$root/scripts/purity.sh" a.a
echo 'extern long time(long *); long f(void) { return time(0); }' | archive
refuses "a call of time()" sh "$root/scripts/purity.sh" a.a
echo 'extern void *malloc(unsigned long); void *f(void) { return malloc(1); }' | archive
refuses "a call of malloc()" sh "$root/scripts/purity.sh" a.a
echo 'static int n; int f(void) { return ++n; }' | archive
refuses "a static counter" sh "$root/scripts/purity.sh" a.a
echo 'int shared = 1; int f(void) { return shared; }' | archive
refuses "a global variable" sh "$root/scripts/purity.sh" a.a

cat >SECURITY.md <<'END'
## The requirements, by id

| A1 | this |
| B1, B2 | that |

## Not met

| C1 | another |
END
authentic="src/core/serve/keyring.c src/core/nonce.c src/core/source/answer.c"
mkdir -p src/crypto src/core/serve src/core/source
touch $authentic
echo '/* A1, B2 */' >tests/a.c
refuses "a requirement that no test cites" \
	python3 "$root/scripts/threats.py"
echo '/* A1, B1, B2 */' >tests/a.c
accepts "requirements that are cited" python3 "$root/scripts/threats.py"
rm src/core/nonce.c
refuses "a file that decides what is authentic and has gone elsewhere" \
	python3 "$root/scripts/threats.py"
touch src/core/nonce.c
echo 'int f(void) { return memcmp(a, b, 1); }' >src/crypto/a.c
refuses "codes compared with memcmp" python3 "$root/scripts/threats.py"
rm -r src/crypto tests/a.c $authentic

echo "files('a.c')" >src/meson.build
echo '#include "base/a.h"' >src/base/a.c
touch src/base/a.h
accepts "files that are used" python3 "$root/scripts/idle.py"
echo 'NOTE(RESTART, SYS, NOTICE, "restart")' >src/core/notes.def
echo '#include "core/notes.def"' >>src/base/a.c
refuses "a note that nobody gives" python3 "$root/scripts/idle.py"
echo 'int x = NOTE_RESTART;' >>src/base/a.c
accepts "a note that is given" python3 "$root/scripts/idle.py"
touch src/base/b.c
refuses "a source that no build has" python3 "$root/scripts/idle.py"
mv src/base/b.c src/base/b.h
refuses "a header that nobody includes" python3 "$root/scripts/idle.py"
rm src/base/b.h
mkdir tests/night
touch tests/night/test_a.py
refuses "a test that no tier runs" python3 "$root/scripts/idle.py"
rm -r tests/night src/base/a.h src/core/notes.def src/meson.build

touch src/base/a.h
echo '`base/a.h`, `src/base/X.h` and [this](a.md)' >a.md
accepts "documents that name what is there" python3 "$root/scripts/paths.py"
echo '`base/b.h`' >b.md
refuses "a document that names a file that is not there" \
	python3 "$root/scripts/paths.py"
echo '[this](c.md)' >b.md
refuses "a link to nothing" python3 "$root/scripts/paths.py"
rm src/base/a.h a.md b.md

echo "$licence" >src/base/a.c
accepts "a small file" python3 "$root/scripts/sizes.py"
yes '' | head -n 501 >>src/base/a.c
refuses "a file of more than 500 lines" python3 "$root/scripts/sizes.py"
echo 'int x;' >src/base/a.c
refuses "a file without its licence" python3 "$root/scripts/sizes.py"
