/* The grammar of ADO.NET connection strings; see connection_string.h. Made into C by ragel when the library is built. */
#include "connection_string.h"

%%{
    machine connection_string;

    action key_byte {
        *out++ = *p;
        if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
            key_end = out;
    }
    action value_begin { value = value_end = out; }
    action value_byte {
        *out++ = *p;
        if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
            value_end = out;
    }
    action quoted_byte {
        *out++ = *p;
        value_end = out;
    }
    action segment { key = key_end = out; }
    action pair {
        if (pairs->count == OPS_CONNECTION_PAIRS_MAX) {
            full = true;
            fbreak;
        }
        pairs->pairs[pairs->count].key = ops_str_of(key, (size_t)(key_end - key));
        pairs->pairs[pairs->count].value = ops_str_of(value, (size_t)(value_end - value));
        pairs->count++;
        key = key_end = out;
    }

    blank = [ \t\r\n];
    seen = any - cntrl - blank; # something to see, or a byte of UTF-8

    # "==" stands for "=": the second one is the byte that counts.
    key_first = (seen - [;=]) @key_byte | "==" @key_byte;
    key_next = (((seen | blank) - [;=]) @key_byte) | "==" @key_byte;

    single = "'" ( (any - "'") @quoted_byte | "''" @quoted_byte )* "'" blank*;
    double = '"' ( (any - '"') @quoted_byte | '""' @quoted_byte )* '"' blank*;
    rest = ( (seen | blank) - ';' ) @value_byte;
    bare = ( (seen - [;='"]) @value_byte ) rest*;
    equals = blank+ ( '=' @value_byte ) rest*; # right behind the "=" it would be "=="

    value = blank* ( single | double | bare )? | equals;
    main := ( blank* ( key_first key_next* '=' @value_begin value ';' @pair | ';' @segment ) )* blank*;

    write data noerror noentry;
}%%

bool ops_connection_pairs_read(struct ops_str text, struct ops_connection_pairs *pairs, size_t *offset)
{
    char *out = pairs->text, *key = out, *key_end = out, *value = out, *value_end = out;
    static const char last[] = ";"; /* the last pair may end without one */
    const char *p = text.ptr, *pe = text.ptr + text.len;
    bool full = false, ended = false;
    int cs = connection_string_start;

    pairs->count = 0;
    if (text.len > sizeof pairs->text) {
        *offset = sizeof pairs->text;
        return false;
    }
    for (;;) {
        %% write exec;
        if (ended || full || p != pe)
            break;
        ended = true;
        p = last;
        pe = last + 1;
    }
    if (p == pe && !full && cs >= connection_string_first_final)
        return true; /* else a quote is open: it has taken the last ';' for its own */
    *offset = ended ? text.len : (size_t)(p - text.ptr);
    return false;
}
