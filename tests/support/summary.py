#!/usr/bin/env python3
"""Adds up meson's results of several build folders: one line `N passed, M failed, K skipped`, why each skip, and what took longest.

usage: summary.py BROKEN_BUILDS BUILD_DIR...
"""
import glob
import os
import sys
import xml.etree.ElementTree as tree


def main():
    broken, dirs = int(sys.argv[1]), sys.argv[2:]
    passed, failed, skipped = 0, broken, 0
    reasons, seconds = {}, {}
    for folder in dirs:
        found = False
        for path in glob.glob(os.path.join(folder, "meson-logs", "testlog*.junit.xml")):
            for suite in tree.parse(path).getroot().iter("testsuite"):
                seconds[f'{folder}: {suite.get("name", "")}'] = float(suite.get("time") or 0)
                for case in suite.iter("testcase"):
                    found = True
                    name = f'{folder}: {suite.get("name", "")}: {case.get("name", "")}'
                    if case.find("failure") is not None or case.find("error") is not None:
                        failed += 1
                        print(f"FAILED {name}")
                    elif case.find("skipped") is not None:
                        skipped += 1
                        why = case.find("skipped").get("message") or (suite.findtext("system-out") or "").strip()
                        reasons[name] = why.splitlines()[-1] if why else "see the log"
                    else:
                        passed += 1
        if not found:
            failed += 1
            print(f"FAILED {folder}: no test ran")
    for name, why in sorted(reasons.items()):
        print(f"skipped {name}: {why}")
    for name in sorted(seconds, key=seconds.get, reverse=True)[:10]:
        print(f"slow {seconds[name]:7.1f} s {name}")
    if broken:
        print(f"{broken} build(s) failed")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


main()
