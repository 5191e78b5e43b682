/* Base64 by blocks: 12 to 48 bytes a step where the processor can shuffle bytes, three otherwise.
 *
 * The x86 code classifies a character by its two halves (the technique of W. Muła and D. Lemire, "Faster Base64
 * Encoding and Decoding using AVX2 Instructions", 2018). What is left of a text behind the last whole block is
 * done by one more block that overlaps it: the same bytes are stored twice, and short payloads have no slow end.
 * White space and padding interrupt the blocks for one group of four characters. */
#include "runtime/base/base64.h"

#include "runtime/base/simd.h"

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BASE64_BAD = 0xff, BASE64_SPACE = 0xfe, BASE64_PAD = 0xfd };

/* Value of a character, or one of the above. */
#define BASE64_BAD_16 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
static const uint8_t base64_values[256] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, BASE64_SPACE, BASE64_SPACE, 255, 255, BASE64_SPACE, 255, 255,
    BASE64_BAD_16,
    BASE64_SPACE, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 62, 255, 255, 255, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255, 255, 255, BASE64_PAD, 255, 255,
    255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 255, 255, 255, 255, 255,
    255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 255, 255, 255, 255, 255,
    BASE64_BAD_16, BASE64_BAD_16, BASE64_BAD_16, BASE64_BAD_16,
    BASE64_BAD_16, BASE64_BAD_16, BASE64_BAD_16, BASE64_BAD_16};
#undef BASE64_BAD_16

static inline unsigned base64_value(char c)
{
    return base64_values[(unsigned char)c];
}

/* ---- blocks: encoding -------------------------------------------------------------------------------------------- */

#if defined(OPS_SIMD_SSSE3)

/* Where the bytes of four letters stand; and a letter minus its value: 26-51, digits, '+', '/', 0-25. */
static const uint8_t base64_spread[16] = {1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10};
static const int8_t base64_shift[16] = {'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                        '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A',      0,        0};

static inline __m128i base64_row(const void *entries)
{
    return _mm_loadu_si128((const __m128i *)entries);
}

/* Letters of twelve bytes, spread over sixteen: first six bits each, then what to add by kind of letter. */
static inline __m128i base64_encode_16(__m128i spread)
{
    __m128i high = _mm_mulhi_epu16(_mm_and_si128(spread, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    __m128i low = _mm_mullo_epi16(_mm_and_si128(spread, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    __m128i six = _mm_or_si128(high, low);
    __m128i kind = _mm_subs_epu8(six, _mm_set1_epi8(51));
    __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), six), _mm_set1_epi8(13));

    return _mm_add_epi8(six, _mm_shuffle_epi8(base64_row(base64_shift), _mm_or_si128(kind, upper)));
}

#if defined(OPS_SIMD_AVX2)
static inline __m256i base64_encode_32(__m256i spread)
{
    __m256i high =
        _mm256_mulhi_epu16(_mm256_and_si256(spread, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    __m256i low =
        _mm256_mullo_epi16(_mm256_and_si256(spread, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    __m256i six = _mm256_or_si256(high, low);
    __m256i kind = _mm256_subs_epu8(six, _mm256_set1_epi8(51));
    __m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), six), _mm256_set1_epi8(13));
    __m256i shift = _mm256_broadcastsi128_si256(base64_row(base64_shift));

    return _mm256_add_epi8(six, _mm256_shuffle_epi8(shift, _mm256_or_si256(kind, upper)));
}
#endif

/* Encodes groups of three bytes; returns how many bytes of them. */
static inline size_t base64_encode_blocks(char *out, const char *in, size_t len)
{
    const __m128i spread = base64_row(base64_spread);
    size_t whole = len / 3 * 3, i = 0;

#if defined(OPS_SIMD_AVX2)
    for (; len - i >= 28; i += 24, out += 32) {
        __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(base64_row(in + i)), base64_row(in + i + 12), 1);

        x = base64_encode_32(_mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(spread)));
        _mm256_storeu_si256((__m256i *)(void *)out, x);
    }
#endif
    for (; len - i >= 16; i += 12, out += 16)
        _mm_storeu_si128((__m128i *)(void *)out, base64_encode_16(_mm_shuffle_epi8(base64_row(in + i), spread)));
    while (i < whole &&
           whole >=
               16) { /* at most fifteen: a block that ends where the groups end, loaded from four bytes before it */
        size_t end = whole - i > 12 ? i + 12 : whole;
        __m128i last = _mm_shuffle_epi8(base64_row(in + end - 16), _mm_add_epi8(spread, _mm_set1_epi8(4)));

        out += (end - i) / 3 * 4;
        _mm_storeu_si128((__m128i *)(void *)(out - 16), base64_encode_16(last));
        i = end;
    }
    return i;
}

#elif defined(OPS_SIMD_NEON)

static inline uint8x16x4_t base64_rows(const void *entries)
{
    uint8x16x4_t rows;
    unsigned i;

    for (i = 0; i < 4; i++)
        rows.val[i] = vld1q_u8((const uint8_t *)entries + i * 16);
    return rows;
}

static inline size_t base64_encode_blocks(char *out, const char *in, size_t len)
{
    const uint8x16x4_t letters = base64_rows(base64_letters);
    const uint8x16_t low = vdupq_n_u8(63);
    size_t i = 0;

    for (; len - i >= 48; i += 48, out += 64) {
        uint8x16x3_t x = vld3q_u8((const uint8_t *)in + i);
        uint8x16x4_t y;

        y.val[0] = vqtbl4q_u8(letters, vshrq_n_u8(x.val[0], 2));
        y.val[1] = vqtbl4q_u8(letters, vandq_u8(vorrq_u8(vshrq_n_u8(x.val[1], 4), vshlq_n_u8(x.val[0], 4)), low));
        y.val[2] = vqtbl4q_u8(letters, vandq_u8(vorrq_u8(vshrq_n_u8(x.val[2], 6), vshlq_n_u8(x.val[1], 2)), low));
        y.val[3] = vqtbl4q_u8(letters, vandq_u8(x.val[2], low));
        vst4q_u8((uint8_t *)out, y);
    }
    return i;
}

#else

static inline size_t base64_encode_blocks(char *out, const char *in, size_t len)
{
    (void)out;
    (void)in;
    (void)len;
    return 0;
}

#endif

char *ops_base64_encode(char *out, const char *in, size_t len)
{
    const unsigned char *p = (const unsigned char *)in;
    size_t i = base64_encode_blocks(out, in, len);

    out += i / 3 * 4;
    for (; len - i >= 3; i += 3, out += 4) {
        uint32_t x = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];

        out[0] = base64_letters[x >> 18];
        out[1] = base64_letters[x >> 12 & 63];
        out[2] = base64_letters[x >> 6 & 63];
        out[3] = base64_letters[x & 63];
    }
    if (i < len) {
        bool two = len - i == 2;
        uint32_t x = (uint32_t)p[i] << 16 | (two ? (uint32_t)p[i + 1] << 8 : 0);

        out[0] = base64_letters[x >> 18];
        out[1] = base64_letters[x >> 12 & 63];
        out[2] = two ? base64_letters[x >> 6 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    return out;
}

/* ---- blocks: decoding -------------------------------------------------------------------------------------------- */

#if defined(OPS_SIMD_SSSE3)

/* A character is of the alphabet when the entries of its low and its high half share no bit. */
static const uint8_t base64_low[16] = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                       0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a};
static const uint8_t base64_high[16] = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                                        0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
/* Value minus character, by high half; '/', which differs from '+' there, uses the entry below. */
static const int8_t base64_roll[16] = {0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a'};
static const int8_t base64_pack[16] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1};

/* Decodes sixteen characters to twelve bytes, and four that mean nothing; false: there are others than letters. */
static inline bool base64_decode_16(char *out, const char *in)
{
    const __m128i mask = _mm_set1_epi8(0x0f);
    __m128i x = base64_row(in);
    __m128i high = _mm_and_si128(_mm_srli_epi32(x, 4), mask);
    __m128i bad = _mm_and_si128(_mm_shuffle_epi8(base64_row(base64_low), _mm_and_si128(x, mask)),
                                _mm_shuffle_epi8(base64_row(base64_high), high));
    __m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('/'));

    if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xffff)
        return false;
    x = _mm_add_epi8(x, _mm_shuffle_epi8(base64_row(base64_roll), _mm_add_epi8(slash, high)));
    x = _mm_madd_epi16(_mm_maddubs_epi16(x, _mm_set1_epi32(0x01400140)), _mm_set1_epi32(0x00011000));
    _mm_storeu_si128((__m128i *)(void *)out, _mm_shuffle_epi8(x, base64_row(base64_pack)));
    return true;
}

#if defined(OPS_SIMD_AVX2)
static inline __m256i base64_rows(const void *entries)
{
    return _mm256_broadcastsi128_si256(base64_row(entries));
}

static inline bool base64_decode_32(char *out, const char *in)
{
    const __m256i mask = _mm256_set1_epi8(0x0f);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)in);
    __m256i high = _mm256_and_si256(_mm256_srli_epi32(x, 4), mask);
    __m256i slash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('/'));

    if (_mm256_testz_si256(_mm256_shuffle_epi8(base64_rows(base64_low), _mm256_and_si256(x, mask)),
                           _mm256_shuffle_epi8(base64_rows(base64_high), high)) == 0)
        return false;
    x = _mm256_add_epi8(x, _mm256_shuffle_epi8(base64_rows(base64_roll), _mm256_add_epi8(slash, high)));
    x = _mm256_madd_epi16(_mm256_maddubs_epi16(x, _mm256_set1_epi32(0x01400140)), _mm256_set1_epi32(0x00011000));
    x = _mm256_shuffle_epi8(x, base64_rows(base64_pack));
    x = _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)out, x);
    return true;
}
#endif

/* Decodes groups of four letters up to the first other character, or near it; returns how many characters of them. */
static inline size_t base64_decode_blocks(char *out, const char *in, size_t len)
{
    size_t whole = len / 4 * 4, i = 0;

    if (whole > 0 && in[whole - 1] == '=')
        whole -= 4;
#if defined(OPS_SIMD_AVX2)
    for (; whole - i >= 32 && base64_decode_32(out, in + i); i += 32)
        out += 24;
#endif
    for (; whole - i >= 16 && base64_decode_16(out, in + i); i += 16)
        out += 12;
    if (i < whole && i >= 16 && whole - i < 16) {
        size_t back = 16 - (whole - i);

        if (base64_decode_16(out - back / 4 * 3, in + i - back))
            return whole;
    }
    return i;
}

#elif defined(OPS_SIMD_NEON)

static inline size_t base64_decode_blocks(char *out, const char *in, size_t len)
{
    const uint8x16x4_t first = base64_rows(base64_values), second = base64_rows(base64_values + 64);
    size_t i = 0;

    for (; len - i >= 64; i += 64, out += 48) {
        uint8x16x4_t x = vld4q_u8((const uint8_t *)in + i);
        uint8x16_t bad = vdupq_n_u8(0);
        uint8x16x3_t y;
        unsigned k;

        for (k = 0; k < 4; k++) { /* an index outside of its table gives 0; characters above 127 are bad as they are */
            uint8x16_t value = vqtbl4q_u8(first, x.val[k]);

            value = vorrq_u8(value, vqtbl4q_u8(second, vsubq_u8(x.val[k], vdupq_n_u8(64))));
            bad = vorrq_u8(bad, vorrq_u8(value, vandq_u8(x.val[k], vdupq_n_u8(0x80))));
            x.val[k] = value;
        }
        if (vmaxvq_u8(bad) > 63)
            break;
        y.val[0] = vorrq_u8(vshlq_n_u8(x.val[0], 2), vshrq_n_u8(x.val[1], 4));
        y.val[1] = vorrq_u8(vshlq_n_u8(x.val[1], 4), vshrq_n_u8(x.val[2], 2));
        y.val[2] = vorrq_u8(vshlq_n_u8(x.val[2], 6), x.val[3]);
        vst3q_u8((uint8_t *)out, y);
    }
    return i;
}

#else

static inline size_t base64_decode_blocks(char *out, const char *in, size_t len)
{
    (void)out;
    (void)in;
    (void)len;
    return 0;
}

#endif

/* Groups of four letters, up to the first other character; returns how many characters of them. */
static inline size_t base64_decode_letters(char *out, const char *in, size_t len)
{
    size_t i = base64_decode_blocks(out, in, len);

    out += i / 4 * 3;
    for (; len - i >= 4; i += 4, out += 3) {
        unsigned a = base64_value(in[i]), b = base64_value(in[i + 1]), c = base64_value(in[i + 2]);
        unsigned d = base64_value(in[i + 3]);

        if ((a | b | c | d) > 63)
            break;
        out[0] = (char)(a << 2 | b >> 4);
        out[1] = (char)((b << 4 & 0xff) | c >> 2);
        out[2] = (char)((c << 6 & 0xff) | d);
    }
    return i;
}

/* A group of four among white space, from `*at`, which it moves behind it; with padding also behind all white space.
 * Returns how many bytes it means, 0 at the end of the text; 4: the character at `*at` is wrong. */
static size_t base64_decode_group(char *out, const char *in, size_t len, size_t *at)
{
    uint32_t bits = 0;
    unsigned letters = 0, pads = 0;

    for (; *at < len && (letters < 4 || pads > 0); ++*at) {
        unsigned value = base64_value(in[*at]);

        if (value == BASE64_SPACE)
            continue;
        if (value == BASE64_PAD && letters >= 2 && letters + pads < 4) {
            pads++;
            continue;
        }
        if (value > 63 || pads > 0)
            return 4;
        bits |= value << (18 - 6 * letters);
        letters++;
    }
    if (letters + pads != 4)
        return letters + pads == 0 ? 0 : 4;
    out[0] = (char)(bits >> 16);
    out[1] = (char)(bits >> 8 & 0xff);
    out[2] = (char)(bits & 0xff);
    return 3 - pads;
}

size_t ops_base64_decode(char *out, const char *in, size_t len, size_t *bad)
{
    char *begin = out;
    size_t i = 0;

    while (i < len) {
        size_t done = base64_decode_letters(out, in + i, len - i), group;

        i += done;
        out += done / 4 * 3;
        if (i == len)
            break;
        group = base64_decode_group(out, in, len, &i);
        if (group == 4) {
            *bad = i;
            return SIZE_MAX;
        }
        out += group;
    }
    return (size_t)(out - begin);
}
