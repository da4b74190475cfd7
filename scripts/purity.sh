#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves two things of the pure layers from what the compiler made of them:
# they reach nothing outside but a short list of functions (so: no clock, no
# socket, no file, no malloc), and they own no writable memory (so: no hidden
# state). Usage: purity.sh LIBRARY...
set -eu
allowed='memcmp|memcpy|memmove|memset|strlen|strnlen'
# exp and log are for the estimator; the rest IEEE 754 rounds exactly.
allowed="$allowed|fabs|floor|fmax|fmin|ldexp|sqrt|exp|log|log1p"
# Digests: deterministic, without state of their own, and no memory (C9).
allowed="$allowed|nettle_(md5|sha1)_(init|update|digest)"
allowed="$allowed|nettle_(md5|sha(1|224|256|384|512)|ripemd160)"
allowed="$allowed|nettle_cmac_aes(128|256)_(set_key|update|digest)"
allowed="$allowed|nettle_memeql_sec"
allowed="$allowed|strchr|strncmp|memchr|strcmp"
allowed="$allowed|invariant_failed|__mem(cpy|move|set)_chk"
allowed="$allowed|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(asan|ubsan)_.*"

whole=$(mktemp)
trap 'rm -f "$whole"' EXIT
ld -r -o "$whole" --whole-archive "$@"

wanted=$(nm -u "$whole" | awk '{ print $NF }' | grep -Exv "$allowed" || true)
if [ -n "$wanted" ]; then
	echo "pure layers reach outside for:" $wanted
	exit 1
fi
nm -u "$whole" | grep -q __asan_ && exit 0 # its own globals would show
owned=$(size -A "$whole" | awk '$1 ~ /^\.(data|bss)$/ && $2 > 0 { print $1 }')
if [ -n "$owned" ]; then
	echo "pure layers own writable memory:" $owned
	nm "$whole" | grep -E ' [bBdD] '
	exit 1
fi
