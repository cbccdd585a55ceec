#include "run/torch/ops_script.h"

#include "run/torch/boxed_call.h"
#include "run/torch/packed_state.h"

#include <ATen/core/ivalue.h>

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::vector<c10::IValue> elementsOf(const OpCall &call)
{
    std::vector<c10::IValue> out;
    for (std::size_t i = 0; i < scriptArgumentCount(call); ++i)
        out.push_back(scriptArgument(call, i));
    return out;
}

OpValues madeList(const OpCall &call)
{
    c10::impl::GenericList list(c10::AnyType::get());
    for (c10::IValue &item : elementsOf(call))
        list.push_back(std::move(item));
    return asOutputs(call.node, std::move(list));
}

OpValues madeTuple(const OpCall &call) { return asOutputs(call.node, c10::ivalue::Tuple::create(elementsOf(call))); }

OpValues madeConstant(const OpCall &call) { return asOutputs(call.node, scriptConstant(call, "value")); }

OpValues elementAt(const OpCall &call)
{
    const c10::IValue from = scriptArgument(call, 0), place = scriptArgument(call, 1);
    if (!place.isInt() || !(from.isTuple() || from.isList()))
        throw RunError(fmt::format("it takes an element of a {}", from.tagKind()));
    const std::vector<c10::IValue> items = from.isTuple() ? from.toTupleRef().elements().vec() : from.toListRef().vec();
    const auto count = static_cast<std::int64_t>(items.size());
    const std::int64_t index = place.toInt() < 0 ? place.toInt() + count : place.toInt();
    if (index < 0 || index >= count)
        throw RunError(fmt::format("it takes element {} of {}", place.toInt(), count));
    return asOutputs(call.node, items[static_cast<std::size_t>(index)]);
}

constexpr std::string_view kPrim = "prim", kPacked = "__torch__.torch.classes.quantized";

constexpr std::array kScriptRows = {
    OpRow{kPrim, "ListConstruct", madeList},
    OpRow{kPrim, "TupleConstruct", madeTuple},
    OpRow{kPrim, "Constant", madeConstant},
    OpRow{kPrim, "TupleIndex", elementAt},
    OpRow{kPrim, "NumToTensor", runBoxed},
    OpRow{kPrim, "device", runBoxed},
    OpRow{kPrim, "dtype", runBoxed},
    OpRow{kPrim, "max", runBoxed},
    OpRow{kPrim, "min", runBoxed},
    OpRow{kPacked, "Conv2dPackedParamsBase", packedParameters},
    OpRow{kPacked, "Conv3dPackedParamsBase", packedParameters},
    OpRow{kPacked, "LinearPackedParamsBase", packedParameters},
    OpRow{kPacked, "EmbeddingPackedParamsBase", packedParameters},
    OpRow{"__torch__.torch.classes.rnn", "CellParamsBase", packedParameters},
};

} // namespace

std::span<const OpRow> scriptOperators() { return kScriptRows; }

} // namespace quantscope
