#!/usr/bin/env python3
"""Prints runtime/base/json_relaxed_ranges.h: the BMP code points that table B of opstream-wire.md §1.2 escapes.

    codegen/unicode_ranges.py >runtime/base/json_relaxed_ranges.h

Those are: controls other than the short forms, space separators but U+0020, U+2028, U+2029, private use, U+FEFF, noncharacters
and unassigned code points. The reference runs on .NET 9, which knows Unicode 16.0. Pythons know 14.0 (3.11), 15.0 (3.12),
15.1 (3.13) or 16.0 (3.14): what later versions up to 16.0 have assigned in the BMP is listed here, so all of them print the same.
"""
import sys
import unicodedata

VERSION = "16.0"
LATER = [  # first, last
    (0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE),  # 15.0
    (0x2FFC, 0x2FFF), (0x31EF, 0x31EF),  # 15.1
    (0x0897, 0x0897), (0x1B4E, 0x1B4F), (0x1B7F, 0x1B7F), (0x1C89, 0x1C8A), (0x2427, 0x2429), (0x31E4, 0x31E5),
    (0xA7CB, 0xA7CD), (0xA7DA, 0xA7DC),  # 16.0
]


def escaped(cp):
    if 0xD800 <= cp <= 0xDFFF or any(first <= cp <= last for first, last in LATER):
        return False  # surrogates do not occur in UTF-8
    kind = unicodedata.category(chr(cp))
    return (cp != 0x20 and kind == "Zs") or kind in ("Cc", "Co", "Cn", "Zl", "Zp") or cp == 0xFEFF


def ranges():
    found, cp = [], 0x80  # ASCII is handled by the escaper itself
    while cp < 0x10000:
        if escaped(cp):
            first = cp
            while cp < 0x10000 and escaped(cp):
                cp += 1
            found.append((first, cp - 1))
        cp += 1
    return found


def leads(row):
    """Bit n: a character that begins with the byte row + n is escaped, or none can begin so."""
    bits = 0
    for n in range(16):
        lead = row + n
        first, last = ((lead & 0x1F) << 6, 6) if lead < 0xE0 else ((lead & 0x0F) << 12, 12)
        if lead < 0xC2 or any(escaped(cp) for cp in range(max(first, 0x80), first + (1 << last))):
            bits |= 1 << n
    return bits


def print_list(items):
    line = "   "
    for item in items:
        if len(line) + len(item) > 118:
            print(line)
            line = "   "
        line += item
    print(line + "\n};")


def main():
    known = tuple(int(n) for n in unicodedata.unidata_version.split(".")[:2])
    if not (14, 0) <= known <= (16, 0):
        sys.exit(f"this Python knows Unicode {unicodedata.unidata_version}; 14.0 to {VERSION} is needed")
    found = ranges()
    pages = [sum(last < page * 256 for _, last in found) for page in range(257)]
    print(f"""/* Made by codegen/unicode_ranges.py (Unicode {VERSION}, BMP); edit that.
 *
 * Which characters the relaxed escaper writes as escapes. */
#ifndef OPS_BASE_JSON_RELAXED_RANGES_H
#define OPS_BASE_JSON_RELAXED_RANGES_H

#include <stdint.h>

enum {{
    JSON_RELAXED_RANGES = {len(found)},
    /* Bit n: not every character that begins with the byte C0 + n (D0, E0) goes out raw. */
    JSON_RELAXED_LEADS_C0 = 0x{leads(0xC0):04x},
    JSON_RELAXED_LEADS_D0 = 0x{leads(0xD0):04x},
    JSON_RELAXED_LEADS_E0 = 0x{leads(0xE0):04x}
}};

/* By the code point's upper eight bits: the first range that does not end before them. */
static const uint16_t json_relaxed_pages[257] = {{""")
    print_list(f" {n}," for n in pages)
    print("\n/* From U+0080 on: first and last of each range. */")
    print("static const uint16_t json_relaxed_ranges[JSON_RELAXED_RANGES][2] = {")
    print_list(f" {{0x{first:04x}, 0x{last:04x}}}," for first, last in found)
    print("\n#endif")


main()
