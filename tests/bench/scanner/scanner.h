/* The same two tokens, scanned by machines that ragel made (scanner.rl), behind the same interface. */
#ifndef OPS_BENCH_SCANNER_H
#define OPS_BENCH_SCANNER_H

#include "runtime/base/json_text.h"

/* As ops_json_scan_string and ops_json_scan_number, but they do not say what is wrong where; a number must have
 * something behind it. */
bool ragel_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped);
bool ragel_scan_number(struct ops_json_scan *s, struct ops_str *raw, bool *integer);

#endif
