#include "run/torch/quant_parameters.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::vector<float> parameterFloats(const at::Tensor &values)
{
    const at::Tensor floats = values.to(at::kFloat).contiguous();
    return {floats.data_ptr<float>(), floats.data_ptr<float>() + floats.numel()};
}

DType dtypeOf(at::ScalarType type)
{
    switch (type) {
    case at::kChar: return DType::Int8;
    case at::kByte: return DType::UInt8;
    case at::kShort: return DType::Int16;
    case at::kInt: return DType::Int32;
    case at::kLong: return DType::Int64;
    case at::kHalf: return DType::Float16;
    case at::kBFloat16: return DType::BFloat16;
    case at::kDouble: return DType::Float64;
    case at::kFloat: return DType::Float32;
    default: return DType::Unknown;
    }
}

} // namespace

Granular broadcastParameter(const at::Tensor &values, std::int64_t rank)
{
    Granular out{{}, std::nullopt, parameterFloats(values)};
    if (out.values.size() == 1)
        return out;
    if (values.dim() > rank)
        throw RunError("its scale has more axes than what it quantizes");
    out.shape.assign(static_cast<std::size_t>(rank), 1);
    for (std::int64_t axis = 0; axis < values.dim(); ++axis) {
        if (values.size(axis) == 1)
            continue;
        if (out.axis)
            throw RunError("its scales differ along several axes, which is not run");
        out.axis = static_cast<int>(rank - values.dim() + axis);
        out.shape[static_cast<std::size_t>(*out.axis)] = values.size(axis);
    }
    if (out.values.empty())
        throw RunError("it has no scale");
    return out;
}

Granular axisParameter(const at::Tensor &values, std::int64_t axis, std::int64_t rank)
{
    Granular out{{}, std::nullopt, parameterFloats(values)};
    if (out.values.size() == 1)
        return out;
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank || values.dim() != 1)
        throw RunError(fmt::format("its {} scales have no axis in {} axes", out.values.size(), rank));
    out.shape.assign(static_cast<std::size_t>(rank), 1);
    out.shape[static_cast<std::size_t>(axis)] = values.numel();
    out.axis = static_cast<int>(axis);
    return out;
}

float oneNumber(const OpCall &call, std::size_t input, const char *what)
{
    const std::vector<float> values = parameterFloats(call.tensor(input));
    if (values.empty() || std::ranges::any_of(values, [&](float value) { return value != values[0]; }))
        throw RunError(fmt::format("its {} is not one number", what));
    return values[0];
}

int wholeNumber(const OpCall &call, std::size_t input, const char *what, int low, int high)
{
    const float number = oneNumber(call, input, what);
    if (!(number >= static_cast<float>(low) && number <= static_cast<float>(high)) || number != std::floor(number))
        throw RunError(fmt::format("its {} {} is no whole number from {} to {}", what, shortest(number), low, high));
    return static_cast<int>(number);
}

Rounding roundingOf(const OpCall &call, const std::string &attribute, Rounding missing)
{
    const Attribute *found = call.node.attribute(attribute);
    if (found == nullptr)
        return missing;
    const auto rounding = roundingFromName(found->s);
    if (!rounding || *rounding == Rounding::LearnedRound)
        throw RunError(fmt::format("its rounding '{}' is not known here", printable(found->s)));
    return *rounding;
}

bool flagOf(const OpCall &call, const std::string &attribute, bool missing)
{
    return call.node.integer(attribute, missing ? 1 : 0) != 0;
}

Quantizer affineOf(const OpCall &call, std::size_t first, const std::string &prefix, std::int64_t rank)
{
    constexpr int kMostBits = 62;
    Quantizer q;
    q.scale = broadcastParameter(call.tensor(first), rank);
    q.zeroPoint = broadcastParameter(call.tensor(first + 1), rank);
    q.bitWidth = wholeNumber(call, first + 2, "bit width", 1, kMostBits);
    q.isSigned = flagOf(call, prefix + "signed", true);
    q.narrow = flagOf(call, prefix + "narrow", false);
    q.rounding = roundingOf(call, prefix + "rounding_mode", Rounding::Round);
    const auto isZero = [](float value) { return value == 0; };
    if (*q.bitWidth == 1 && *q.isSigned && std::ranges::all_of(q.zeroPoint->values, isZero)) {
        q.kind = QuantizerKind::Binary; // in QONNX one bit with a sign is -1 and +1
        q.rule = CodeRule::Threshold;
    }
    return q;
}

DType typeOfInput(const OpCall &call, std::size_t position)
{
    const Value *value = call.file.graph->value(call.node.input(position));
    if (value != nullptr && value->tensor)
        return call.file.tensors[*value->tensor].dtype;
    return call.input(position).isTensor() ? dtypeOf(call.tensor(position).scalar_type()) : DType::Unknown;
}

CodeRange rangeOf(DType dtype)
{
    if (!isInteger(dtype) || dtypeBits(dtype) > 32)
        throw RunError(fmt::format("codes of type {} are not run", dtypeName(dtype)));
    return codeRange(static_cast<int>(dtypeBits(dtype)), isSigned(dtype), false);
}

} // namespace quantscope
