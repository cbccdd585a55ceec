#pragma once

#include "export/export_array.h"
#include "export/writers/writer.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quantscope {

/// Calls visit(source index, code, exported position) for every element of an array in source order, with codes
/// computed afresh: not through the CodeStream that the writers read.
template <class Visit> void visitModelCodes(const ExportArray &array, const CodesWritten &step, Visit visit)
{
    constexpr std::uint64_t kChunk = 1 << 14;
    const Shape &shape = array.slot->tensor->shape;
    CodeReader reader(*array.slot);
    std::vector<std::int64_t> codes;
    const std::uint64_t row = shape.empty() ? 1 : static_cast<std::uint64_t>(shape.back());
    std::uint64_t position = 0, stride = 0;
    for (std::uint64_t begin = 0; begin < array.count; begin += codes.size()) {
        codes.resize(std::min(kChunk, array.count - begin));
        reader.integers(begin, codes);
        for (std::size_t i = 0; i < codes.size(); ++i, position += stride) {
            if ((begin + i) % row == 0) { // along the last axis positions are evenly spaced
                position = array.layout.exportedIndex(begin + i, shape);
                stride = row > 1 ? array.layout.exportedIndex(begin + i + 1, shape) - position : 0;
            }
            visit(begin + i, codes[i], position);
        }
        if (step)
            step(codes.size());
    }
}

} // namespace quantscope
