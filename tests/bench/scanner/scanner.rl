/* JSON strings and numbers as ragel machines: RFC 8259, UTF-8 by the table of Unicode 3.9, surrogate escapes in
 * pairs. */
#include "scanner.h"

%%{
    machine string;
    alphtype unsigned char;

    action escape { any_escape = true; }
    action close { end = p + 1; fbreak; }

    tail = 0x80..0xbf;
    character = (0x20..0x7f - ["\\]) | (0xc2..0xdf tail) | (0xe0 0xa0..0xbf tail) | ((0xe1..0xec | 0xee..0xef) tail{2}) |
                (0xed 0x80..0x9f tail) | (0xf0 0x90..0xbf tail{2}) | (0xf1..0xf3 tail{3}) | (0xf4 0x80..0x8f tail{2});
    unit = (xdigit - [dD]) xdigit{3} | [dD] [0-7] xdigit{2};
    pair = [dD] [89abAB] xdigit{2} "\\u" [dD] [c-fC-F] xdigit{2};
    escape = "\\" @escape (["\\/bfnrt] | "u" (unit | pair));

    main := '"' (character | escape)* '"' @close;
}%%

%% write data nofinal noerror noentry;

bool ragel_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped)
{
    const unsigned char *p = (const unsigned char *)s->at, *pe = (const unsigned char *)s->end, *end = NULL;
    bool any_escape = false;
    int cs;

    %% write init;
    %% write exec;
    if (end == NULL)
        return false;
    *raw = ops_str_of(s->at + 1, (size_t)((const char *)end - s->at) - 2);
    *escaped = any_escape;
    s->at = (const char *)end;
    return true;
}

%%{
    machine number;

    action fraction { whole = false; }

    # The byte behind the number ends it: the machine stands there, in its last state.
    main := ("-"? ("0" | [1-9] digit*) ("." @fraction digit+)? ([eE] @fraction [+\-]? digit+)?) [^0-9.eE+\-] @{ fhold; fbreak; };
}%%

%% write data noerror noentry;

bool ragel_scan_number(struct ops_json_scan *s, struct ops_str *raw, bool *integer)
{
    const char *p = s->at, *pe = s->end;
    bool whole = true;
    int cs;

    %% write init;
    %% write exec;
    if (cs < number_first_final)
        return false;
    *raw = ops_str_of(s->at, (size_t)(p - s->at));
    *integer = whole;
    s->at = p;
    return true;
}
