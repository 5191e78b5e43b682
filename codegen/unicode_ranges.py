#!/usr/bin/env python3
"""Prints runtime/base/json_relaxed_ranges.h: the BMP code points that table B of opstream-wire.md §1.2 escapes.

Those are: controls other than the short forms, space separators but U+0020, U+2028, U+2029, private use, U+FEFF, noncharacters and
unassigned code points. What is assigned comes from this Python's Unicode tables, plus the code points of the BMP that later versions
up to 16.0 have assigned (.NET 9 is Unicode 16), so that the result does not depend on the Python that runs this.
"""
import unicodedata

LATER = [  # first, last; Unicode 15.0, 15.1, 16.0
    (0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE),  # 15.0
    (0x2FFC, 0x2FFF), (0x31EF, 0x31EF),  # 15.1
    (0x0897, 0x0897), (0x1B4E, 0x1B4F), (0x1B7F, 0x1B7F), (0x1C89, 0x1C8A), (0x2427, 0x2429), (0x31E4, 0x31E5),
    (0xA7CB, 0xA7CD), (0xA7DA, 0xA7DC),  # 16.0
]


def escaped(cp):
    if any(first <= cp <= last for first, last in LATER):
        return False
    kind = unicodedata.category(chr(cp))
    return (cp != 0x20 and kind == "Zs") or kind in ("Cc", "Co", "Cn", "Zl", "Zp") or cp == 0xFEFF


def main():
    ranges, cp = [], 0x80  # ASCII is handled by the escaper itself
    while cp < 0x10000:
        if 0xD800 <= cp <= 0xDFFF or not escaped(cp):
            cp += 1
            continue
        first = cp
        while cp < 0x10000 and not 0xD800 <= cp <= 0xDFFF and escaped(cp):
            cp += 1
        ranges.append((first, cp - 1))
    print("/* Made by codegen/unicode_ranges.py (Unicode 16.0, BMP); edit that.")
    print(" *")
    print(" * The code points from U+0080 to U+FFFF that the relaxed escaper writes as escapes: first and last of each range. */")
    print("#ifndef OPS_BASE_JSON_RELAXED_RANGES_H\n#define OPS_BASE_JSON_RELAXED_RANGES_H\n")
    print("#include <stdint.h>\n")
    print(f"enum {{ JSON_RELAXED_RANGES = {len(ranges)} }};")
    print("static const uint16_t json_relaxed_ranges[JSON_RELAXED_RANGES][2] = {")
    line = "   "
    for first, last in ranges:
        item = f" {{0x{first:04x}, 0x{last:04x}}},"
        if len(line) + len(item) > 118:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};\n\n#endif")


main()
