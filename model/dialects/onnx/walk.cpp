#include "dialects/onnx/walk.h"

#include "base/text.h"
#include "dialects/folding/fold_quantize.h"
#include "dialects/folding/fold_shapes.h"
#include "graph/onnx_types.h"
#include "tensor/memory_tensor.h"
#include "tensor/minifloat_pattern.h"

#include <algorithm>

namespace quantscope::interpret {

namespace {

/// Longest path of reshaping operators that is followed; exporters leave fewer than five.
constexpr int kLongestPath = 64;

bool isOneOf(std::string_view word, std::initializer_list<std::string_view> words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Domains that hold QONNX operators: Brevitas up to 0.11, FINN's old one, qonnx's own; Brevitas 0.6 wrote none.
bool isQonnxDomain(std::string_view domain)
{
    return domain.empty() || domain == "onnx.brevitas" || domain == "finn.custom_op.general"
        || domain.rfind("qonnx.custom_op", 0) == 0;
}

std::optional<std::vector<std::int64_t>> axesOf(
    Folder &folder, const Node &node, std::size_t position, std::string_view attribute)
{
    if (node.input(position) != kNoValue)
        return folder.fold(node.input(position)).integers();
    const Attribute *found = node.attribute(attribute);
    return found != nullptr && found->kind == Attribute::Kind::Ints ? std::optional(found->ints) : std::nullopt;
}

std::shared_ptr<const TensorInfo> transposed(const Node &node, const TensorInfo &from)
{
    const std::vector<std::size_t> axes = folding::permutationOf(node, from.shape.size());
    const std::vector<std::int64_t> strides = from.strides.empty() ? contiguousStrides(from.shape) : from.strides;
    auto out = std::make_shared<TensorInfo>(from);
    out->strides.resize(axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) {
        out->shape[i] = from.shape[axes[i]];
        out->strides[i] = strides[axes[i]];
    }
    return out;
}

/// Small floats as their bit patterns, packed as ONNX packs them.
std::shared_ptr<const TensorInfo> patternTensor(const FoldedValue &value, const std::string &name)
{
    const std::vector<float> floats = value.floats();
    const unsigned bits = dtypeBits(value.dtype), perByte = 8 / bits;
    std::vector<std::byte> bytes((floats.size() + perByte - 1) / perByte, std::byte{0});
    for (std::size_t i = 0; i < floats.size(); ++i)
        bytes[i / perByte] |= static_cast<std::byte>(
            minifloatPatternOf(value.dtype, floats[i], true).value_or(0) << (i % perByte * bits));
    return memoryTensor(name, value.dtype, value.shape, std::span<const std::byte>(bytes));
}

std::shared_ptr<const TensorInfo> ownedTensor(const FoldedValue &value, const std::string &name)
{
    if (isMinifloat(value.dtype))
        return patternTensor(value, name);
    const DType dtype = value.isFloat() ? DType::Float32 : DType::Int64;
    return std::visit(
        [&](const auto &elements) { return memoryTensor(name, dtype, value.shape, std::span(elements)); }, value.data);
}

/// Does a cast from one integer type to another keep every code?
bool holdsAll(DType to, DType from)
{
    if (!isInteger(to) || !isInteger(from))
        return to == from;
    const unsigned extra = isSigned(to) && !isSigned(from) ? 1 : 0;
    return (isSigned(to) || !isSigned(from)) && dtypeBits(to) >= dtypeBits(from) + extra;
}

} // namespace

bool keepsValues(const Node &node)
{
    return node.domain.empty()
        && isOneOf(node.opType, {"Identity", "Cast", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"});
}

bool isQuant(const Node &node) { return isOneOf(node.opType, {"Quant", "IntQuant"}) && isQonnxDomain(node.domain); }
bool isBipolar(const Node &node) { return node.opType == "BipolarQuant" && isQonnxDomain(node.domain); }
bool isTrunc(const Node &node)
{
    return node.opType == "Trunc" && isQonnxDomain(node.domain) && node.inputs.size() >= 5;
}
bool isFloatQuant(const Node &node) { return node.opType == "FloatQuant" && isQonnxDomain(node.domain); }
bool isQuantize(const Node &node) { return folding::isQuantizeLinear(node); }
bool isDequantize(const Node &node) { return folding::isDequantizeLinear(node); }
bool isFixNeuron(const Node &node) { return node.opType == "FixNeuron" && !node.domain.empty(); }

bool castHolds(const Node &cast, DType codes)
{
    return holdsAll(dtypeFromOnnx(static_cast<std::uint64_t>(cast.integer("to", 0))), codes);
}

Source sourceOf(const Graph &graph, ValueId value)
{
    for (int step = 0; step < kLongestPath; ++step) {
        const Value *v = graph.value(value);
        if (v == nullptr || v->tensor || !v->producer)
            return {value, std::nullopt};
        const Node &node = graph.nodes[*v->producer];
        if (!keepsValues(node) || node.input(0) == kNoValue)
            return {value, v->producer};
        value = node.input(0);
    }
    return {kNoValue, std::nullopt};
}

std::optional<Shape> Constants::shapeBehind(const Node &node, const Shape &from)
{
    const Limits limits;
    if (node.opType == "Transpose") {
        Shape out;
        for (const std::size_t axis : folding::permutationOf(node, from.size()))
            out.push_back(from[axis]);
        return out;
    }
    if (node.opType == "Flatten")
        return folding::flattenedShape(from, node.integer("axis", 1), limits);
    if (node.opType == "Squeeze")
        return folding::squeezedShape(from, axesOf(m_folder, node, 1, "axes"));
    const auto wanted = axesOf(m_folder, node, 1, node.opType == "Reshape" ? "shape" : "axes");
    if (!wanted)
        return std::nullopt;
    return node.opType == "Reshape" ? folding::reshapedTo(from, *wanted, node.integer("allowzero", 0) != 0, limits)
                                    : folding::unsqueezedShape(from, *wanted, limits);
}

std::shared_ptr<const TensorInfo> Constants::reshaped(const Node &node, const TensorInfo &from)
{
    if (!from.isContiguous())
        return nullptr;
    auto shape = shapeBehind(node, from.shape);
    if (!shape)
        return nullptr;
    auto out = std::make_shared<TensorInfo>(from);
    out->shape = std::move(*shape);
    out->strides.clear();
    return out;
}

std::shared_ptr<const TensorInfo> Constants::viewAt(ValueId value, int depth, bool codes)
{
    const Value *v = graph().value(value);
    if (v == nullptr || depth > kLongestPath)
        return nullptr;
    if (v->tensor)
        return {m_file, &m_file->tensors.at(*v->tensor)};
    const Node *node = graph().producerOf(value);
    const bool clip = codes && node != nullptr && node->opType == "Clip" && node->domain.empty();
    if (node == nullptr || !(keepsValues(*node) || clip))
        return nullptr;
    auto from = viewAt(node->input(0), depth + 1, codes);
    if (from == nullptr || node->opType == "Identity" || clip)
        return from;
    if (node->opType == "Cast")
        return codes && castHolds(*node, from->dtype) ? from : nullptr;
    if (!from->problem.empty())
        return nullptr;
    return node->opType == "Transpose" ? transposed(*node, *from) : reshaped(*node, *from);
}

std::shared_ptr<const TensorInfo> Constants::view(ValueId value)
{
    try {
        return viewAt(value, 0, false);
    } catch (const ParseError &) {
        return nullptr; // said where the tensor is needed
    }
}

std::shared_ptr<const TensorInfo> Constants::codesView(ValueId value)
{
    try {
        return viewAt(value, 0, true);
    } catch (const ParseError &) {
        return nullptr;
    }
}

std::shared_ptr<const TensorInfo> Constants::tensor(ValueId value)
{
    if (auto direct = viewAt(value, 0, false))
        return direct;
    return computed(value);
}

std::shared_ptr<const TensorInfo> Constants::computed(ValueId value)
{
    const Value *v = graph().value(value);
    const FoldedValue &folded = m_folder.fold(value);
    const std::string name = v == nullptr ? std::string() : v->name;
    if (folded.orderDependent)
        throw NotConstant(
            "'" + printable(name) + "' rests on a float32 mean, whose last bit depends on the order of addition");
    return ownedTensor(folded, name);
}

} // namespace quantscope::interpret
