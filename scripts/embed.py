#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A file as an array in C. Usage: embed.py NAME INPUT OUTPUT"""
import pathlib
import sys

name, source, target = sys.argv[1:]
data = pathlib.Path(source).read_bytes()
rows = [", ".join(str(byte) for byte in data[at:at + 16])
        for at in range(0, len(data), 16)]
pathlib.Path(target).write_text(
    "/* SPDX-License-Identifier: BSD-2-Clause */\n"
    f"/* Made from {pathlib.Path(source).name}: not to be edited. */\n"
    f"_Alignas(8) static const unsigned char {name}[] = {{\n"
    + ",\n".join(rows) + "\n};\n")
