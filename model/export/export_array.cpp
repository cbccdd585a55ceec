#include "export/export_array.h"

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
    if (!slot.quantizer->isComplete())
        return "has a quantizer of which not everything is known";
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

Layout exportLayout(const Layer &layer, const SlotQuantizer &slot, std::string_view layoutName, bool *fellBack)
{
    // Three and more axes that are no convolution's (stacked matrices, recurrent gates) have no spatial axes to move.
    const bool spatial = slot.tensor->shape.size() < 3 || layer.kind.find("Conv") != std::string::npos;
    Layout layout = *makeLayout(spatial ? layoutName : "source", slot.tensor->shape, slot.channelAxis);
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
    array.sourceAxes = makeLayout("source", slot.tensor->shape, slot.channelAxis)->axisNames;
    array.count = elementCount(slot.tensor->shape);
    array.width = slot.quantizer->wordBits();
    array.isSigned = *slot.quantizer->isSigned || slot.quantizer->kind == QuantizerKind::Binary;
    array.fixed = fixedType(*slot.quantizer);
    if (!array.fixed)
        array.table = makeScaleTable(array);
    return array;
}

} // namespace quantscope
