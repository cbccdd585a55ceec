#include "run/torch/ops_script.h"

#include "run/torch/boxed_call.h"
#include "run/torch/packed_state.h"

#include <ATen/core/Tensor.h>
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

/// A tensor over elements that another view was changed of: all elements copied, and the change put where it belongs.
OpValues changedInPlace(const OpCall &call)
{
    const at::Tensor whole = call.tensor(0), view = call.tensor(1), changed = call.tensor(2);
    if (!whole.is_alias_of(view) || whole.is_quantized())
        return asOutputs(call.node, whole); // that was a copy
    const auto elements = static_cast<std::int64_t>(whole.storage().nbytes()) / whole.element_size();
    const at::Tensor all = whole.as_strided({elements}, {1}, 0).clone();
    all.as_strided(view.sizes(), view.strides(), view.storage_offset()).copy_(changed);
    return asOutputs(call.node, all.as_strided(whole.sizes(), whole.strides(), whole.storage_offset()));
}

constexpr std::string_view kPrim = "prim", kPacked = "__torch__.torch.classes.quantized";

constexpr std::array kScriptRows = {
    OpRow{kPrim, "ListConstruct", madeList, CodesRole::Keeps, ~std::uint64_t{0}},
    OpRow{kPrim, "TupleConstruct", madeTuple},
    OpRow{kPrim, "Constant", madeConstant},
    OpRow{kPrim, "TupleIndex", elementAt},
    OpRow{kPrim, "ChangedInPlace", changedInPlace},
    OpRow{kPrim, "NumToTensor", runBoxed},
    OpRow{kPrim, "device", runBoxed},
    OpRow{kPrim, "dtype", runBoxed},
    OpRow{kPrim, "is_cuda", runBoxed},
    OpRow{kPrim, "is_mkldnn", runBoxed},
    OpRow{kPrim, "is_nested", runBoxed},
    OpRow{kPrim, "is_quantized", runBoxed},
    OpRow{kPrim, "is_sparse", runBoxed},
    OpRow{kPrim, "requires_grad", runBoxed},
    OpRow{kPrim, "max", runBoxed},
    OpRow{kPrim, "min", runBoxed},
    OpRow{kPacked, "EmbeddingPackedParamsBase", packedParameters},
    OpRow{"__torch__.torch.classes.rnn", "CellParamsBase", packedParameters},
};

} // namespace

std::span<const OpRow> scriptOperators() { return kScriptRows; }

} // namespace quantscope
