#include "export/scale_table.h"

#include "base/text.h"
#include "export/export_array.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// "[o][h][w][i]", 1 -> "h".
std::string axisName(const Layout &layout, std::size_t position)
{
    std::size_t begin = 0;
    for (std::size_t k = 0; k < position; ++k)
        begin = layout.axisNames.find('[', begin + 1);
    return layout.axisNames.substr(begin + 1, layout.axisNames.find(']', begin) - begin - 1);
}

/// Extent of the tables along each source axis, as CodeReader numbers its channels.
Shape sourceDims(const Quantizer &quantizer, const Shape &shape, std::size_t values)
{
    const auto axis = quantizer.scale->axis ? quantizer.scale->axis : quantizer.zeroPoint->axis;
    if (!axis || *axis < 0 || static_cast<std::size_t>(*axis) >= shape.size())
        throw ParseError(fmt::format("its {} scales name no axis", values));
    const auto at = static_cast<std::size_t>(*axis);
    Shape dims(shape.size(), 1);
    if (quantizer.blockSize) {
        dims = shape;
        dims[at] = (shape[at] + *quantizer.blockSize - 1) / *quantizer.blockSize;
    } else {
        dims[at] = shape[at];
    }
    if (elementCount(dims) != values)
        throw ParseError(fmt::format("its {} scales do not fit axis {} of {} elements", values, at, shape[at]));
    return dims;
}

std::int64_t wholeZeroPoint(float value, const ExportArray &array)
{
    const int bits = array.containerBits();
    const double low = array.isSigned ? -std::ldexp(1.0, bits - 1) : 0.0;
    const double high = std::ldexp(1.0, array.isSigned ? bits - 1 : bits);
    if (std::isfinite(value) && std::nearbyint(value) != value)
        throw ParseError(
            fmt::format("its zero point {} is no whole number, so that no integer can stand for it", shortest(value)));
    if (!(value >= low && value < high && value < 0x1p63f))
        throw ParseError(fmt::format("its zero point {} is no {}", value, array.containerType()));
    return static_cast<std::int64_t>(value);
}

float scaleAt(const Quantizer &quantizer, std::size_t channel)
{
    const auto &values = quantizer.scale->values;
    const float scale = values.size() == 1 ? values[0] : values.at(channel);
    if (!std::isfinite(scale))
        throw ParseError(fmt::format("its scale {} is not finite", channel));
    return scale;
}

std::string tableIndex(const ExportArray &array, const ScaleTable &table)
{
    std::string index;
    for (std::size_t k = 0; k < table.dims.size(); ++k) {
        const bool isAxis = static_cast<int>(k) == table.axis;
        if (table.dims[k] == 1 && !isAxis)
            continue;
        const std::string name = axisName(array.layout, k);
        const std::string term = isAxis && table.block ? fmt::format("{}/{}", name, *table.block) : name;
        const bool isSum = index.find('+') != std::string::npos;
        index = index.empty() ? term : fmt::format("{}*{}+{}", isSum ? "(" + index + ")" : index, table.dims[k], term);
    }
    return index.empty() ? "0" : index;
}

} // namespace

ScaleTable makeScaleTable(const ExportArray &array)
{
    const Quantizer &quantizer = *array.slot->quantizer;
    const Shape &shape = array.slot->tensor->shape;
    const auto &zeroPoints = quantizer.zeroPoint->values;
    const std::size_t values = std::max(quantizer.scale->values.size(), zeroPoints.size());
    if (quantizer.scale->values.empty() || zeroPoints.empty())
        throw ParseError("it has no scale or no zero point");
    ScaleTable table;
    table.dims.assign(shape.size(), 1);
    Shape source(shape.size(), 1);
    if (values > 1) {
        source = sourceDims(quantizer, shape, values);
        const auto axis
            = static_cast<std::size_t>(quantizer.scale->axis ? *quantizer.scale->axis : *quantizer.zeroPoint->axis);
        for (std::size_t k = 0; k < shape.size(); ++k) {
            table.dims[k] = source[array.layout.axes[k]];
            if (array.layout.axes[k] == axis)
                table.axis = static_cast<int>(k);
        }
        table.block = quantizer.blockSize;
    }
    Layout order;
    order.axes = array.layout.axes;
    order.dims = table.dims;
    for (std::size_t c = 0; c < values; ++c) {
        const auto channel = static_cast<std::size_t>(order.sourceIndex(c, source));
        table.scale.push_back(scaleAt(quantizer, channel));
        table.zeroPoint.push_back(
            wholeZeroPoint(zeroPoints.size() == 1 ? zeroPoints[0] : zeroPoints.at(channel), array));
    }
    table.index = tableIndex(array, table);
    return table;
}

} // namespace quantscope
