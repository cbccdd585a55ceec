#include "run/torch/op_arguments.h"

#include "base/text.h"

#include <algorithm>

#include <c10/util/Exception.h>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// 16 GB of float32: more than any activation that runs here has.
constexpr std::int64_t kMostElements = std::int64_t{1} << 32;
constexpr std::int64_t kSizeLimit = std::int64_t{1} << 31;
constexpr std::int64_t kMostIntegers = 1 << 20;

/// nullptr where the node has none.
const Attribute *attributeOfKind(
    const OpCall &call, std::string_view name, Attribute::Kind kind, std::string_view wanted)
{
    const Attribute *found = call.node.attribute(name);
    if (found != nullptr && found->kind != kind)
        throw RunError(fmt::format("its attribute '{}' is not {}", name, wanted));
    return found;
}

} // namespace

bool isGiven(const OpCall &call, std::size_t position)
{
    return position < call.inputs.size() && !call.inputs[position].isNone();
}

at::Tensor optionalTensor(const OpCall &call, std::size_t position)
{
    return isGiven(call, position) ? call.tensor(position) : at::Tensor();
}

Int64s integersArgument(const OpCall &call, std::size_t position)
{
    const at::Tensor given = call.tensor(position);
    if (!c10::isIntegralType(given.scalar_type(), false) || given.numel() > kMostIntegers)
        throw RunError(fmt::format("its input {} is no short list of integers", position + 1));
    const at::Tensor wide = given.to(at::kLong).contiguous();
    const auto *first = wide.data_ptr<std::int64_t>();
    return {first, first + wide.numel()};
}

std::int64_t integerArgument(const OpCall &call, std::size_t position)
{
    const Int64s values = integersArgument(call, position);
    if (values.size() != 1)
        throw RunError(fmt::format("its input {} has {} elements instead of one", position + 1, values.size()));
    return values[0];
}

double realArgument(const OpCall &call, std::size_t position)
{
    const at::Tensor given = call.tensor(position);
    if (given.numel() != 1)
        throw RunError(fmt::format("its input {} has {} elements instead of one", position + 1, given.numel()));
    return given.item().toDouble();
}

Int64s integersAttribute(const OpCall &call, std::string_view name, Int64s missing)
{
    const Attribute *found = attributeOfKind(call, name, Attribute::Kind::Ints, "a list of integers");
    return found == nullptr ? missing : found->ints;
}

double realAttribute(const OpCall &call, std::string_view name, double missing)
{
    const Attribute *found = attributeOfKind(call, name, Attribute::Kind::Float, "a number");
    return found == nullptr ? missing : static_cast<double>(found->f);
}

std::string textAttribute(const OpCall &call, std::string_view name, std::string missing)
{
    const Attribute *found = attributeOfKind(call, name, Attribute::Kind::String, "a text");
    return found == nullptr ? missing : found->s;
}

Int64s integersOf(const OpCall &call, std::string_view attribute, std::size_t input)
{
    if (isGiven(call, input))
        return integersArgument(call, input);
    return integersAttribute(call, attribute);
}

std::int64_t axisOf(std::int64_t axis, std::int64_t rank)
{
    if (axis < -rank || axis >= rank)
        throw RunError(fmt::format("axis {} is none of a tensor with {} axes", axis, rank));
    return axis < 0 ? axis + rank : axis;
}

Int64s axesOf(const Int64s &axes, std::int64_t rank)
{
    Int64s out;
    for (const std::int64_t axis : axes)
        out.push_back(axisOf(axis, rank));
    return out;
}

void requireSizes(std::span<const std::int64_t> sizes, std::int64_t least, std::string_view what)
{
    for (const std::int64_t size : sizes)
        if (size < least || size >= kSizeLimit)
            throw RunError(fmt::format("{} cannot be {}", what, size));
}

void requireElements(std::span<const std::int64_t> shape)
{
    std::int64_t count = 1;
    for (const std::int64_t size : shape) {
        if (size < 0)
            throw RunError(fmt::format("its result would have an axis of {}", size));
        if (size == 0)
            return;
        if (size > kMostElements / count)
            throw RunError(fmt::format("its result would have more than {} elements", kMostElements));
        count *= size;
    }
}

c10::ScalarType onnxScalarType(std::int64_t onnxType)
{
    switch (onnxType) { // TensorProto.DataType of onnx.proto
    case 1: return at::kFloat;
    case 2: return at::kByte;
    case 3: return at::kChar;
    case 4: return at::kInt;
    case 5: return at::kShort;
    case 6: return at::kInt;
    case 7: return at::kLong;
    case 9: return at::kBool;
    case 10: return at::kHalf;
    case 11: return at::kDouble;
    case 12: return at::kLong;
    case 16: return at::kBFloat16;
    default: throw RunError(fmt::format("libtorch holds no elements of ONNX type {}", onnxType));
    }
}

OpValues oneValue(at::Tensor value) { return {c10::IValue(std::move(value))}; }

std::string reasonOf(const std::exception &error)
{
    const auto *own = dynamic_cast<const c10::Error *>(&error);
    std::string text = own != nullptr ? own->what_without_backtrace() : error.what();
    text.resize(std::min(text.size(), text.find('\n')));
    return printable(text);
}

} // namespace quantscope
