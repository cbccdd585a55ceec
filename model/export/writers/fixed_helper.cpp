#include "export/writers/fixed_helper.h"

namespace quantscope {

// The rows "raw -> value" differ by library: ap_fixed and ac_fixed take a slice of bits, sc_fixed takes bit by bit
// (its range() would go through arbitrary-width vectors). Compiled against the real libraries for all signs and for
// I < 0, 0 < I < W and I > W. Conversions of numbers are avoided: they would round and wrap.
std::string_view fixedHelperText()
{
    return R"(/* quantscope_fixed.h: fixed-point types and their raw bits, for the headers that QuantScope writes.
 *
 * C++11 or later. Define one of QUANTSCOPE_AP, QUANTSCOPE_AC, QUANTSCOPE_SC and include its library before this file:
 *   QUANTSCOPE_AP   <ap_fixed.h>                          ap_fixed, ap_ufixed
 *   QUANTSCOPE_AC   <ac_fixed.h>                          ac_fixed
 *   QUANTSCOPE_SC   SC_INCLUDE_FX defined, <systemc.h>    sc_fixed, sc_ufixed
 *
 *   QUANTSCOPE_FIXED(W, I, S)        the type of W bits, I of them (with the sign) left of the binary point; S: signed
 *   quantscope_from_raw<T, W>(raw)   the T whose W bits are the low bits of raw: raw * 2^-(W-I), exactly
 */
#ifndef QUANTSCOPE_FIXED_POINT_HELPER
#define QUANTSCOPE_FIXED_POINT_HELPER

#if defined(QUANTSCOPE_AP)

template <int W, int I, bool S> struct quantscope_fixed_type { typedef ap_fixed<W, I> type; };
template <int W, int I> struct quantscope_fixed_type<W, I, false> { typedef ap_ufixed<W, I> type; };

template <class T, int W> inline T quantscope_from_raw(long long raw)
{
    T value = 0;
    value.range(W - 1, 0) = ap_uint<W>(static_cast<unsigned long long>(raw));
    return value;
}

#elif defined(QUANTSCOPE_AC)

template <int W, int I, bool S> struct quantscope_fixed_type { typedef ac_fixed<W, I, S> type; };

template <class T, int W> inline T quantscope_from_raw(long long raw)
{
    T value = 0;
    value.set_slc(0, ac_int<W, false>(static_cast<unsigned long long>(raw)));
    return value;
}

#elif defined(QUANTSCOPE_SC)

template <int W, int I, bool S> struct quantscope_fixed_type { typedef sc_dt::sc_fixed<W, I> type; };
template <int W, int I> struct quantscope_fixed_type<W, I, false> { typedef sc_dt::sc_ufixed<W, I> type; };

template <class T, int W> inline T quantscope_from_raw(long long raw)
{
    T value = 0;
    for (int bit = 0; bit < W; ++bit)
        value[bit] = ((static_cast<unsigned long long>(raw) >> bit) & 1u) != 0;
    return value;
}

#else
#error "quantscope_fixed.h: define QUANTSCOPE_AP, QUANTSCOPE_AC or QUANTSCOPE_SC"
#endif

#define QUANTSCOPE_FIXED(W, I, S) quantscope_fixed_type<W, I, S>::type

#endif /* QUANTSCOPE_FIXED_POINT_HELPER */
)";
}

} // namespace quantscope
