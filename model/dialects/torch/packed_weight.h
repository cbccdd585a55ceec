#pragma once

#include "graph/model_file.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A weight that a checkpoint keeps as words of several codes, or as codes with what undoes them beside it.
struct PackedWeight {
    enum class Scheme {
        Gptq, ///< qweight [in * bits / 32][out]: a column is a stream of bits, low ones first
        Awq, ///< qweight [in][out / 8], as AWQ's GEMM kernels want it
        Int8, ///< bitsandbytes, LLM.int8(): the codes themselves, SCB the largest magnitude of each row
        Table, ///< bitsandbytes, nf4 and fp4: two codes a byte, the first in the high half
    };
    Scheme scheme = Scheme::Gptq;
    std::string layer; ///< whose weight it is, by the file's names
    std::size_t words = 0; ///< positions in ModelFile::tensors
    std::optional<std::size_t> scales, zeros, groups, table, format;
    std::vector<std::size_t> tensors; ///< all of them
    Shape shape; ///< of the codes: [in][out] of GPTQ and AWQ, [out][in] of bitsandbytes
    unsigned bits = 8;
    std::int64_t group = 0; ///< inputs, of a table elements in a row, that share a scale
    bool groupAssumed = false; ///< the last group is shorter, or there are other ways to divide the inputs
    std::string type; ///< "nf4", "fp4"
    std::string problem; ///< why it is not decoded; a sentence without its name

    bool isInputFirst() const { return scheme == Scheme::Gptq || scheme == Scheme::Awq; }
};

/// The packed weights of a file by the position of their words: patterns of names whose shapes fit. What bitsandbytes
/// says of a table is read, some 100 bytes; nothing else is.
std::map<std::size_t, PackedWeight> packedWeights(const ModelFile &file);

} // namespace quantscope
