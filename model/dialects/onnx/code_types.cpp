#include "dialects/onnx/code_types.h"

#include "dialects/onnx/qoperators.h"
#include "graph/onnx_types.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr int kLongestTypePath = 64;

/// Operators whose result has the type of their first operand.
bool keepsType(const Node &node)
{
    static constexpr std::array<std::string_view, 14> kOperators = {"Identity", "Transpose", "Reshape", "Flatten",
        "Squeeze", "Unsqueeze", "MaxPool", "Slice", "Gather", "Pad", "Split", "Resize", "Concat", "Clip"};
    return (node.domain.empty() || node.domain.starts_with("com.m"))
        && std::ranges::find(kOperators, node.opType) != kOperators.end();
}

DType quantizedType(Constants &constants, const Node &quantize)
{
    if (quantize.input(2) != kNoValue)
        return constants.folder().fold(quantize.input(2)).dtype;
    const std::int64_t stated = quantize.integer("output_dtype", 0);
    return stated == 0 ? DType::UInt8 : dtypeFromOnnx(static_cast<std::uint64_t>(stated));
}

} // namespace

void setFullRange(Quantizer &q, DType container)
{
    const std::string type(dtypeName(container));
    const auto bits = static_cast<int>(dtypeBits(container));
    if (!isInteger(container) && !isMinifloat(container))
        throw ParseError("codes of the type " + type);
    q.rule = CodeRule::Stored;
    q.isSigned = isSigned(container);
    q.narrow = false;
    const Provenance read{Origin::Read, "the codes are " + type};
    q.origin["signed"] = read;
    if (isMinifloat(container)) {
        q.kind = QuantizerKind::Minifloat;
        q.rule = CodeRule::BitPattern;
        q.isSigned = container != DType::Float8E8M0;
        q.bitWidth = bits;
        q.origin["bit_width"] = q.origin["narrow"] = read;
        return;
    }
    q.origin["narrow"] = {Origin::Computed, "the full range of " + type};
    if (bits >= 32) {
        q.storageBits = bits;
        return;
    }
    q.bitWidth = bits;
    q.origin["bit_width"] = {Origin::Computed, "the full range of " + type};
}

DType typeOfCodes(Constants &constants, ValueId codes)
{
    const Graph &graph = constants.graph();
    for (int step = 0; step < kLongestTypePath; ++step) {
        if (const auto view = constants.view(codes))
            return view->dtype;
        const Node *maker = graph.producerOf(codes);
        if (maker == nullptr)
            return DType::Unknown;
        if (isQuantize(*maker))
            return quantizedType(constants, *maker);
        if (isDynamicQuantize(*maker))
            return DType::UInt8;
        const QOperator *op = findQOperator(*maker);
        if (op == nullptr && !keepsType(*maker))
            return DType::Unknown;
        if (op != nullptr) {
            const CodedOperand made = operandOf(*maker, op->output);
            if (made.scale == kNoValue)
                return DType::Unknown;
            if (made.zeroPoint != kNoValue)
                return constants.folder().fold(made.zeroPoint).dtype;
        }
        codes = op != nullptr ? operandOf(*maker, op->first).codes : maker->input(0);
    }
    return DType::Unknown;
}

} // namespace quantscope::interpret
