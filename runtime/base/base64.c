/* Base64 by blocks: 16 or 32 characters a step where the processor can shuffle bytes, four otherwise.
 *
 * The vector code classifies a character by its two halves (the technique of Muła and Lemire, "Faster Base64 Encoding and Decoding using
 * AVX2 Instructions"). White space and padding end the fast part; the rest is done singly. */
#include "runtime/base/base64.h"

#include "runtime/base/simd.h"

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BASE64_BAD = 0xff, BASE64_SPACE = 0xfe, BASE64_PAD = 0xfd };

/* Value of a character, or one of the above. */
static inline unsigned base64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26u;
    if (c >= '0' && c <= '9')
        return c - '0' + 52u;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    if (c == '=')
        return BASE64_PAD;
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' ? BASE64_SPACE : BASE64_BAD;
}

#if defined(OPS_SIMD_SSSE3)
/* Twelve bytes, spread over sixteen: six bits each, then the letter. */
static inline __m128i base64_letters_of(__m128i in)
{
    const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const __m128i shift = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                        '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    __m128i x = _mm_shuffle_epi8(in, spread);
    __m128i high = _mm_mulhi_epu16(_mm_and_si128(x, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    __m128i low = _mm_mullo_epi16(_mm_and_si128(x, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    __m128i six = _mm_or_si128(high, low);
    /* 0-25: 13; 26-51: 0; 52-61: 1-10; 62: 11; 63: 12 */
    __m128i kind = _mm_subs_epu8(six, _mm_set1_epi8(51));
    __m128i below = _mm_cmpgt_epi8(_mm_set1_epi8(26), six);

    kind = _mm_or_si128(kind, _mm_and_si128(below, _mm_set1_epi8(13)));
    return _mm_add_epi8(six, _mm_shuffle_epi8(shift, kind));
}

/* Values of sixteen characters; false: one is not of the alphabet. */
static inline bool base64_values_of(__m128i in, __m128i *six)
{
    const __m128i low_table =
        _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
    const __m128i high_table =
        _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m128i roll = _mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i mask = _mm_set1_epi8(0x0f);
    __m128i high = _mm_and_si128(_mm_srli_epi32(in, 4), mask);
    __m128i bad = _mm_and_si128(_mm_shuffle_epi8(low_table, _mm_and_si128(in, mask)), _mm_shuffle_epi8(high_table, high));
    __m128i slash = _mm_cmpeq_epi8(in, _mm_set1_epi8('/'));

    if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xffff)
        return false;
    *six = _mm_add_epi8(in, _mm_shuffle_epi8(roll, _mm_add_epi8(slash, high)));
    return true;
}

/* Sixteen six-bit values to twelve bytes at the front. */
static inline __m128i base64_packed(__m128i six)
{
    __m128i pairs = _mm_maddubs_epi16(six, _mm_set1_epi32(0x01400140));
    __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));

    return _mm_shuffle_epi8(fours, _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}
#endif

#if defined(OPS_SIMD_AVX2)
static inline __m256i base64_letters_of_32(__m256i in)
{
    const __m256i spread = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    const __m256i shift = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
    __m256i x = _mm256_shuffle_epi8(in, spread);
    __m256i high = _mm256_mulhi_epu16(_mm256_and_si256(x, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    __m256i low = _mm256_mullo_epi16(_mm256_and_si256(x, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    __m256i six = _mm256_or_si256(high, low);
    __m256i kind = _mm256_subs_epu8(six, _mm256_set1_epi8(51));
    __m256i below = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), six);

    kind = _mm256_or_si256(kind, _mm256_and_si256(below, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(six, _mm256_shuffle_epi8(shift, kind));
}

static inline bool base64_decode_32(char *out, const char *in)
{
    const __m256i low_table = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
    const __m256i high_table = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
    const __m256i roll =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i mask = _mm256_set1_epi8(0x0f);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)in);
    __m256i high = _mm256_and_si256(_mm256_srli_epi32(x, 4), mask);
    __m256i slash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('/'));

    if (_mm256_testz_si256(_mm256_shuffle_epi8(low_table, _mm256_and_si256(x, mask)),
                           _mm256_shuffle_epi8(high_table, high)) == 0)
        return false;
    x = _mm256_add_epi8(x, _mm256_shuffle_epi8(roll, _mm256_add_epi8(slash, high)));
    x = _mm256_madd_epi16(_mm256_maddubs_epi16(x, _mm256_set1_epi32(0x01400140)), _mm256_set1_epi32(0x00011000));
    x = _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(
                                   _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)));
    x = _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)out, x);
    return true;
}
#endif

char *ops_base64_encode(char *out, const char *in, size_t len)
{
    const unsigned char *p = (const unsigned char *)in, *end = p + len;

#if defined(OPS_SIMD_AVX2)
    for (; end - p >= 28; p += 24, out += 32) {
        __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p)),
                                            _mm_loadu_si128((const __m128i *)(const void *)(p + 12)), 1);

        _mm256_storeu_si256((__m256i *)(void *)out, base64_letters_of_32(x));
    }
#endif
#if defined(OPS_SIMD_SSSE3)
    for (; end - p >= 16; p += 12, out += 16)
        _mm_storeu_si128((__m128i *)(void *)out, base64_letters_of(_mm_loadu_si128((const __m128i *)(const void *)p)));
#endif
    for (; end - p >= 3; p += 3, out += 4) {
        uint32_t x = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

        out[0] = base64_letters[x >> 18];
        out[1] = base64_letters[x >> 12 & 63];
        out[2] = base64_letters[x >> 6 & 63];
        out[3] = base64_letters[x & 63];
    }
    if (p < end) {
        uint32_t x = (uint32_t)p[0] << 16 | (end - p == 2 ? (uint32_t)p[1] << 8 : 0);

        out[0] = base64_letters[x >> 18];
        out[1] = base64_letters[x >> 12 & 63];
        out[2] = end - p == 2 ? base64_letters[x >> 6 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    return out;
}

/* The blocks that hold letters only; `*at` is moved behind them. */
static char *base64_decode_blocks(char *out, const char *in, size_t len, size_t *at)
{
    size_t i = 0;

#if defined(OPS_SIMD_AVX2)
    for (; len - i >= 32 && base64_decode_32(out, in + i); i += 32)
        out += 24;
#endif
#if defined(OPS_SIMD_SSSE3)
    for (; len - i >= 16; i += 16, out += 12) {
        __m128i six;

        if (!base64_values_of(_mm_loadu_si128((const __m128i *)(const void *)(in + i)), &six))
            break;
        _mm_storeu_si128((__m128i *)(void *)out, base64_packed(six));
    }
#endif
    for (; len - i >= 4; i += 4, out += 3) {
        unsigned a = base64_value((unsigned char)in[i]), b = base64_value((unsigned char)in[i + 1]);
        unsigned c = base64_value((unsigned char)in[i + 2]), d = base64_value((unsigned char)in[i + 3]);

        if ((a | b | c | d) > 63)
            break;
        out[0] = (char)(a << 2 | b >> 4);
        out[1] = (char)(b << 4 | c >> 2);
        out[2] = (char)(c << 6 | d);
    }
    *at = i;
    return out;
}

size_t ops_base64_decode(char *out, const char *in, size_t len, size_t *bad)
{
    char *begin = out;
    uint32_t bits = 0;
    unsigned letters = 0, pads = 0;
    size_t i;

    out = base64_decode_blocks(out, in, len, &i);
    for (; i < len; i++) {
        unsigned value = base64_value((unsigned char)in[i]);

        if (value == BASE64_SPACE)
            continue;
        if (value == BASE64_PAD && letters >= 2 && letters + pads < 4) {
            pads++;
            continue;
        }
        if (value > 63 || pads > 0) {
            *bad = i;
            return SIZE_MAX;
        }
        bits = bits << 6 | value;
        if (++letters == 4) {
            *out++ = (char)(bits >> 16);
            *out++ = (char)(bits >> 8);
            *out++ = (char)bits;
            letters = 0;
        }
    }
    if (letters + pads != 0 && letters + pads != 4) {
        *bad = len;
        return SIZE_MAX;
    }
    if (letters >= 2)
        *out++ = (char)(letters == 2 ? bits >> 4 : bits >> 10);
    if (letters == 3)
        *out++ = (char)(bits >> 2);
    return (size_t)(out - begin);
}
