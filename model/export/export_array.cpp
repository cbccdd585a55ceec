#include "export/export_array.h"

#include "base/text.h"
#include "network/axes.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

int ExportArray::containerBits() const { return width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64; }

std::string ExportArray::containerType() const
{
    return fmt::format("{}int{}_t", isSigned ? "" : "u", containerBits());
}

std::string exportObstacle(const SlotQuantizer &slot)
{
    if (!slot.tensor)
        return "has no tensor";
    if (!slot.quantizer)
        return "has no known quantizer";
    if (!slot.quantizer->knowsCodes())
        return "has a quantizer of which not everything is known";
    if (slot.proof == ProofVerdict::Differs)
        return fmt::format("is not what {}: {}",
            slot.proofBy.empty() ? "the live model computes" : fmt::format("{} says", printable(slot.proofBy)),
            slot.proofDifference);
    if (slot.quantizer->kind == QuantizerKind::Minifloat)
        return "holds minifloats, which have no integer codes";
    if (!slot.tensor->readable())
        return "cannot be read: "
            + (slot.tensor->problem.empty() ? "the file has no data for it" : slot.tensor->problem);
    const int bits = slot.quantizer->wordBits();
    if (bits < 1 || bits > 64)
        return fmt::format("has codes of {} bits, and C has integers of 1 to 64", bits);
    return {};
}

namespace {

/// Three and more axes that are no convolution's (stacked matrices, recurrent gates) have no spatial axes to move.
bool isSpatial(const Layer &layer, const SlotQuantizer &slot)
{
    return slot.tensor->shape.size() < 3 || layer.kind.find("Conv") != std::string::npos;
}

bool knowsAxes(const Layer &layer, const SlotQuantizer &slot)
{
    return std::ranges::none_of(
        axisMeanings(layer, slot), [](const AxisMeaning &axis) { return axis.role == AxisRole::Unknown; });
}

/// A convolution's weight that is turned around on its way to the layer, or any whose axes are not told behind that.
bool isTurned(const Layer &layer, const SlotQuantizer &slot)
{
    if (slot.slot != Slot::Weight || (slot.chain.empty() && slot.channelAxis >= 0))
        return false;
    const std::size_t rank = slot.tensor->shape.size();
    return slot.channelAxis < 0 || (rank >= 3 && isSpatial(layer, slot)) || (rank == 2 && !knowsAxes(layer, slot));
}

/// The words of the layer, where it has its own for all axes.
Layout inSourceOrder(const Layer &layer, const SlotQuantizer &slot)
{
    if (isTurned(layer, slot))
        return sourceLayout(axisLetters(layer, slot), slot.tensor->shape);
    return knowsAxes(layer, slot) && !isSpatial(layer, slot)
        ? sourceLayout(axisLetters(layer, slot), slot.tensor->shape)
        : *makeLayout("source", slot.tensor->shape, slot.channelAxis, nullptr, slot.channelsLast);
}

} // namespace

Layout exportLayout(const Layer &layer, const SlotQuantizer &slot, std::string_view layoutName, bool *fellBack)
{
    Layout layout = isTurned(layer, slot) ? layoutOfLetters(layoutName, axisLetters(layer, slot), slot.tensor->shape)
        : isSpatial(layer, slot)
        ? *makeLayout(layoutName, slot.tensor->shape, slot.channelAxis, nullptr, slot.channelsLast)
        : inSourceOrder(layer, slot);
    if (fellBack != nullptr)
        *fellBack = layout.name != layoutName;
    return layout;
}

ExportArray makeExportArray(const Layer &layer, const SlotQuantizer &slot, const std::string &identifier,
    std::string_view layoutName, bool *fellBack)
{
    ExportArray array;
    array.slot = &slot;
    array.symbol = fmt::format("{}_{}", identifier, slot.slot);
    array.layout = exportLayout(layer, slot, layoutName, fellBack);
    array.sourceAxes = inSourceOrder(layer, slot).axisNames;
    array.count = elementCount(slot.tensor->shape);
    array.width = slot.quantizer->wordBits();
    array.isSigned = *slot.quantizer->isSigned || slot.quantizer->kind == QuantizerKind::Binary;
    array.fixed = fixedType(*slot.quantizer);
    if (!array.fixed && slot.quantizer->isComplete())
        array.table = makeScaleTable(array);
    return array;
}

} // namespace quantscope
