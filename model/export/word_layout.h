#pragma once

#include "export/export_array.h"
#include "export/export_request.h"

#include <cstdint>

namespace quantscope {

/// How the elements of one array lie in the words of its file. Element k of a word stands at bits k*e .. (k+1)*e-1,
/// or, with `msb` first, counted from the other end of the elements; what the last word lacks is zero.
struct WordLayout {
    int elementBits = 0;
    int elementsPerWord = 1;
    int wordBits = 0;
    bool lsbFirst = true;
    std::uint64_t words = 0;
    std::uint64_t paddingElements = 0; ///< of the last word

    /// The lowest bit of element `k` of a word.
    int lowestBit(int k) const { return (lsbFirst ? k : elementsPerWord - 1 - k) * elementBits; }
};

/// One element a word of the array's C type.
WordLayout containerWords(const ExportArray &array, const Packing &packing);
/// Words of as many bits as their elements need.
WordLayout packedWords(const ExportArray &array, const Packing &packing);

} // namespace quantscope
