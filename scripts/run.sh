#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Starts ntpd from the build folder with the shipped configuration and shows
# what it does until Ctrl-C. Where another program keeps the clock, holds port
# 123, or the right is missing, ntpd says so, serves on port 1123 and leaves
# the clock alone (--yield).
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
state=$build/run
mkdir -p "$state"
: >"$state/ntpd.log"

"$build/ntpd" -n -g --yield -c "${NTP_CONF:-etc/ntp.conf}" -f "$state/drift" \
	-l "$state/ntpd.log" --control "$state/ctl" 2>/dev/null &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true; wait "$daemon" || true
echo; echo "Stopped. The log: $state/ntpd.log"; exit 0' INT TERM

port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
	kill -0 "$daemon" 2>/dev/null || {
		echo "ntpd did not start:"
		cat "$state/ntpd.log"
		exit 1
	}
	port=$(sed -n 's/.*Listen normally.*:\([0-9]*\)$/\1/p' "$state/ntpd.log" | head -n 1)
	[ -z "$port" ] || break
	sleep 0.5
done

variable() { # the value of one system variable in $vars
	printf '%s\n' "$vars" | tr ',' '\n' | sed -n "s/^ *$1=//p" | head -n 1
}

summary() {
	vars=$("$build/ntpq" --port "$port" -n -c "rv 0 leap,stratum,refid,rootdelay,rootdisp,offset,frequency" 127.0.0.1 2>/dev/null || true)
	case $(variable leap) in
	'') echo "Serving on UDP port $port; the daemon does not answer yet." ;;
	11) echo "Serving on UDP port $port; not synchronised yet: clients are told so." ;;
	*)
		within=$(awk "BEGIN { printf \"%.3f\", $(variable rootdelay) / 2 + $(variable rootdisp) }")
		echo "Serving on UDP port $port at stratum $(variable stratum), synchronised to $(variable refid), clock within $within ms (offset $(variable offset) ms, frequency $(variable frequency) ppm)."
		;;
	esac
}

say_alone() { # why ntpd leaves the clock alone, if it does
	sed -n 's/.*ntpd\[[0-9]*\]: \(leaving the clock alone.*\)/\1/p' "$state/ntpd.log" | head -n 1
}

pause=10
if [ -t 1 ]; then
	pause=2
fi
while kill -0 "$daemon" 2>/dev/null; do
	view=$("$build/ntpq" --port "$port" -p 127.0.0.1 2>&1 || true)
	if [ -t 1 ]; then
		printf '\033[H\033[J'
	fi
	echo "Truechimer, $(date '+%Y-%m-%d %H:%M:%S')   (Ctrl-C ends it)"
	summary
	say_alone
	echo
	printf '%s\n\n' "$view"
	tail -n 5 "$state/ntpd.log"
	echo
	sleep "$pause" &
	wait $! || true
done
wait "$daemon"
