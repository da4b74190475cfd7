#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the completion of a program for a shell: completion.py bash|zsh NAME

Options and commands are those of the tables that the programs are made of."""
import re
import sys

from deftables import table, tool_options

# By what names a table is called, and which take hosts.
OTHER_NAMES = {"ntp-keygen": "ntpkeygen", "ntp-wait": "ntpwait",
               "ntpdig": "sntp", "truechimer-migrate": "migrate"}
ASK_HOSTS = {"ntpd", "ntpdate", "ntpq", "sntp", "ntpdig", "ntptrace"}
# What an option takes, and how the shells find it.
BASH = {"FILE": "-f", "file": "-f", "DIR": "-d", "HOST": "-A hostname",
        "USER[:GROUP]": "-u", "CMD": '-W "{commands}"'}
ZSH = {"FILE": "_files", "file": "_files", "DIR": "_files -/", "HOST": "_hosts",
       "USER[:GROUP]": "_users", "CMD": "({commands})"}
BASH_FILE = """# SPDX-License-Identifier: BSD-2-Clause
{function}()
{{
	local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}

	# --name=value comes as three words.
	[ "$word" = = ] && word=
	[ "$before" = = ] && before=${{COMP_WORDS[COMP_CWORD - 2]}}
	COMPREPLY=()
	case "$before" in
{values}	esac
	case "$word" in
	-*) COMPREPLY=($(compgen -W "{options}" -- "$word")) ;;
{operands}	esac
}}
complete -F {function} {program}
"""


def commands(quote=str):
    return " ".join(quote(row[0]) for row in table("client/ntpq/ntpqcommands"))


def options(program):
    """(spellings, what it takes, what it does) of each."""
    for letter, name, takes, doc in tool_options(OTHER_NAMES.get(program, program)):
        yield ([f"-{letter}"] * bool(letter) + [f"--{name}"] * bool(name), takes,
               doc)


def bash(program):
    values = ""
    for names, takes, _ in options(program):
        if takes:
            reply = BASH.get(takes, "").format(commands=commands())
            action = f'COMPREPLY=($(compgen {reply} -- "$word"))\n\t\treturn' \
                if reply else "return"
            values += f"\t{' | '.join(names)})\n\t\t{action}\n\t\t;;\n"
    hosts = '\t*) COMPREPLY=($(compgen -A hostname -- "$word")) ;;\n'
    return BASH_FILE.format(
        function="_" + program.replace("-", "_"), program=program, values=values,
        options=" ".join(name for names, _, _ in options(program)
                         for name in names),
        operands=hosts if program in ASK_HOSTS else "")


def quoted(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh(program):
    lines = []
    for names, takes, doc in options(program):
        act = ZSH.get(takes, " ").format(commands=commands(quoted))
        value = f":{quoted(takes)}:{act}" if takes else ""
        for name in names:
            mark = "=" if takes and name.startswith("--") else ""
            lines.append(f"'*{name}{mark}[{quoted(doc)}]{value}'")
    if program in ASK_HOSTS:
        lines.append("'*:host:_hosts'")
    return (f"#compdef {program}\n# SPDX-License-Identifier: BSD-2-Clause\n"
            "_arguments -s \\\n\t" + " \\\n\t".join(lines) + "\n")


if __name__ == "__main__":
    sys.stdout.write({"bash": bash, "zsh": zsh}[sys.argv[1]](sys.argv[2]))
