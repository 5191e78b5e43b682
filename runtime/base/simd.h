/* Private: which vector unit the compiler was told to use. OPS_NO_SIMD forces the portable code, so that tests run both. */
#ifndef OPS_BASE_SIMD_H
#define OPS_BASE_SIMD_H

#if !defined(OPS_NO_SIMD) && defined(__AVX2__)
#define OPS_SIMD_AVX2 1
#endif
#if !defined(OPS_NO_SIMD) && defined(__SSSE3__)
#define OPS_SIMD_SSSE3 1
#endif
#if !defined(OPS_NO_SIMD) && defined(__SSE2__)
#define OPS_SIMD_SSE2 1
#include <immintrin.h>
#endif
#if !defined(OPS_NO_SIMD) && !defined(__SSE2__) && defined(__ARM_NEON) && defined(__aarch64__)
#define OPS_SIMD_NEON 1
#include <arm_neon.h>
#endif

#endif
