/* UTF-8 validation and its UTF-16 measures.
 *
 * Blocks are only judged as a whole (utf_block.h); a block with a fault is read again character by character,
 * which finds the place. */
#include "runtime/base/utf.h"

#include "runtime/base/utf_block.h"
#include "runtime/base/utf_char.h"

static const uint64_t utf_ones = UINT64_C(0x0101010101010101);

static inline uint64_t utf_word(const char *ptr)
{
    uint64_t word;

    memcpy(&word, ptr, 8);
    return word;
}

/* Length of the character at `p`, not ASCII, checked byte by byte; 0: not valid. */
static inline size_t utf_character(const unsigned char *p, size_t left)
{
    unsigned c = p[0];

    if (c < 0xc2)
        return 0;
    if (c < 0xe0)
        return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (c < 0xf0) {
        unsigned low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;

        return left >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (c < 0xf5) {
        unsigned low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;

        return left >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
    }
    return 0;
}

/* The valid prefix, found from `i` on, where a character begins. */
static size_t utf_valid_characters(const char *ptr, size_t len, size_t i)
{
    while (i < len) {
        size_t n;

        if ((unsigned char)ptr[i] < 0x80) {
            i++;
            while (len - i >= 8 && (utf_word(ptr + i) & (utf_ones << 7)) == 0)
                i += 8;
            continue;
        }
        n = utf_character((const unsigned char *)ptr + i, len - i);
        if (n == 0)
            break;
        i += n;
    }
    return i;
}

#if defined(OPS_BLOCKS)

/* Back to the first byte of the character that `i` may be in the middle of; what stands before was valid as far as
 * it goes. */
static size_t utf_character_start(const char *ptr, size_t i)
{
    size_t back;

    for (back = 1; back <= 3 && back <= i; back++) {
        unsigned char c = (unsigned char)ptr[i - back];

        if (c >= 0xc0)
            return i - back;
        if (c < 0x80)
            break;
    }
    return i;
}

size_t ops_utf8_valid_prefix(const char *ptr, size_t len)
{
    const block_bytes zero = block_all(0);
    block_bytes before = zero;
    uint64_t before_high = 0;
    size_t i = 0;

    for (; len - i >= 4 * BLOCK_BYTES; i += 4 * BLOCK_BYTES) {
        block_bytes a = block_load(ptr + i), b = block_load(ptr + i + BLOCK_BYTES);
        block_bytes c = block_load(ptr + i + 2 * BLOCK_BYTES), d = block_load(ptr + i + 3 * BLOCK_BYTES);
        uint64_t high = block_high(block_or(block_or(a, b), block_or(c, d)));
        block_bytes faults = zero;

        if (high != 0) {
            faults = block_or(block_or(utf_block_faults(a, before), utf_block_faults_at(b, ptr + i + BLOCK_BYTES)),
                              block_or(utf_block_faults_at(c, ptr + i + 2 * BLOCK_BYTES),
                                       utf_block_faults_at(d, ptr + i + 3 * BLOCK_BYTES)));
        } else if (before_high != 0) {
            faults = utf_block_faults(a, before);
        }
        if (block_any(faults))
            return utf_valid_characters(ptr, len, utf_character_start(ptr, i));
        before = d;
        before_high = high;
    }
    for (;;) {
        size_t left = len - i < BLOCK_BYTES ? len - i : (size_t)BLOCK_BYTES;
        block_bytes x = left == BLOCK_BYTES ? block_load(ptr + i) : block_load_part(ptr + i, left);
        uint64_t high = block_high(x);

        if ((high | before_high) != 0 && block_any(utf_block_faults(x, before)))
            return utf_valid_characters(ptr, len, utf_character_start(ptr, i));
        if (left < BLOCK_BYTES) /* the zeros behind the end have ended every character */
            return len;
        before = x;
        before_high = high;
        i += BLOCK_BYTES;
    }
}

#else

size_t ops_utf8_valid_prefix(const char *ptr, size_t len)
{
    return utf_valid_characters(ptr, len, 0);
}

#endif

/* A unit for every byte that is no continuation, one more for every lead of four. */
size_t ops_utf16_length(const char *ptr, size_t len)
{
    size_t units = 0, i = 0;

#if defined(OPS_SIMD_AVX2)
    while (len - i >= BLOCK_BYTES) {
        size_t blocks = (len - i) / BLOCK_BYTES;
        __m256i count = _mm256_setzero_si256(), sums;

        blocks = blocks < 127 ? blocks : 127; /* at most 2 a byte: no lane overflows */
        for (; blocks > 0; blocks--, i += BLOCK_BYTES) {
            __m256i x = block_load(ptr + i);

            count = _mm256_sub_epi8(count, block_less(block_all(0xbf), x));
            count = _mm256_sub_epi8(count, block_equal(block_min(x, block_all(0xf0)), block_all(0xf0)));
        }
        sums = _mm256_sad_epu8(count, _mm256_setzero_si256());
        units += (size_t)(_mm256_extract_epi64(sums, 0) + _mm256_extract_epi64(sums, 1) +
                          _mm256_extract_epi64(sums, 2) + _mm256_extract_epi64(sums, 3));
    }
#elif defined(OPS_SIMD_SSE2)
    while (len - i >= BLOCK_BYTES) {
        size_t blocks = (len - i) / BLOCK_BYTES;
        __m128i count = _mm_setzero_si128(), sums;

        blocks = blocks < 127 ? blocks : 127; /* at most 2 a byte: no lane overflows */
        for (; blocks > 0; blocks--, i += BLOCK_BYTES) {
            __m128i x = block_load(ptr + i);

            count = _mm_sub_epi8(count, block_less(block_all(0xbf), x));
            count = _mm_sub_epi8(count, block_equal(block_min(x, block_all(0xf0)), block_all(0xf0)));
        }
        sums = _mm_sad_epu8(count, _mm_setzero_si128());
        units += (size_t)(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
    }
#endif
    for (; len - i >= 8; i += 8) {
        uint64_t x = utf_word(ptr + i);
        uint64_t starts = (~x >> 7 | x >> 6) & utf_ones, fours = x >> 7 & x >> 6 & x >> 5 & x >> 4 & utf_ones;

        units += (size_t)((starts + fours) * utf_ones >> 56);
    }
    for (; i < len; i++) {
        unsigned char c = (unsigned char)ptr[i];

        units += (size_t)((c & 0xc0) != 0x80) + (size_t)(c >= 0xf0);
    }
    return units;
}

/* Rank of a byte where two strings first differ, so that ranks order as UTF-16 units do: leads of four (surrogates,
 * D800-DFFF) come before the leads EE and EF (E000-FFFF). */
static inline unsigned utf_rank(unsigned char c)
{
    if (c >= 0xf0)
        return c - 2u; /* below EE + 0x10 */
    return c >= 0xee ? c + 0x10u : c;
}

int ops_utf16_compare(struct ops_str a, struct ops_str b)
{
    size_t len = a.len < b.len ? a.len : b.len, i = 0;
    unsigned x, y;

    if (a.ptr == NULL || b.ptr == NULL)
        return (a.ptr != NULL) - (b.ptr != NULL);
    while (len - i >= 8 && utf_word(a.ptr + i) == utf_word(b.ptr + i))
        i += 8;
    while (i < len && a.ptr[i] == b.ptr[i])
        i++;
    if (i == len)
        return (a.len > b.len) - (a.len < b.len);
    x = utf_rank((unsigned char)a.ptr[i]);
    y = utf_rank((unsigned char)b.ptr[i]);
    return x < y ? -1 : 1;
}

uint32_t ops_utf8_decode(const char *ptr, const char *end, unsigned *len)
{
    return utf_char_decode(ptr, end, len);
}

unsigned ops_utf8_encode(uint32_t cp, char *out)
{
    return utf_char_encode(cp, out);
}

/* Char.IsWhiteSpace of .NET: the space separators, U+0009-D, U+0085, U+2028, U+2029. */
static bool utf_is_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
           cp == 0x3000;
}

bool ops_utf8_is_blank(struct ops_str s)
{
    size_t i = 0;

    while (i < s.len) {
        unsigned len;

        if (!utf_is_space(utf_char_decode(s.ptr + i, s.ptr + s.len, &len)))
            return false;
        i += len;
    }
    return true;
}

bool ops_utf8_has_control(struct ops_str s)
{
    size_t i = 0;

    while (i < s.len) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xa0)
            return true; /* U+0080-9F */
        i++;
    }
    return false;
}
