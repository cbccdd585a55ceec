#include "export/word_layout.h"

namespace quantscope {

WordLayout containerWords(const ExportArray &array, const Packing &)
{
    return {array.width, 1, array.containerBits(), true, array.count, 0};
}

WordLayout packedWords(const ExportArray &array, const Packing &packing)
{
    const auto perWord = static_cast<std::uint64_t>(packing.elements);
    WordLayout out;
    out.elementBits = array.width;
    out.elementsPerWord = packing.elements;
    out.wordBits = packing.elements * array.width;
    out.lsbFirst = packing.firstElement == "lsb";
    out.words = (array.count + perWord - 1) / perWord;
    out.paddingElements = out.words * perWord - array.count;
    return out;
}

} // namespace quantscope
