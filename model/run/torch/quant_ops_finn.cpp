#include "run/torch/quant_ops_finn.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

using Made = std::vector<c10::IValue>;

/// The thresholds of each channel in rising order; NaN, which nothing reaches, is left out.
std::vector<std::vector<float>> thresholdRows(const at::Tensor &thresholds)
{
    if (thresholds.dim() != 2)
        throw RunError("its thresholds are no matrix of channels and steps");
    const at::Tensor floats = thresholds.to(at::kFloat).contiguous();
    const auto steps = static_cast<std::size_t>(floats.size(1));
    std::vector<std::vector<float>> rows(static_cast<std::size_t>(floats.size(0)));
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const float *first = floats.data_ptr<float>() + row * steps;
        rows[row].assign(first, first + steps);
        std::erase_if(rows[row], [](float threshold) { return std::isnan(threshold); });
        std::ranges::sort(rows[row]);
    }
    return rows;
}

/// scale * #{t <= x} + bias, one row of thresholds a slice along the axis, or one for all.
at::Tensor countedThresholds(
    const at::Tensor &x, const at::Tensor &thresholds, std::int64_t axis, float scale, float bias)
{
    const auto rows = thresholdRows(thresholds);
    const at::Tensor from = x.to(at::kFloat).contiguous();
    if (rows.empty() || (rows.size() > 1 && (axis >= from.dim() || from.size(axis) != std::ssize(rows))))
        throw RunError(fmt::format("thresholds of {} channels do not fit what it reads", rows.size()));
    std::int64_t inner = 1;
    for (std::int64_t i = axis + 1; i < from.dim(); ++i)
        inner *= from.size(i);
    const at::Tensor out = at::empty(from.sizes(), at::TensorOptions(at::kFloat));
    const float *in = from.data_ptr<float>();
    float *made = out.data_ptr<float>();
    for (std::int64_t i = 0; i < from.numel(); ++i) {
        const auto &row = rows.size() == 1 ? rows[0] : rows[static_cast<std::size_t>(i / inner) % rows.size()];
        const auto count = std::isnan(in[i]) ? 0 : std::upper_bound(row.begin(), row.end(), in[i]) - row.begin();
        made[i] = scale * static_cast<float>(count) + bias;
    }
    return out;
}

std::string attributeText(const OpCall &call, const char *name)
{
    const Attribute *found = call.node.attribute(name);
    return found == nullptr ? std::string() : found->s;
}

float attributeNumber(const OpCall &call, const char *name, float missing)
{
    const Attribute *found = call.node.attribute(name);
    if (found == nullptr)
        return missing;
    return found->kind == Attribute::Kind::Int ? static_cast<float>(found->i) : found->f;
}

Made multiThreshold(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::string layout = attributeText(call, "data_layout");
    const bool last = layout == "NHWC" || layout == "NWC";
    const float scale = attributeNumber(call, "out_scale", 1), bias = attributeNumber(call, "out_bias", 0);
    return {countedThresholds(x, call.tensor(1), last ? x.dim() - 1 : 1, scale, bias)};
}

/// FINN, custom_op/fpgadataflow/matrixvectoractivation.py: a product of matrices over the last axis, of bipolar
/// operands the number of bits that agree, then thresholds.
Made matrixVectorActivation(const OpCall &call)
{
    const at::Tensor x = call.tensor(0).to(at::kFloat), weight = call.tensor(1).to(at::kFloat);
    const bool counts = call.node.integer("binaryXnorMode", 0) != 0;
    const bool bipolar
        = attributeText(call, "weightDataType") == "BIPOLAR" && attributeText(call, "inputDataType") == "BIPOLAR";
    at::Tensor out = counts ? at::matmul(x.mul(2).sub(1), weight.mul(2).sub(1)) : at::matmul(x, weight);
    if (counts || bipolar)
        out = out.add(static_cast<double>(x.size(-1))).div(2);
    return {activatedByThresholds(call, out)};
}

/// Thresholds alone, channels last.
Made thresholding(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const bool signs = attributeText(call, "outputDataType") == "BIPOLAR";
    return {countedThresholds(
        x, call.tensor(1), x.dim() - 1, signs ? 2.0f : 1.0f, signs ? -1.0f : attributeNumber(call, "ActVal", 0))};
}

constexpr std::array kFinnRows = {
    OpRow{kAnyDomain, "MultiThreshold", multiThreshold},
    OpRow{kAnyDomain, "MVAU", matrixVectorActivation},
    OpRow{kAnyDomain, "MVAU_hls", matrixVectorActivation},
    OpRow{kAnyDomain, "MVAU_rtl", matrixVectorActivation},
    OpRow{kAnyDomain, "MatrixVectorActivation", matrixVectorActivation},
    OpRow{kAnyDomain, "StreamingFCLayer_Batch", matrixVectorActivation},
    OpRow{kAnyDomain, "Thresholding", thresholding},
    OpRow{kAnyDomain, "Thresholding_hls", thresholding},
    OpRow{kAnyDomain, "Thresholding_rtl", thresholding},
    OpRow{kAnyDomain, "Thresholding_Batch", thresholding},
};

} // namespace

at::Tensor activatedByThresholds(const OpCall &call, const at::Tensor &x)
{
    if (call.node.integer("noActivation", 0) != 0)
        return x;
    const bool signs = attributeText(call, "outputDataType") == "BIPOLAR";
    return countedThresholds(
        x, call.tensor(2), x.dim() - 1, signs ? 2.0f : 1.0f, signs ? -1.0f : attributeNumber(call, "ActVal", 0));
}

std::span<const OpRow> finnOperators() { return kFinnRows; }

} // namespace quantscope
