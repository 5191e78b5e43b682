/* Doubles as ECMAScript writes and reads them.
 *
 * Both directions multiply by a power of ten known to 128 bits, whose error is below DOUBLE_POWER_ERROR units of its last
 * place. Where that error could change the answer (exact ties of long numbers, about one in 2^60 others), big integers
 * decide. So the answer is exact, and the speed does not hang on them.
 *
 * Writing follows R. Giulietti's Schubfach: of the multiples of 10^(k+1) around the value at most one reads back as it; if
 * none does, one of the two neighbours of the value at 10^k must. */
#include "runtime/base/num.h"

#include "runtime/base/double_exact.h"

enum { DOUBLE_DIGITS = 19 /* that always fit a uint64_t */ };

/* A value being written, or one end of the interval that reads back as it: quarters * 2^e2, and that divided by 10^e10. */
struct double_point {
    uint64_t quarters;
    int e2, e10;
    struct double_u128 scaled; /* 66 bits are behind the point; too small by less than 2 of the last place */
    bool exact;                /* not too small at all */
};

/* Sign of point - halves / 2 * 10^e10. */
static int double_point_compare(const struct double_point *p, uint64_t halves)
{
    struct double_big decimal;
    uint64_t high = halves << 1; /* below: 64 zero bits */
    bool equal = p->scaled.high == high && p->scaled.low == 0;
    bool just_below = p->scaled.high + 1 == high && p->scaled.low == UINT64_MAX;

    if (p->exact && equal)
        return 0;
    if (p->exact || (!equal && !just_below))
        return p->scaled.high < high ? -1 : 1;
    double_big_set(&decimal, halves);
    return -double_big_compare(&decimal, p->e10, p->quarters, p->e2 + 1);
}

static inline struct double_point double_point_at(uint64_t quarters, int e2, int e10, struct double_u128 power,
                                                  int shift, bool exact)
{
    struct double_point p;
    bool lost;

    p.quarters = quarters;
    p.e2 = e2;
    p.e10 = e10;
    p.scaled = double_mul_128(power, quarters << shift, &lost);
    p.exact = exact && !lost;
    return p;
}

/* The shortest decimal that reads back as c * 2^e2; of those the nearest. */
static uint64_t double_shortest(uint64_t c, int e2, bool at_power_of_two, int *e10)
{
    int k = (e2 * 1262611 - (at_power_of_two ? 524031 : 0)) >> 22; /* log10 of the interval's width */
    int tie = (c & 1) == 0; /* an end belongs to the interval when the value is even */
    struct double_point low, value, high;
    struct double_u128 power;
    int power_e2, shift, side;
    uint64_t below, ten;
    bool exact, below_in;

    power = double_power_of_ten(-k, &power_e2, &exact);
    shift = e2 + power_e2 + 128; /* 0 to 5, by the choice of k */
    low = double_point_at(c * 4 - (at_power_of_two ? 1 : 2), e2 - 2, k, power, shift, exact);
    value = double_point_at(c * 4, e2 - 2, k, power, shift, exact);
    high = double_point_at(c * 4 + 2, e2 - 2, k, power, shift, exact);
    below = value.scaled.high >> 2;
    ten = below / 10 * 10;

    *e10 = k;
    if (double_point_compare(&low, ten * 2) < tie)
        return ten;
    if (double_point_compare(&high, (ten + 10) * 2) > -tie)
        return ten + 10;
    below_in = double_point_compare(&low, below * 2) < tie;
    if (!below_in || double_point_compare(&high, below * 2 + 2) <= -tie)
        return below + !below_in;
    side = double_point_compare(&value, below * 2 + 1);
    return below + (side > 0 || (side == 0 && (below & 1) != 0));
}

/* Number::toString of digits * 10^e10, without zeros at the end of the digits. */
static char *double_format(char *out, uint64_t digits, int e10)
{
    char text[OPS_INT64_CHARS];
    size_t count = (size_t)(ops_uint64_write(text, digits) - text);
    int point = (int)count + e10; /* digits in front of it */

    if (point > 21 || point < -5) {
        *out++ = text[0];
        if (count > 1) {
            *out++ = '.';
            memcpy(out, text + 1, count - 1);
            out += count - 1;
        }
        *out++ = 'e';
        if (point > 0)
            *out++ = '+';
        return ops_int64_write(out, point - 1);
    }
    if (point <= 0) {
        memcpy(out, "0.00000", 7);
        out += 2 - point;
        memcpy(out, text, count);
        return out + count;
    }
    if ((size_t)point >= count) {
        memcpy(out, text, count);
        memset(out + count, '0', (size_t)point - count);
        return out + point;
    }
    memcpy(out, text, (size_t)point);
    out[point] = '.';
    memcpy(out + point + 1, text + point, count - (size_t)point);
    return out + count + 1;
}

char *ops_double_write(char *out, double value)
{
    const uint64_t hidden = UINT64_C(1) << 52;
    uint64_t bits, c, digits;
    int e2, e10;

    if (value < 0) {
        *out++ = '-';
        value = -value;
    }
    if (value < 9007199254740992.0 && (double)(uint64_t)value == value)
        return ops_uint64_write(out, (uint64_t)value);

    memcpy(&bits, &value, sizeof bits);
    c = bits & (hidden - 1);
    e2 = (int)(bits >> 52 & 0x7ff);
    if (e2 == 0)
        digits = double_shortest(c, -1074, false, &e10);
    else
        digits = double_shortest(c | hidden, e2 - 1075, c == 0 && e2 > 1, &e10);
    for (; digits % 10000 == 0; digits /= 10000)
        e10 += 4;
    for (; digits % 10 == 0; digits /= 10)
        e10++;
    return double_format(out, digits, e10);
}

/* A decimal number on its way to a double. */
struct double_token {
    const char *digits, *end; /* from the first digit that is not 0; has a point, and whatever follows the number */
    uint64_t head;            /* the first DOUBLE_DIGITS digits */
    int64_t e10;              /* value = head * 10^e10 when nothing was cut */
    bool cut;                 /* more digits follow, not all 0 */
};

/* The double below or at a decimal: m * 2^e2. */
struct double_floor {
    uint64_t m;
    int e2;
    int half; /* sign of decimal - (m + 1/2) * 2^e2, or DOUBLE_UNSURE */
};
enum { DOUBLE_UNSURE = 2 };

/* `head` is not 0; 10^e10 is one that double_power_of_ten knows. */
static struct double_floor double_floor_of(uint64_t head, int e10)
{
    struct double_floor result;
    struct double_u128 power, product;
    uint64_t rest, half;
    int shift = 0, power_e2, top, drop;
    bool exact, lost;

    while (head >> 63 == 0) {
        head <<= 1;
        shift++;
    }
    power = double_power_of_ten(e10, &power_e2, &exact);
    product = double_mul_128(power, head, &lost);
    top = power_e2 - shift + 191; /* weight of the highest bit */
    if (product.high >> 63 == 0) {
        product.high = product.high << 1 | product.low >> 63;
        product.low <<= 1;
        top--;
    }
    drop = top < -1022 ? 11 - 1022 - top : 11;
    result.e2 = top - 63 + drop;
    if (drop > 64) {
        result.m = 0;
        result.e2 = -1074;
        result.half = -1;
        return result;
    }
    result.m = drop == 64 ? 0 : product.high >> drop;
    half = UINT64_C(1) << (drop - 1);
    rest = product.high & (half - 1 + half);
    if (exact && !lost && rest == half && product.low == 0)
        result.half = 0;
    else if ((!exact || lost) && ((rest == half && product.low == 0) ||
                                  (rest == half - 1 && product.low >= UINT64_MAX - 2 * (DOUBLE_POWER_ERROR + 1))))
        result.half = DOUBLE_UNSURE;
    else
        result.half = rest < half ? -1 : 1;
    return result;
}

/* `half` of `f`, from all digits of the text. */
static int double_half_exactly(const struct double_token *t, const struct double_floor *f)
{
    struct double_big decimal;
    uint32_t chunk = 0, scale = 1;
    int count = 0;
    bool more = false;
    const char *at;

    double_big_set(&decimal, 0);
    for (at = t->digits; at < t->end && ((*at >= '0' && *at <= '9') || *at == '.'); at++) {
        if (*at == '.')
            continue;
        if (count == DOUBLE_BIG_DIGITS) {
            more = more || *at != '0';
            continue;
        }
        chunk = chunk * 10 + (uint32_t)(*at - '0');
        scale *= 10;
        count++;
        if (scale == 1000000000) {
            double_big_mul_add(&decimal, scale, chunk);
            chunk = 0;
            scale = 1;
        }
    }
    double_big_mul_add(&decimal, scale, chunk);
    if (more) { /* stands for all digits that follow */
        double_big_mul_add(&decimal, 10, 1);
        count++;
    }
    return double_big_compare(&decimal, (int)t->e10 + (count < DOUBLE_DIGITS ? 0 : DOUBLE_DIGITS - count), f->m * 2 + 1,
                              f->e2 - 1);
}

static double double_nearest(const struct double_token *t)
{
    const uint64_t infinity = UINT64_C(0x7ff) << 52;
    struct double_floor f, above;
    uint64_t bits;
    double value;

    if (t->head == 0 || t->e10 < -343)
        return 0;
    bits = infinity;
    if (t->e10 <= 308) {
        f = double_floor_of(t->head, (int)t->e10);
        if (t->cut && f.half != DOUBLE_UNSURE) {
            above = double_floor_of(t->head + 1, (int)t->e10);
            if (f.half == 0 || (f.half < 0 && (above.m != f.m || above.half >= 0)))
                f.half = DOUBLE_UNSURE;
        }
        if (f.half == DOUBLE_UNSURE)
            f.half = double_half_exactly(t, &f);
        if (f.half > 0 || (f.half == 0 && (f.m & 1) != 0))
            f.m++;
        if (f.e2 <= 971) /* a carry out of m raises the exponent, as it should */
            bits = f.m + ((uint64_t)(f.e2 + 1074) << 52);
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Digits from `at`, which are behind the point when `fraction`. Returns where they end. */
static const char *double_take_digits(struct double_token *t, const char *at, const char *end, bool fraction, int *count)
{
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (*count < DOUBLE_DIGITS) {
            t->head = t->head * 10 + (uint64_t)(*at - '0');
            if (t->head != 0 && (*count)++ == 0)
                t->digits = at;
            t->e10 -= fraction;
        } else {
            t->cut = t->cut || *at != '0';
            t->e10 += !fraction;
        }
    }
    return at;
}

double ops_double_read(struct ops_str text)
{
    const int64_t exponent_max = INT64_C(100000000000000000); /* beyond the length of any text */
    const char *at = text.ptr, *end = text.ptr + text.len;
    struct double_token t;
    int64_t exponent = 0;
    int count = 0;
    double value, power;
    bool negative = at < end && *at == '-', small;

    t.digits = at;
    t.end = end;
    t.head = 0;
    t.e10 = 0;
    t.cut = false;
    at = double_take_digits(&t, at + negative, end, false, &count);
    if (at < end && *at == '.')
        at = double_take_digits(&t, at + 1, end, true, &count);
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        small = at < end && *at == '-';
        for (at += at < end && (*at == '-' || *at == '+'); at < end && *at >= '0' && *at <= '9'; at++) {
            if (exponent < exponent_max)
                exponent = exponent * 10 + (*at - '0');
        }
        t.e10 += small ? -exponent : exponent;
    }

    if (!t.cut && t.head <= UINT64_C(1) << 53 && t.e10 >= -DOUBLE_DIGITS && t.e10 <= DOUBLE_DIGITS) {
        /* both exact, so one correctly rounded operation is (Clinger) */
        int n = (int)(t.e10 < 0 ? -t.e10 : t.e10);

        power = (double)(double_fives[n] << n);
        value = t.e10 < 0 ? (double)t.head / power : (double)t.head * power;
    } else {
        value = double_nearest(&t);
    }
    return negative ? -value : value;
}
