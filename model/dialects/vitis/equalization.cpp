#include "dialects/vitis/equalization.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

namespace quantscope::vitis {

namespace {

constexpr float kLeast = 1e-7f; ///< smaller weights count as this in a ratio
constexpr float kLeftAlone = 0.5f;

float largestMagnitude(std::span<const float> values)
{
    float out = 0;
    for (const float value : values)
        out = std::max(out, std::fabs(value));
    return out;
}

std::span<const float> rowOf(const ConvolutionValues &layer, std::size_t output)
{
    const std::size_t size = layer.weight.size() / layer.outputs();
    return std::span<const float>(layer.weight).subspan(output * size, size);
}

/// Smallest magnitude of a row that is not zero; nothing where all are.
std::optional<float> smallestMagnitude(std::span<const float> row)
{
    std::optional<float> out;
    for (const float value : row)
        if (value != 0)
            out = std::min(out.value_or(std::fabs(value)), std::fabs(value));
    return out;
}

/// How biases compare with weights, by which the fraction of a bias that counts is chosen.
struct BiasRatios {
    double mean = 0, median = 0;
    float largestWeight = 0;
};

double medianOf(std::vector<float> &values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1)
        return *middle;
    return (static_cast<double>(*std::max_element(values.begin(), middle)) + static_cast<double>(*middle)) / 2;
}

/// |bias| / |weight| of each weight; zeros count as the smallest weight of their row.
BiasRatios ratiosOf(const ConvolutionValues &layer, std::span<const float> bias)
{
    BiasRatios out;
    std::vector<float> ratios;
    ratios.reserve(layer.weight.size());
    double sum = 0;
    for (std::size_t o = 0; o < layer.outputs(); ++o) {
        const auto row = rowOf(layer, o);
        const float instead = smallestMagnitude(row).value_or(kLeast);
        for (const float value : row) {
            const float magnitude = std::max(value == 0 ? instead : std::fabs(value), kLeast);
            out.largestWeight = std::max(out.largestWeight, magnitude);
            ratios.push_back(std::fabs(bias[o]) / magnitude);
            sum += static_cast<double>(ratios.back());
        }
    }
    out.mean = sum / static_cast<double>(ratios.size());
    out.median = medianOf(ratios);
    return out;
}

float biasDivisor(const BiasRatios &ratios, float largestBias)
{
    if (largestBias < 10 && largestBias / ratios.largestWeight < 20)
        return ratios.median > 100 || ratios.mean > 1000 ? 5.0f : 2.0f;
    if (ratios.median > 30 || ratios.mean > 500)
        return 20;
    return ratios.median > 15 || ratios.mean > 100 ? 10.0f : 5.0f;
}

/// Of each output channel, with its bias.
std::vector<float> outputRanges(const ConvolutionValues &layer)
{
    std::vector<float> out, bias = layer.bias;
    for (std::size_t o = 0; o < layer.outputs(); ++o) {
        out.push_back(largestMagnitude(rowOf(layer, o)));
        if (!bias.empty() && out.back() == 0)
            bias[o] = 0;
    }
    if (bias.empty())
        return out;
    const float divisor = biasDivisor(ratiosOf(layer, bias), largestMagnitude(layer.bias));
    for (std::size_t o = 0; o < out.size(); ++o)
        out[o] = std::max(out[o], std::fabs(bias[o] / divisor));
    return out;
}

/// Which input channel a weight of a convolution multiplies.
struct InputChannels {
    std::size_t channels = 0, perGroup = 0, outputsPerGroup = 0, kernel = 0;

    std::size_t of(std::size_t element) const
    {
        const std::size_t output = element / kernel / perGroup, input = element / kernel % perGroup;
        return output / outputsPerGroup * perGroup + input;
    }
};

std::optional<InputChannels> inputChannels(const ConvolutionValues &layer, std::size_t channels)
{
    const auto perGroup = static_cast<std::size_t>(layer.shape[1]);
    if (perGroup == 0 || channels % perGroup != 0)
        return std::nullopt;
    const std::size_t groups = channels / perGroup, outputs = layer.outputs();
    const bool isDepthwise = perGroup == 1 && groups > 1;
    if (outputs % groups != 0 || (isDepthwise && outputs != groups))
        return std::nullopt;
    return InputChannels{channels, perGroup, outputs / groups, layer.weight.size() / outputs / perGroup};
}

bool areFinite(std::span<const float> values)
{
    return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

bool isWhole(const ConvolutionValues &layer)
{
    return layer.shape.size() >= 3 && !layer.weight.empty() && areFinite(layer.weight) && areFinite(layer.bias)
        && (layer.bias.empty() || layer.bias.size() == layer.outputs());
}

} // namespace

std::vector<float> equalize(ConvolutionValues &first, ConvolutionValues &second)
{
    if (!isWhole(first) || !isWhole(second))
        return {};
    const auto inputs = inputChannels(second, first.outputs());
    if (!inputs)
        return {};
    const std::vector<float> before = outputRanges(first);
    std::vector<float> behind(inputs->channels, 0);
    for (std::size_t i = 0; i < second.weight.size(); ++i)
        behind[inputs->of(i)] = std::max(behind[inputs->of(i)], std::fabs(second.weight[i]));
    std::vector<float> divisors;
    for (std::size_t c = 0; c < behind.size(); ++c) {
        const float root = std::sqrt(before[c] * behind[c]);
        divisors.push_back(root == 0 || before[c] + behind[c] < kLeftAlone ? 1.0f : before[c] / root);
    }
    const std::size_t row = first.weight.size() / first.outputs();
    for (std::size_t i = 0; i < first.weight.size(); ++i)
        first.weight[i] /= divisors[i / row];
    for (std::size_t i = 0; i < first.bias.size(); ++i)
        first.bias[i] /= divisors[i];
    for (std::size_t i = 0; i < second.weight.size(); ++i)
        second.weight[i] *= divisors[inputs->of(i)];
    return divisors;
}

} // namespace quantscope::vitis
