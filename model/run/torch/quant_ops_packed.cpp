#include "run/torch/quant_ops_packed.h"

#include "run/torch/boxed_call.h"
#include "run/torch/packed_state.h"

#include <array>

#include <ATen/native/quantized/PackedParams.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/quantize_per_tensor.h>

namespace quantscope {

namespace {

at::Tensor floatsOf(const c10::IValue &value)
{
    if (!value.isTensor())
        throw RunError("what it computes with is no tensor");
    const at::Tensor tensor = value.toTensor();
    return tensor.is_quantized() ? tensor.dequantize() : tensor.to(at::kFloat);
}

at::Tensor operandFloats(const OpCall &call, std::size_t position) { return floatsOf(scriptArgument(call, position)); }

/// Its object, and the weight that another quantizer made for it.
struct PackedArgument {
    c10::IValue object;
    std::optional<at::Tensor> weight;
};

PackedArgument packedArgument(const OpCall &call)
{
    const c10::IValue given = scriptArgument(call, 1);
    if (!given.isTuple())
        return {given, {}};
    const auto &parts = given.toTupleRef().elements();
    return {parts.at(0), parts.at(1).toTensor()};
}

template <int dimensions> at::Tensor convolved(const OpCall &call, const at::Tensor &x)
{
    const PackedArgument packed = packedArgument(call);
    const auto parameters = packed.object.toCustomClass<ConvPackedParamsBase<dimensions>>();
    const auto [stored, bias] = parameters->unpack();
    at::Tensor weight = packed.weight.value_or(stored.dequantize());
    if (weight.dim() < dimensions + 2) // of conv1d, which is a convolution of images of one row
        weight = weight.unsqueeze(2);
    return at::convolution(x, weight, bias, parameters->stride().vec(), parameters->padding().vec(),
        parameters->dilation().vec(), parameters->transpose(), parameters->output_padding().vec(),
        parameters->groups());
}

at::Tensor convFloats(const OpCall &call)
{
    const at::Tensor x = operandFloats(call, 0);
    if (call.node.opType.find("3d") != std::string::npos)
        return convolved<3>(call, x);
    const bool isRow = call.node.opType.find("1d") != std::string::npos;
    return isRow ? convolved<2>(call, x.unsqueeze(2)).squeeze(2) : convolved<2>(call, x);
}

at::Tensor linearFloats(const OpCall &call)
{
    const PackedArgument packed = packedArgument(call);
    const auto [stored, bias] = packed.object.toCustomClass<LinearPackedParamsBase>()->unpack();
    return at::linear(operandFloats(call, 0), packed.weight.value_or(stored.dequantize()), bias);
}

at::Tensor addFloats(const OpCall &call) { return operandFloats(call, 0).add(operandFloats(call, 1)); }
at::Tensor mulFloats(const OpCall &call) { return operandFloats(call, 0).mul(operandFloats(call, 1)); }
at::Tensor sigmoidFloats(const OpCall &call) { return operandFloats(call, 0).sigmoid(); }
at::Tensor hardswishFloats(const OpCall &call) { return at::hardswish(operandFloats(call, 0)); }

at::Tensor leakyFloats(const OpCall &call)
{
    return at::leaky_relu(operandFloats(call, 0), scriptArgument(call, 1).toScalar());
}

at::Tensor catFloats(const OpCall &call)
{
    std::vector<at::Tensor> parts;
    for (const c10::IValue &part : scriptArgument(call, 0).toListRef())
        parts.push_back(floatsOf(part));
    return at::cat(parts, scriptArgument(call, 1).toInt());
}

at::Tensor normFloats(const OpCall &call)
{
    const auto optional = [&](std::size_t position) {
        const c10::IValue given = scriptArgument(call, position);
        return given.isTensor() ? given.toTensor() : at::Tensor();
    };
    return at::batch_norm(operandFloats(call, 0), optional(1), optional(2), optional(3), optional(4), false, 0,
        scriptArgument(call, 5).toDouble(), false);
}

/// What it rounds, and where its scale stands among its arguments; the zero point follows.
struct PackedRow {
    std::string_view opType; ///< also with "_relu" behind it
    at::Tensor (*floats)(const OpCall &);
    std::size_t scale = 2;
    std::uint64_t operands = 3;
};

constexpr std::array kPackedRows = {
    PackedRow{"conv1d", convFloats},
    PackedRow{"conv2d", convFloats},
    PackedRow{"conv3d", convFloats},
    PackedRow{"conv_transpose1d", convFloats},
    PackedRow{"conv_transpose2d", convFloats},
    PackedRow{"conv_transpose3d", convFloats},
    PackedRow{"linear", linearFloats},
    PackedRow{"add", addFloats},
    PackedRow{"mul", mulFloats},
    PackedRow{"cat", catFloats, 2, 1},
    PackedRow{"sigmoid", sigmoidFloats, 1, 1},
    PackedRow{"hardswish", hardswishFloats, 1, 1},
    PackedRow{"leaky_relu", leakyFloats, 3, 1},
    PackedRow{"batch_norm", normFloats, 6, 1},
    PackedRow{"batch_norm1d", normFloats, 6, 1},
    PackedRow{"batch_norm2d", normFloats, 6, 1},
    PackedRow{"batch_norm3d", normFloats, 6, 1},
};

constexpr std::string_view kBehindRelu = "_relu";

bool hasRelu(std::string_view opType) { return opType.ends_with(kBehindRelu) && opType != "leaky_relu"; }

const PackedRow &rowOf(const OpCall &call)
{
    std::string_view name = call.node.opType;
    if (hasRelu(name))
        name.remove_suffix(kBehindRelu.size());
    for (const PackedRow &row : kPackedRows)
        if (row.opType == name)
            return row;
    throw RunError("it is not known with floats");
}

/// Archives before torch 1.4 repeat the parameters of a convolution in front of its scale.
std::size_t scaleAt(const OpCall &call, const PackedRow &row)
{
    constexpr std::size_t kRepeated = 4;
    const bool isEarlier = row.floats == convFloats && !scriptArgument(call, row.scale + kRepeated).isNone();
    return row.scale + (isEarlier ? kRepeated : 0);
}

OpValues roundsWithin(const OpCall &call)
{
    if (call.floats == 0 && !call.wantsUnrounded)
        return runBoxed(call);
    const PackedRow &row = rowOf(call);
    const at::Tensor floats = hasRelu(call.node.opType) ? row.floats(call).relu() : row.floats(call);
    OpValues out;
    if (call.floats == 0) {
        out = runBoxed(call);
    } else {
        const std::size_t at = scaleAt(call, row);
        out = {at::quantize_per_tensor(floats.contiguous(), scriptArgument(call, at).toDouble(),
            scriptArgument(call, at + 1).toInt(), at::kQUInt8)};
    }
    out.emplace_back(floats);
    return out;
}

/// With floats for a weight the object is packed of other codes, for what else it says, and the weight stands beside.
template <OpValues (*pack)(const OpCall &)> OpValues packed(const OpCall &call)
{
    if (call.floats == 0)
        return pack(call);
    std::vector<c10::IValue> inputs(call.inputs.begin(), call.inputs.end());
    c10::IValue weight;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (call.hasFloats(i)) {
            weight = inputs[i];
            inputs[i] = at::quantize_per_tensor(weight.toTensor(), 1.0, 0, at::kQInt8);
        }
    OpCall own{call.node, call.file, call.opset, inputs};
    return {c10::ivalue::Tuple::create({pack(own).at(0), weight})};
}

constexpr std::uint64_t kAnyInput = ~std::uint64_t{0};
constexpr std::string_view kQuantized = "quantized", kClasses = "__torch__.torch.classes.quantized";

std::vector<OpRow> allPackedRows()
{
    static std::vector<std::string> names; // which rows point at
    for (const PackedRow &row : kPackedRows)
        names.push_back(std::string(row.opType) + std::string(kBehindRelu));
    std::vector<OpRow> rows;
    for (std::size_t i = 0; i < kPackedRows.size(); ++i) {
        const PackedRow &row = kPackedRows[i];
        rows.push_back({kQuantized, row.opType, roundsWithin, CodesRole::Rounds, row.operands});
        if (row.opType != "leaky_relu" && row.opType != "sigmoid" && row.opType != "hardswish")
            rows.push_back({kQuantized, names[i], roundsWithin, CodesRole::Rounds, row.operands});
    }
    for (const std::string_view name : {"conv1d_prepack", "conv2d_prepack", "conv3d_prepack", "conv_prepack",
             "conv_transpose1d_prepack", "conv_transpose2d_prepack", "conv_transpose3d_prepack", "linear_prepack"})
        rows.push_back({kQuantized, name, packed<runBoxed>, CodesRole::Keeps, 1});
    for (const std::string_view name : {"Conv2dPackedParamsBase", "Conv3dPackedParamsBase", "LinearPackedParamsBase"})
        rows.push_back({kClasses, name, packed<packedParameters>, CodesRole::Keeps, kAnyInput});
    return rows;
}

} // namespace

std::span<const OpRow> packedOperators()
{
    static const std::vector<OpRow> rows = allPackedRows();
    return rows;
}

} // namespace quantscope
