#include "dialects/onnx/granular.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

/// Left-padded to the tensor's rank, with the one axis along which the values differ.
Granular alongAxis(Granular granular, const Shape *tensor, const std::string &label)
{
    Shape shape = granular.shape;
    if (tensor != nullptr) {
        if (shape.size() > tensor->size())
            throw ParseError(fmt::format("{} has {} axes, the tensor has {}", label, shape.size(), tensor->size()));
        shape.insert(shape.begin(), tensor->size() - shape.size(), 1);
    }
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 1)
            continue;
        if (granular.axis)
            throw ParseError(
                fmt::format("{} differs along several axes ({}), which is not decoded", label, shapeText(shape)));
        if (tensor != nullptr && shape[i] != (*tensor)[i]) {
            const std::string fitting = fittingAxes(*tensor, shape[i]);
            throw ParseError(fmt::format("{} of shape {} does not fit the tensor's {}{}", label, shapeText(shape),
                shapeText(*tensor), fitting.empty() ? "" : ": its count fits " + fitting));
        }
        granular.axis = static_cast<int>(i);
    }
    granular.shape = shape;
    return granular;
}

} // namespace

Granular perTensor(float value) { return {{}, std::nullopt, {value}}; }

Granular simplified(Granular granular, bool zeroIsOne)
{
    const auto &values = granular.values;
    const bool zero = zeroIsOne && std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
    if (granular.values.size() == 1 || (zero && !values.empty()))
        return {{}, std::nullopt, {zero ? 0.0f : values[0]}};
    return granular;
}

Granular broadcastGranular(Constants &constants, ValueId id, const Shape *tensor, const std::string &label)
{
    const FoldedValue &value = constants.folder().fold(id);
    Granular granular{value.shape, std::nullopt, value.floats()};
    if (granular.values.empty())
        throw ParseError(label + " is empty");
    if (granular.values.size() == 1)
        return {{}, std::nullopt, granular.values};
    return alongAxis(std::move(granular), tensor, label);
}

std::string scaleDetail(Constants &constants, ValueId value, std::string detail)
{
    if (value != kNoValue && constants.folder().fold(value).orderDependent)
        detail += "; its last bit depends on the order of addition";
    return detail;
}

std::string fittingAxes(const Shape &tensor, std::int64_t count)
{
    std::vector<std::size_t> axes;
    for (std::size_t i = 0; i < tensor.size(); ++i)
        if (tensor[i] == count)
            axes.push_back(i);
    if (axes.empty())
        return {};
    return fmt::format("{} {}", axes.size() == 1 ? "axis" : "axes", fmt::join(axes, " and "));
}

} // namespace quantscope::interpret
