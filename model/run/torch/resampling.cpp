#include "run/torch/resampling.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Where in the old axis a place of the new one lies. Scales are float32 in the file and are computed with as such;
/// given sizes are exact.
double coordinateOf(std::int64_t place, const ResampledAxis &axis, const std::string &mode)
{
    const auto at = static_cast<double>(place), from = static_cast<double>(axis.from),
               to = static_cast<double>(axis.to);
    const auto scaled = [&](double position) {
        return axis.isSized ? position * from / to
                            : static_cast<double>(static_cast<float>(position) / static_cast<float>(axis.ratio));
    };
    if (mode == "half_pixel" || (mode == "pytorch_half_pixel" && axis.to > 1))
        return scaled(at + 0.5) - 0.5;
    if (mode == "pytorch_half_pixel")
        return 0;
    if (mode == "asymmetric")
        return scaled(at);
    if (mode == "tf_half_pixel_for_nn")
        return scaled(at + 0.5);
    if (mode == "align_corners")
        return axis.to > 1 ? at * (from - 1) / (to - 1) : 0;
    if (mode == "tf_crop_and_resize")
        return axis.to > 1 ? axis.cropFrom * (from - 1) + at * (axis.cropTo - axis.cropFrom) * (from - 1) / (to - 1)
                           : 0.5 * (axis.cropFrom + axis.cropTo) * (from - 1);
    if (mode == "half_pixel_symmetric") {
        const double adjustment = to / (axis.ratio * from), centre = from / 2;
        return centre * (1 - adjustment) + scaled(at + 0.5) - 0.5;
    }
    throw RunError(fmt::format("its coordinates '{}' are not known", mode));
}

double nearestTo(double coordinate, const std::string &mode)
{
    if (mode == "round_prefer_floor")
        return std::ceil(coordinate - 0.5);
    if (mode == "round_prefer_ceil")
        return std::floor(coordinate + 0.5);
    if (mode == "floor")
        return std::floor(coordinate);
    if (mode == "ceil")
        return std::ceil(coordinate);
    throw RunError(fmt::format("its nearest mode '{}' is not known", mode));
}

/// The weights of the neighbours at -1, 0, 1 and 2 of a place between the middle ones. Keys, Cubic convolution
/// interpolation for digital image processing, 1981.
std::array<double, 4> cubicWeights(double t, double a)
{
    const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

struct Neighbours {
    std::int64_t first = 0;
    std::array<double, 4> weights{};
    std::size_t count = 1;
};

Neighbours neighboursOf(double coordinate, const Resampling &how)
{
    if (how.mode == "nearest")
        return {static_cast<std::int64_t>(nearestTo(coordinate, how.nearest)), {1}, 1};
    const double below = std::floor(coordinate), part = coordinate - below;
    const auto place = static_cast<std::int64_t>(below);
    if (how.mode == "linear")
        return {place, {1 - part, part}, 2};
    if (how.mode == "cubic")
        return {place - 1, cubicWeights(part, how.cubic), 4};
    throw RunError(fmt::format("its mode '{}' is not known", how.mode));
}

void excludeOutside(Neighbours &neighbours, std::int64_t size)
{
    double sum = 0;
    for (std::size_t i = 0; i < neighbours.count; ++i) {
        const std::int64_t place = neighbours.first + static_cast<std::int64_t>(i);
        neighbours.weights[i] = place < 0 || place >= size ? 0 : neighbours.weights[i];
        sum += neighbours.weights[i];
    }
    for (double &weight : neighbours.weights)
        weight /= sum;
}

} // namespace

at::Tensor resampled(const at::Tensor &x, std::int64_t axis, const ResampledAxis &of, const Resampling &how)
{
    const auto count = static_cast<std::size_t>(of.to);
    std::array<std::vector<std::int64_t>, 4> places;
    std::array<std::vector<double>, 4> weights;
    std::vector<double> outside(count, 0);
    std::size_t neighbourCount = 1;
    for (std::size_t i = 0; i < count; ++i) {
        const double coordinate = coordinateOf(static_cast<std::int64_t>(i), of, how.coordinates);
        const auto last = static_cast<double>(of.from - 1);
        outside[i] = how.coordinates == "tf_crop_and_resize" && !(coordinate >= 0 && coordinate <= last) ? 1 : 0;
        // Far outside, which hostile crops ask for, every neighbour is the last element.
        Neighbours neighbours = neighboursOf(std::clamp(coordinate, -4.0, last + 4), how);
        if (how.excludesOutside)
            excludeOutside(neighbours, of.from);
        neighbourCount = neighbours.count;
        for (std::size_t k = 0; k < neighbours.count; ++k) {
            places[k].push_back(
                std::clamp<std::int64_t>(neighbours.first + static_cast<std::int64_t>(k), 0, of.from - 1));
            weights[k].push_back(neighbours.weights[k]);
        }
    }
    Int64s along(static_cast<std::size_t>(x.dim()), 1);
    along[static_cast<std::size_t>(axis)] = of.to;
    at::Tensor out;
    for (std::size_t k = 0; k < neighbourCount; ++k) {
        const at::Tensor part = x.index_select(axis, at::tensor(places[k], at::TensorOptions(at::kLong)));
        const at::Tensor weight
            = at::tensor(weights[k], at::TensorOptions(at::kDouble)).to(x.scalar_type()).reshape(along);
        const at::Tensor term = how.mode == "nearest" ? part : part * weight;
        out = k == 0 ? term : out + term;
    }
    if (how.coordinates != "tf_crop_and_resize")
        return out;
    const at::Tensor isOutside = at::tensor(outside, at::TensorOptions(at::kDouble)).ne(0).reshape(along);
    return out.masked_fill(isOutside, how.extrapolated);
}

} // namespace quantscope
