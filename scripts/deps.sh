#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages that are missing, and only those. Without the
# right to install it says the exact command and stops.
# Usage: deps.sh build [test]
set -eu
cd "$(dirname "$0")/.."

build="gcc libc6-dev make meson ninja-build pkg-config nettle-dev libcap-dev
libedit-dev libjansson-dev libbpf-dev clang-14 python3"
# The peers that may not be installed beside each other are only unpacked.
test="git clang valgrind libclang-rt-14-dev clang-format clang-tidy
libcmocka-dev python3-pytest iproute2 net-tools util-linux procps busybox-static
tshark cpio kmod qemu-system-x86 qemu-utils libgnutls30 libseccomp2 libbsd0
python3-ntp libevent-2.1-7 libevent-core-2.1-7 liblinear4 liblua5.3-0
liblua5.4-0 lua-lpeg libpcap0.8 libpcre3 libssh2-1 systemd nodejs
python3-jsonschema gnuplot-nox fonts-liberation mandoc man-db groff-base jq zsh
bash-completion apparmor logrotate dpkg-dev debhelper dh-apparmor lintian rpm
debootstrap e2fsprogs shellcheck libc6-dev-i386"
peers="chrony ntpsec ntpsec-ntpdig ntpsec-ntpviz ntpstat openntpd toybox rdate
systemd-timesyncd python3-ntplib libnet-ntp-perl monitoring-plugins-basic nmap
nmap-common"
scripts_of_others="ntp-client@0.5.3 ntp-time@2.1.1 @hapi/sntp@4.0.0"
kernel=linux-image-cloud-amd64

# What a newer Debian calls it, if it does.
newer() {
	case $1 in
	clang-14) echo clang ;;
	libclang-rt-14-dev) echo libclang-rt-dev ;;
	lib*) echo "$1t64" ;; # those that know 64 bits of time
	esac
}

missing() {
	for package in "$@"; do
		dpkg-query -W -f '${Status}\n' "$package" $(newer "$package") \
			2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
	done
}

# The first name that this release of Debian has a package of.
known() {
	for package in "$@"; do
		for name in "$package" $(newer "$package"); do
			if apt-cache show "$name" 2>/dev/null | grep -q '^Package:'; then
				printf '%s ' "$name"
				break
			fi
		done
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "These Debian packages are missing. Run as root:" >&2
		echo "  apt-get install --no-install-recommends $wanted" >&2
		exit 1
	fi
}

# What was unpacked is of one release of Debian: it runs with its libraries.
unpack_peers() {
	release=$(. /etc/os-release && echo "$ID ${VERSION_ID:-} $(dpkg --print-architecture)")
	for package in $peers $kernel; do
		[ "$(cat ".cache/debs/$package" 2>/dev/null)" = "$release" ] && continue
		rm -rf .cache/debs/new && mkdir -p .cache/debs/new .cache/peers
		real=$package
		if [ "$package" = "$kernel" ]; then
			real=$(apt-cache depends "$package" |
				sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
		fi
		into=.cache/peers/$package # two of them have an ntpd
		[ "$package" = "$kernel" ] && into=.cache/kernel
		rm -rf "$into" ".cache/debs/$package"
		# A peer that this release does not have is skipped, not fatal:
		# the tests that want it say so.
		if (cd .cache/debs/new && apt-get download "$real" >/dev/null 2>&1); then
			mkdir -p "$into"
			dpkg -x .cache/debs/new/*.deb "$into"
			echo "$release" >".cache/debs/$package"
		else
			echo "note: Debian's $package cannot be had here" >&2
		fi
	done
	rm -rf .cache/debs/new
}

# Clients in JavaScript; none of them runs anything when it is installed.
install_scripts() {
	[ -e .cache/npm/done ] && return
	mkdir -p .cache/npm
	if command -v npm >/dev/null 2>&1 &&
		npm install --prefix .cache/npm --ignore-scripts --no-audit \
			--no-fund --silent $scripts_of_others >/dev/null 2>&1; then
		: >.cache/npm/done
	else
		echo "note: npm's $scripts_of_others cannot be had here" >&2
	fi
}

command -v dpkg-query >/dev/null 2>&1 || {
	echo "This is not Debian: please install the like of: $build" >&2
	exit 0
}
groups=
for group in "$@"; do
	case $group in
	build) groups="$groups $build" ;;
	test) groups="$groups $test" ;;
	esac
done
wanted=$(missing $groups)
if [ -n "$wanted" ]; then
	[ "$(id -u)" != 0 ] || apt-get update -qq
	wanted=$(missing $(known $wanted))
fi
if [ -n "$wanted" ]; then
	echo "Installing: $wanted"
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $wanted >/dev/null
fi
case " $* " in *" test "*) unpack_peers && install_scripts ;; esac
