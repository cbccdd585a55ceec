#include "run/torch/ops_resize.h"

#include "base/text.h"
#include "run/torch/op_arguments.h"
#include "run/torch/resampling.h"

#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::vector<double> realsArgument(const OpCall &call, std::size_t position)
{
    if (!isGiven(call, position))
        return {};
    const at::Tensor wide = call.tensor(position).to(at::kDouble).contiguous();
    constexpr std::int64_t kMostAxes = 64;
    if (wide.numel() > kMostAxes)
        throw RunError(fmt::format("its input {} has {} elements", position + 1, wide.numel()));
    const auto *first = wide.data_ptr<double>();
    return {first, first + wide.numel()};
}

std::vector<double> scalesOf(const OpCall &call)
{
    const bool early = call.node.opType == "Upsample" || (call.opset != 0 && call.opset < 11);
    const std::vector<double> given = realsArgument(call, early ? 1 : 2);
    const Attribute *named = call.node.attribute("scales"); // of Upsample in opset 7
    return given.empty() && named != nullptr ? std::vector<double>(named->floats.begin(), named->floats.end()) : given;
}

void readSizes(ResampledAxis &axis, std::int64_t size, bool keepsRatio, double ratio)
{
    axis.ratio = keepsRatio ? ratio : static_cast<double>(size) / static_cast<double>(axis.from);
    axis.to = keepsRatio ? std::llround(ratio * static_cast<double>(axis.from)) : size;
    axis.isSized = !keepsRatio;
}

void readScale(ResampledAxis &axis, double scale)
{
    constexpr double kLargest = 2147483648.0;
    if (!(scale > 0) || scale * static_cast<double>(axis.from) >= kLargest)
        throw RunError(fmt::format("it scales by {}", scale));
    axis.ratio = scale;
    axis.to = static_cast<std::int64_t>(std::floor(static_cast<float>(axis.from) * static_cast<float>(scale)));
}

/// The ratio that all named axes get where their own proportions are kept.
double commonRatio(const std::vector<ResampledAxis> &axes, const Int64s &named, const Int64s &sizes, bool larger)
{
    double common = larger ? 0 : INFINITY;
    for (std::size_t i = 0; i < named.size(); ++i) {
        const auto from = static_cast<double>(axes[static_cast<std::size_t>(named[i])].from);
        const double ratio = static_cast<double>(sizes[i]) / from;
        common = larger ? std::max(common, ratio) : std::min(common, ratio);
    }
    return common;
}

std::vector<ResampledAxis> axesOfResize(const OpCall &call, const at::Tensor &x)
{
    std::vector<ResampledAxis> axes(static_cast<std::size_t>(x.dim()));
    Int64s named = integersAttribute(call, "axes");
    for (std::size_t i = 0; i < axes.size(); ++i)
        axes[i].from = axes[i].to = x.size(static_cast<std::int64_t>(i));
    if (named.empty())
        for (std::int64_t i = 0; i < x.dim(); ++i)
            named.push_back(i);
    named = axesOf(named, x.dim());
    const std::vector<double> scales = scalesOf(call);
    const Int64s sizes = scales.empty() && isGiven(call, 3) ? integersArgument(call, 3) : Int64s();
    if (sizes.size() + scales.size() != named.size())
        throw RunError(
            fmt::format("it has {} scales and {} sizes for {} axes", scales.size(), sizes.size(), named.size()));
    requireSizes(sizes, 0, "a size");
    const std::string policy = textAttribute(call, "keep_aspect_ratio_policy", "stretch");
    const std::vector<double> roi = realsArgument(call, call.node.opType == "Resize" && call.opset != 10 ? 1 : 99);
    for (std::size_t i = 0; i < named.size(); ++i) {
        ResampledAxis &axis = axes[static_cast<std::size_t>(named[i])];
        if (axis.from == 0)
            throw RunError("it resizes an axis that has no elements");
        if (scales.empty())
            readSizes(axis, sizes[i], policy != "stretch", commonRatio(axes, named, sizes, policy == "not_smaller"));
        else
            readScale(axis, scales[i]);
        if (roi.size() == 2 * named.size()) {
            axis.cropFrom = roi[i];
            axis.cropTo = roi[named.size() + i];
        }
    }
    return axes;
}

/// What libtorch has a function for is left to it, for its bits: planes of which rows and columns are resized.
bool isPlanes(const std::vector<ResampledAxis> &axes, const Resampling &how)
{
    if (axes.size() != 4 || axes[0].isChanged() || axes[1].isChanged() || how.excludesOutside)
        return false;
    const bool pixels = how.coordinates == "half_pixel"
        || (how.coordinates == "pytorch_half_pixel" && axes[2].to > 1 && axes[3].to > 1);
    return (pixels || how.coordinates == "align_corners")
        && (how.mode == "linear" || (how.mode == "cubic" && how.cubic == -0.75));
}

at::Tensor resizedPlanes(const at::Tensor &x, const std::vector<ResampledAxis> &axes, const Resampling &how)
{
    const bool corners = how.coordinates == "align_corners";
    const auto ratio = [](const ResampledAxis &axis) {
        return axis.isSized ? c10::optional<double>() : c10::optional<double>(axis.ratio);
    };
    const std::array<std::int64_t, 2> size = {axes[2].to, axes[3].to};
    return how.mode == "linear" ? at::upsample_bilinear2d(x, size, corners, ratio(axes[2]), ratio(axes[3]))
                                : at::upsample_bicubic2d(x, size, corners, ratio(axes[2]), ratio(axes[3]));
}

OpValues resized(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    Resampling how;
    const bool early = call.node.opType == "Upsample" || (call.opset != 0 && call.opset < 11);
    how.mode = textAttribute(call, "mode", "nearest");
    if (how.mode == "bilinear")
        how.mode = "linear"; // its name in opset 1
    how.coordinates = textAttribute(call, "coordinate_transformation_mode", early ? "asymmetric" : "half_pixel");
    how.nearest = textAttribute(call, "nearest_mode", early ? "floor" : "round_prefer_floor");
    how.cubic = realAttribute(call, "cubic_coeff_a", -0.75);
    how.excludesOutside = call.node.integer("exclude_outside", 0) != 0;
    how.extrapolated = realAttribute(call, "extrapolation_value", 0);
    if (call.node.integer("antialias", 0) != 0)
        throw RunError("it resizes with antialiasing, which is not computed here");
    const std::vector<ResampledAxis> axes = axesOfResize(call, x);
    Int64s shape;
    for (const ResampledAxis &axis : axes)
        shape.push_back(axis.to);
    requireElements(shape);
    if (x.is_floating_point() && isPlanes(axes, how))
        return oneValue(resizedPlanes(x, axes, how));
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (axes[i].isChanged() || how.coordinates == "tf_crop_and_resize")
            x = resampled(x, static_cast<std::int64_t>(i), axes[i], how);
    return oneValue(x);
}

/// The places of samples are given between -1 and 1, x first.
OpValues gridSampled(const OpCall &call)
{
    const at::Tensor x = call.tensor(0), grid = call.tensor(1);
    const auto numberOf
        = [&](std::string_view attribute, std::span<const std::string_view> words, const char *missing) {
              const std::string word = textAttribute(call, attribute, missing);
              const auto found = std::ranges::find(words, word);
              if (found == words.end())
                  throw RunError(fmt::format("its {} '{}' is not known", attribute, printable(word)));
              return found - words.begin();
          };
    constexpr std::array<std::string_view, 5> kModes{"bilinear", "nearest", "bicubic", "linear", "cubic"};
    constexpr std::array<std::string_view, 3> kPaddings{"zeros", "border", "reflection"};
    const std::int64_t mode = numberOf("mode", kModes, "linear");
    Int64s shape(x.sizes().begin(), x.sizes().end());
    for (std::size_t i = 2; i < shape.size() && static_cast<std::int64_t>(i) <= grid.dim(); ++i)
        shape[i] = grid.size(static_cast<std::int64_t>(i) - 1);
    requireElements(shape);
    return oneValue(at::grid_sampler(x, grid,
        mode < 3        ? mode
            : mode == 3 ? 0
                        : 2,
        numberOf("padding_mode", kPaddings, "zeros"), call.node.integer("align_corners", 0) != 0));
}

constexpr std::array kResizeRows = {
    OpRow{"", "Resize", resized},
    OpRow{"", "Upsample", resized},
    OpRow{"", "GridSample", gridSampled},
};

} // namespace

std::span<const OpRow> resizeOperators() { return kResizeRows; }

} // namespace quantscope
