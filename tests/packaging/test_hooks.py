# SPDX-License-Identifier: BSD-2-Clause
"""Time servers that a network names: each hook, called as its program calls
it, and the one script behind all of them."""
import concurrent.futures
import time

import pytest

from lab.namespace import wait_for

SCRIPT = "/usr/lib/truechimer/dhcp-servers"
DROPIN = "/run/ntp.d/dhcp-eth0.conf"
DROPIN_V6 = "/run/ntp.d/dhcp-eth0.v6.conf"
DROPIN_NETWORKD = "/run/ntp.d/dhcp-eth0.networkd.conf"
EXIT_HOOK = "/etc/dhcp/dhclient-exit-hooks.d/truechimer"
DHCPCD = "/usr/lib/dhcpcd/dhcpcd-hooks/70-truechimer"
MANAGER = "/usr/lib/NetworkManager/dispatcher.d/20-truechimer"
RENEWED = "/usr/lib/truechimer/networkmanager-servers"
NETWORKD = "/usr/lib/truechimer/networkd-servers"


def servers(root, file=DROPIN):
    lines = (root.text(file) or "").splitlines()
    assert all(line.startswith(("#", "server ")) for line in lines)
    return [line.split()[1] for line in lines if line.startswith("server ")]


# --- the script ---

def test_servers_come_change_and_go(root):
    root.daemon_runs()
    root.inside(SCRIPT, "eth0", "192.0.2.1 ntp.example.org", "2001:db8::7")
    assert root.text(DROPIN) == (
        "# Named by the network of eth0.\nserver 192.0.2.1 iburst\n"
        "server ntp.example.org iburst\nserver 2001:db8::7 iburst\n")
    assert root.calls() == ["-c reload"]
    root.inside(SCRIPT, "eth0", "192.0.2.2")
    assert servers(root) == ["192.0.2.2"]
    assert root.calls() == ["-c reload"]
    root.inside(SCRIPT, "eth0")
    assert root.text(DROPIN) is None
    assert root.calls() == ["-c reload"]


def test_a_renewed_lease_disturbs_nobody(root):
    root.daemon_runs()
    for _ in range(3):
        root.inside(SCRIPT, "eth0", "192.0.2.1")
    assert root.calls() == ["-c reload"]
    for _ in range(3):
        root.inside(SCRIPT, "eth1")
    assert root.calls() == []


def test_what_is_told_last_holds(root):
    """However long it takes to look at what was told before."""
    root.write("usr/sbin/ntpd", "#!/bin/sh\n: >/begun\n"
               "for i in $(seq 200); do [ ! -e /go ] || exit 0; sleep 0.1; done\n")
    root.path("usr/sbin/ntpd").chmod(0o755)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        named = pool.submit(root.inside, SCRIPT, "eth0", "192.0.2.1")
        assert wait_for(root.path("begun").exists, 10)
        gone = pool.submit(root.inside, SCRIPT, "eth0")
        time.sleep(0.5)
        assert not named.done() and not gone.done()
        root.write("go", "")
        named.result()
        gone.result()
    assert root.text(DROPIN) is None


def test_each_link_has_its_own(root):
    root.inside(SCRIPT, "eth0", "192.0.2.1")
    root.inside(SCRIPT, "wlan0", "192.0.2.2")
    root.inside(SCRIPT, "eth0")
    assert servers(root, "/run/ntp.d/dhcp-wlan0.conf") == ["192.0.2.2"]


def test_without_a_daemon_the_file_is_for_the_next_start(root):
    root.inside(SCRIPT, "eth0", "192.0.2.1")
    assert servers(root) == ["192.0.2.1"]
    assert root.calls() == []


def test_the_folder_is_made_where_it_is_missing(root):
    assert not root.path("/run/ntp.d").exists()  # as a boot leaves it
    root.inside(SCRIPT, "eth0")
    assert not root.path("/run/ntp.d").exists()
    root.inside(SCRIPT, "eth0", "192.0.2.1")
    assert servers(root) == ["192.0.2.1"]


def test_ntpd_reads_them_behind_the_operators(root):
    """And only with /etc/ntp.conf."""
    root.write("/etc/ntp.conf", "server 192.0.2.9\n")
    root.write("/etc/other/ntp.conf", "server 192.0.2.8\n")
    root.write("/etc/ntp.d/a.conf", "server 192.0.2.5\n")
    root.inside(SCRIPT, "eth0", "192.0.2.1")

    def told(*words):
        said = root.inside("/usr/sbin/ntpd", "--check", *words)
        return [line.split()[1] for line in said.splitlines()
                if line.startswith("server ")]

    assert told() == ["192.0.2.9", "192.0.2.5", "192.0.2.1"]
    assert told("-c", "/etc/other/ntp.conf") == ["192.0.2.8"]


@pytest.mark.parametrize("word", [
    "127.127.1.0", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0",
    "224.0.1.1", "239.1.1.1", "255.255.255.255", "::1", "::ffff:127.0.0.1",
    "ff02::101", "fe80::1", "localhost", "LocalHost.localdomain", "1.2.3",
    "1.2.3.4.5", "-4", "a;reboot", "$(reboot)", "`reboot`", "*", "/etc/passwd",
    "a\"b", "x" * 254, ".", ":",
    "1:2:3", "2001:db8::1::2", "300.1.1.1", "abcd:",
])
def test_what_cannot_be_a_server_elsewhere_is_none(root, word):
    root.inside(SCRIPT, "eth0", word)
    assert root.text(DROPIN) is None
    root.inside(SCRIPT, "eth0", f"{word} 192.0.2.9")
    assert servers(root) == ["192.0.2.9"]


def test_a_new_line_is_a_blank(root):
    root.inside(SCRIPT, "eth0", "a.example\nrestrict\tdefault")
    assert servers(root) == ["a.example", "restrict", "default"]


def test_a_network_cannot_fill_the_table(root):
    root.inside(SCRIPT, "eth0", *(f"192.0.2.{n}" for n in range(1, 200)))
    assert servers(root) == [f"192.0.2.{n}" for n in range(1, 5)]


@pytest.mark.parametrize("link", ["", "../../etc/passwd", "a b", ".", "-x", "a/b"])
def test_a_link_cannot_name_another_file(root, link):
    before = sorted(root.place.rglob("*"))
    assert root.run(SCRIPT, link, "192.0.2.1").returncode == 2
    assert sorted(root.place.rglob("*")) == before


@pytest.mark.parametrize("line", ["IGNORE_DHCP=yes", 'IGNORE_DHCP="yes"',
                                  "IGNORE_DHCP='yes'"])
def test_the_operator_may_want_none_of_it(root, line):
    root.inside(SCRIPT, "eth0", "192.0.2.1")
    root.write("/etc/default/ntp", f"NTPD_OPTS='-g'\n{line}\n")
    root.inside(SCRIPT, "eth0", "192.0.2.1")
    assert root.text(DROPIN) is None


# --- the hooks ---

@pytest.mark.parametrize("hook", [EXIT_HOOK, DHCPCD])
def test_clients_that_read_a_hook(root, hook):
    root.daemon_runs()
    lease = {"interface": "eth0", "new_ntp_servers": "192.0.2.1 192.0.2.2"}
    for reason in ("BOUND", "RENEW", "REBIND", "REBOOT"):
        said = root.source(hook, "echo on", reason=reason, **lease)
        assert said == "on\n"  # the client's script goes on
        assert servers(root) == ["192.0.2.1", "192.0.2.2"]
    root.source(hook, reason="PREINIT", interface="eth0")
    assert servers(root) == ["192.0.2.1", "192.0.2.2"]
    six = {"interface": "eth0", "new_dhcp6_sntp_servers": "2001:db8::1"}
    root.source(hook, reason="BOUND6", **six)
    assert servers(root, DROPIN_V6) == ["2001:db8::1"]
    root.calls()
    root.source(hook, reason="RELEASE", interface="eth0")
    assert root.text(DROPIN) is None
    assert root.calls() == ["-c reload"]
    assert servers(root, DROPIN_V6) == ["2001:db8::1"]
    root.source(hook, reason="STOP6", interface="eth0")
    assert root.text(DROPIN_V6) is None


@pytest.mark.parametrize("hook", [EXIT_HOOK, DHCPCD])
def test_a_lease_without_servers_takes_the_old_ones_back(root, hook):
    root.source(hook, reason="BOUND", interface="eth0", new_ntp_servers="192.0.2.1")
    root.source(hook, reason="RENEW", interface="eth0")
    assert root.text(DROPIN) is None


def test_dhcpcd_says_that_an_interface_is_gone(root):
    root.source(DHCPCD, reason="BOUND", interface="eth0", new_ntp_servers="192.0.2.1")
    root.source(DHCPCD, reason="BOUND6", interface="eth0",
                new_dhcp6_ntp_server_addr="2001:db8::1",
                new_dhcp6_ntp_server_fqdn="ntp.example.org")
    assert servers(root, DROPIN_V6) == ["2001:db8::1", "ntp.example.org"]
    root.source(DHCPCD, reason="DEPARTED", interface="eth0")
    assert root.text(DROPIN) is None and root.text(DROPIN_V6) is None


@pytest.mark.parametrize("hook", [EXIT_HOOK, DHCPCD])
def test_a_hook_that_outlives_the_package_is_quiet(root, hook):
    root.path(SCRIPT).unlink()
    assert root.source(hook, "echo on", reason="BOUND", interface="eth0",
                       new_ntp_servers="192.0.2.1") == "on\n"


def test_network_manager(root):
    root.daemon_runs()
    for action in ("up", "reapply", "dhcp4-change", "dhcp6-change"):
        root.inside(MANAGER, "eth0", action, DHCP4_NTP_SERVERS="192.0.2.1",
                    DHCP6_DHCP6_NTP_SERVERS="2001:db8::1")
        assert servers(root) == ["192.0.2.1"]
        assert servers(root, DROPIN_V6) == ["2001:db8::1"]
    root.calls()
    root.inside(MANAGER, "eth0", "hostname")
    root.inside(MANAGER, "", "connectivity-change")
    assert servers(root) == ["192.0.2.1"] and root.calls() == []
    root.inside(MANAGER, "eth0", "down")
    assert root.text(DROPIN) is None and root.text(DROPIN_V6) is None
    assert root.calls() == ["-c reload"] * 2


NMCLI = """#!/bin/sh
case "$*" in
"-t -f DEVICE device") printf 'eth0\\nwlan0\\nlo\\n' ;;
*eth0) cat /run/eth0 ;;
*) echo ;;
esac
"""


def test_network_manager_has_renewed_a_lease(root):
    root.inside(RENEWED, PATH="/bin")  # nobody there
    root.write("/bin/nmcli", NMCLI)
    root.path("/bin/nmcli").chmod(0o755)
    root.inside(SCRIPT, "wlan0", "192.0.2.7")
    for address in ("192.0.2.1", "192.0.2.2 192.0.2.3"):
        root.write("/run/eth0", "DHCP4.OPTION[1]:ip_address = 192.0.2.77\n"
                   f"DHCP4.OPTION[2]:ntp_servers = {address}\n"
                   "DHCP4.OPTION[13]:requested_ntp_servers = 1\n"
                   "DHCP6.OPTION[1]:dhcp6_ntp_servers = 2001:db8::1\n"
                   "DHCP6.OPTION[2]:dhcp6_sntp_servers = 2001:db8::2\n")
        root.inside(RENEWED)
        assert servers(root) == address.split()
        assert servers(root, DROPIN_V6) == ["2001:db8::1", "2001:db8::2"]
    root.write("/run/eth0", "DHCP4.OPTION[1]:ip_address = 192.0.2.77\n")
    root.inside(RENEWED)
    assert root.text(DROPIN) is None
    assert root.text(DROPIN_V6) is None
    # Another client's.
    assert servers(root, "/run/ntp.d/dhcp-wlan0.conf") == ["192.0.2.7"]


def test_network_manager_has_ended_a_lease_meanwhile(root):
    """Its dispatcher has taken the servers back before they were written."""
    once = NMCLI.replace("cat /run/eth0", "cat /run/eth0; : >/run/eth0")
    root.write("/bin/nmcli", once)
    root.path("/bin/nmcli").chmod(0o755)
    root.write("/run/eth0", "DHCP4.OPTION[2]:ntp_servers = 192.0.2.1\n")
    root.inside(RENEWED)
    assert root.text("/run/eth0") == "" and root.text(DROPIN) is None


def networkd_says(root, servers, number=3):
    root.write(f"/run/systemd/netif/links/{number}",
               "# private\nADMIN_STATE=configured\nOPER_STATE=routable\n"
               f"DNS=192.0.2.53\nNTP={servers}\nDOMAINS=\n")
    root.inside(NETWORKD)


def test_networkd(root):
    root.daemon_runs()
    root.write("/sys/class/net/eth0/ifindex", "3\n")
    root.write("/sys/class/net/lo/ifindex", "1\n")
    root.inside(NETWORKD)  # which is not there
    assert root.text(DROPIN_NETWORKD) is None and root.calls() == []
    networkd_says(root, "192.0.2.1 192.0.2.2")
    assert servers(root, DROPIN_NETWORKD) == ["192.0.2.1", "192.0.2.2"]
    assert root.calls() == ["-c reload"]
    networkd_says(root, "192.0.2.1 192.0.2.2")
    assert root.calls() == []
    networkd_says(root, "192.0.2.3 2001:db8::1")
    assert servers(root, DROPIN_NETWORKD) == ["192.0.2.3", "2001:db8::1"]
    assert root.calls() == ["-c reload"]
    networkd_says(root, "")
    assert root.text(DROPIN_NETWORKD) is None
    assert root.calls() == ["-c reload"]


def test_networkd_and_a_link_that_is_gone(root):
    root.write("/sys/class/net/eth0/ifindex", "3\n")
    networkd_says(root, "192.0.2.1")
    root.path("/sys/class/net/eth0/ifindex").unlink()
    root.path("/sys/class/net/eth0").rmdir()
    root.path("/run/systemd/netif/links/3").unlink()
    root.inside(NETWORKD)
    assert root.text(DROPIN_NETWORKD) is None


def test_networkd_leaves_alone_what_others_have_asked_for(root):
    """It has files of links that another client keeps, too."""
    root.write("/sys/class/net/eth0/ifindex", "3\n")
    root.inside(SCRIPT, "eth0", "192.0.2.1")
    networkd_says(root, "")
    assert servers(root) == ["192.0.2.1"]
