#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the completion of a program for a shell: completion.py bash|zsh NAME

Options and commands are those of the tables that the programs are made of."""
import re
import sys

from deftables import table, tool_options

# By what names a table is called, and what operands a program takes.
OTHER_NAMES = {"ntp-keygen": "ntpkeygen", "ntp-wait": "ntpwait",
               "ntpdig": "sntp", "truechimer-migrate": "migrate"}
OPERANDS = {"ntpd": "HOST", "ntpdate": "HOST", "ntpq": "HUMAN", "sntp": "HOST",
            "ntpdig": "HOST", "ntptrace": "HOST", "ntpsim": "SCENARIO",
            "truechimer-migrate": "FILE"}
HUMAN = "doctor sources status waitsync watch" # ntpq's operands that are commands
KINDS = "chrony ntp openntpd timesyncd"
SCENARIOS = "ntpsim --list 2>/dev/null | cut -d' ' -f1"
# What an option or an operand takes, and how the shells find it: a reply of
# bash's compgen, or what bash itself does where there is none.
BASH_FILES = "", "compopt -o default"
BASH = {"FILE": BASH_FILES, "file": BASH_FILES, "PATH": BASH_FILES,
        "DIR": ("", "compopt -o dirnames"), "HOST": ("-A hostname", ""),
        "USER[:GROUP]": ("-u", ""), "NAME": ('-W "$(ls /sys/class/net)"', ""),
        "KIND": (f'-W "{KINDS}"', ""), "CMD": ('-W "{commands}"', ""),
        "HUMAN": (f'-A hostname -W "{HUMAN}"', ""),
        "SCENARIO": (f'-W "all $({SCENARIOS})"', "")}
ZSH = {"FILE": "_files", "file": "_files", "PATH": "_files", "DIR": "_files -/",
       "HOST": "_hosts", "USER[:GROUP]": "_users", "NAME": "_net_interfaces",
       "KIND": f"({KINDS})", "CMD": "{_describe command commands}",
       "HUMAN": f'{{_alternative "words:command:({HUMAN})" "hosts:host:_hosts"}}',
       "SCENARIO": f"{{compadd all $({SCENARIOS})}}"}
BASH_FILE = """# SPDX-License-Identifier: BSD-2-Clause
{function}()
{{
	local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}

	# --name=value comes as three words.
	[ "$word" = = ] && word=
	[ "$before" = = ] && before=${{COMP_WORDS[COMP_CWORD - 2]}}
	word=${{word#[\\"\\']}}
	COMPREPLY=()
	case "$before" in
{values}	esac
	case "$word" in
	-*) mapfile -t COMPREPLY < <(compgen -W "{options}" -- "$word") ;;
{operands}	esac
}}
complete -F {function} {program}
"""


def options(program):
    """(spellings, what it takes, what it does) of each."""
    for letter, name, takes, doc in tool_options(OTHER_NAMES.get(program, program)):
        yield ([f"-{letter}"] * bool(letter) + [f"--{name}"] * bool(name), takes,
               doc)


def choices(takes):
    """a|b, of which one is to be written."""
    return takes.split("|") if re.fullmatch(r"[a-z0-9]+(\|[a-z0-9]+)+", takes) else []


def bash_reply(takes):
    """The lines that offer what can stand there, if that is known."""
    names = " ".join(row[0] for row in table("client/ntpq/ntpqcommands"))
    reply, instead = BASH.get(takes, ("", ""))
    if choices(takes):
        reply = f'-W "{" ".join(choices(takes))}"'
    if not reply:
        return [instead] * bool(instead)
    return [f'mapfile -t COMPREPLY < <(compgen {reply.format(commands=names)} '
            '-- "$word")']


def bash(program):
    values, operands = "", ""
    for names, takes, _ in options(program):
        if takes:
            lines = [*bash_reply(takes), "return", ";;"]
            values += f"\t{' | '.join(names)})\n" + "".join(
                f"\t\t{line}\n" for line in lines)
    if program in OPERANDS:
        lines = [*bash_reply(OPERANDS[program]), ";;"]
        operands = "\t*)\n" + "".join(f"\t\t{line}\n" for line in lines)
    return BASH_FILE.format(
        function="_" + program.replace("-", "_"), program=program, values=values,
        options=" ".join(name for names, _, _ in options(program)
                         for name in names), operands=operands)


def quoted(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh(program):
    lines, head = [], ""
    for names, takes, doc in options(program):
        act = f"({' '.join(choices(takes))})" if choices(takes) else \
            ZSH.get(takes, " ")
        value = f":{quoted(takes)}:{act}" if takes else ""
        if takes == "CMD":
            head = "local -a commands\ncommands=(\n" + "".join(
                f"\t'{quoted(row[0])}:{quoted(row[3])}'\n"
                for row in table("client/ntpq/ntpqcommands")) + ")\n"
        often = "repeat" in doc
        for name in names:
            mark = "=" if takes and name.startswith("--") else ""
            once = "*" if often else f"({' '.join(names)})"
            lines.append(f"'{once}{name}{mark}[{quoted(doc)}]{value}'")
    if program in OPERANDS:
        kind = OPERANDS[program]
        lines.append(f"'*:{kind.lower()}:{quoted_action(ZSH[kind])}'")
    return (f"#compdef {program}\n# SPDX-License-Identifier: BSD-2-Clause\n"
            f"{head}_arguments -s \\\n\t" + " \\\n\t".join(lines) + "\n")


def quoted_action(text):
    return text.replace("'", "'\\''")


if __name__ == "__main__":
    sys.stdout.write({"bash": bash, "zsh": zsh}[sys.argv[1]](sys.argv[2]))
