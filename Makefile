# SPDX-License-Identifier: BSD-2-Clause
# The front door for people; Meson does the work (see meson.build).
#
#   make        builds the programs into build/
#   make run    installs what is missing, builds, shows a running server
#   make test   installs what is missing, builds and runs every test
#   make deps   installs the Debian packages to build and run
#   make install, make uninstall     below DESTDIR, in PREFIX and SYSCONFDIR

BUILD ?= build
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc

.PHONY: all deps run test check clean install uninstall

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD)

deps:
	@scripts/deps.sh build

run:
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory all
	@scripts/run.sh $(BUILD)

test:
	@scripts/deps.sh build test
	@python3 scripts/test.py

# The quick ones only, for while you work.
check: all
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs

install: all
	@scripts/install.sh $(BUILD) "$(PREFIX)" "$(SYSCONFDIR)" "$(DESTDIR)"

uninstall: all
	@scripts/uninstall.sh $(BUILD) "$(PREFIX)" "$(SYSCONFDIR)" "$(DESTDIR)"

clean:
	@rm -rf $(BUILD) build-*
