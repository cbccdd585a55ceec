#include "dialects/brevitas/weight_statistics.h"

#include "quant/kernels.h"
#include "tensor/channels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kChunk = 1ull << 18;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Channels channelsOf(const StatisticInput &input, bool perChannel)
{
    const Shape &shape = input.tensor->shape;
    if (!perChannel || shape.empty())
        return Channels(shape);
    if (input.channelAxis < 0 || static_cast<std::size_t>(input.channelAxis) >= shape.size())
        throw ParseError(
            fmt::format("a tensor of {} axes has no output-channel axis {}", shape.size(), input.channelAxis));
    return Channels(shape, static_cast<std::size_t>(input.channelAxis));
}

/// Calls f(channel, floats) for every run of one channel, in file order.
void forEachRun(const StatisticInput &input, const Channels &channels, const Progress &progress,
    const std::function<void(std::size_t, std::span<const float>)> &f)
{
    TensorReader reader(*input.tensor);
    const std::uint64_t total = elementCount(input.tensor->shape);
    std::vector<float> chunk(std::min(kChunk, total));
    for (std::uint64_t at = 0; at < total; at += chunk.size()) {
        const auto part = std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), total - at));
        reader.floats(at, part);
        for (std::uint64_t i = 0; i < part.size();) {
            const std::uint64_t flat = at + i;
            const std::uint64_t length = std::min<std::uint64_t>(part.size() - i, channels.run(flat));
            f(channels.channel(flat), part.subspan(i, length));
            i += length;
        }
        progress.step(at + part.size(), total);
    }
}

/// The statistics that need the maxima and minima alone: streamed, nothing is held.
WeightStatistic streamed(std::span<const StatisticInput> inputs, const QuantizerSpec &spec, bool perChannel,
    std::size_t count, const Progress &progress)
{
    std::vector<std::uint32_t> magnitude(count, 0);
    std::vector<float> low(count, std::numeric_limits<float>::infinity()),
        high(count, -std::numeric_limits<float>::infinity());
    std::vector<bool> nan(count, false);
    const bool needsRange = spec.statistic == Statistic::MinMax || spec.zeroPoint == ZeroPointSource::Stats;
    for (const StatisticInput &input : inputs)
        forEachRun(input, channelsOf(input, perChannel), progress, [&](std::size_t channel, std::span<const float> x) {
            magnitude[channel] = std::max(magnitude[channel], maxMagnitudeBits(x));
            if (!needsRange)
                return;
            const ValueRange range = valueRange(x);
            low[channel] = std::min(low[channel], range.low);
            high[channel] = std::max(high[channel], range.high);
            nan[channel] = nan[channel] || range.hasNan;
        });
    WeightStatistic out;
    for (std::size_t c = 0; c < count; ++c) {
        if (spec.statistic == Statistic::MinMax) {
            // From 0.10 on the minimum is clamped to at most 0 before the difference is taken.
            const float from = spec.version >= 100 ? std::min(low[c], 0.0f) : low[c];
            out.values.push_back(nan[c] ? kNan : high[c] - from);
        } else {
            out.values.push_back(std::bit_cast<float>(magnitude[c]));
        }
        if (needsRange) {
            out.minimum.push_back(nan[c] ? kNan : std::min(low[c], 0.0f));
            out.maximum.push_back(nan[c] ? kNan : high[c]);
        }
    }
    return out;
}

float meanMagnitude(std::span<const float> x)
{
    double sum = 0;
    for (const float v : x)
        sum += std::fabs(static_cast<double>(v));
    return static_cast<float>(sum / static_cast<double>(x.size()));
}

float meanSigmaStd(std::span<const float> x, float sigma)
{
    const double n = static_cast<double>(x.size());
    double sum = 0, squares = 0;
    for (const float v : x)
        sum += std::fabs(static_cast<double>(v));
    const double mean = sum / n;
    for (const float v : x) {
        const double d = std::fabs(static_cast<double>(v)) - mean;
        squares += d * d;
    }
    const double variance = squares / (n - 1); // unbiased
    return static_cast<float>(mean)
        + sigma * static_cast<float>(std::sqrt(static_cast<double>(static_cast<float>(variance) + 1e-8f)));
}

/// k-th smallest of the values, 1-based, clamped to what there is.
float kthSmallest(std::vector<float> values, double k)
{
    const auto position = static_cast<std::size_t>(std::clamp(k, 1.0, static_cast<double>(values.size()))) - 1;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(position), values.end());
    return values[position];
}

float percentile(std::span<const float> x, double q)
{
    std::vector<float> magnitude(x.size());
    std::transform(x.begin(), x.end(), magnitude.begin(), [](float v) { return std::fabs(v); });
    return kthSmallest(std::move(magnitude), std::floor(0.01 * q * static_cast<double>(x.size()) + 0.5));
}

float percentileInterval(std::span<const float> x, const QuantizerSpec &spec)
{
    const double n = static_cast<double>(x.size());
    std::vector<float> values(x.begin(), x.end());
    const float top = kthSmallest(values, std::floor(0.01 * spec.highPercentile * n + 0.5));
    const float bottom = kthSmallest(std::move(values), std::ceil(0.01 * spec.lowPercentile * n));
    return spec.version < 100 ? top - bottom : std::fabs(top - std::min(bottom, 0.0f));
}

float gathered(std::span<const float> x, const QuantizerSpec &spec)
{
    if (std::any_of(x.begin(), x.end(), [](float v) { return std::isnan(v); }))
        return kNan;
    switch (spec.statistic) {
    case Statistic::Mean: return meanMagnitude(x);
    case Statistic::MeanSigmaStd: return meanSigmaStd(x, spec.sigma);
    case Statistic::Percentile: return percentile(x, spec.highPercentile);
    case Statistic::PercentileInterval: return percentileInterval(x, spec);
    default: return kNan;
    }
}

/// The statistics that need all elements of a channel at once.
WeightStatistic collected(std::span<const StatisticInput> inputs, const QuantizerSpec &spec, bool perChannel,
    std::size_t count, const Progress &progress)
{
    std::vector<std::vector<float>> values(count);
    // Brevitas concatenates later layers first; only sums see the order.
    for (std::size_t i = inputs.size(); i-- > 0;)
        forEachRun(
            inputs[i], channelsOf(inputs[i], perChannel), progress, [&](std::size_t channel, std::span<const float> x) {
                values[channel].insert(values[channel].end(), x.begin(), x.end());
            });
    WeightStatistic out;
    for (const auto &channel : values)
        out.values.push_back(gathered(channel, spec));
    return out;
}

/// Over the output channels' abs-max: their mean, or their root mean square.
WeightStatistic overChannelMaxima(
    std::span<const StatisticInput> inputs, const QuantizerSpec &spec, const Progress &progress)
{
    QuantizerSpec maxima = spec;
    maxima.statistic = Statistic::AbsMax;
    std::vector<float> all;
    for (std::size_t i = inputs.size(); i-- > 0;) {
        const Channels channels = channelsOf(inputs[i], true);
        const auto part = streamed(inputs.subspan(i, 1), maxima, true, channels.count(), progress);
        all.insert(all.end(), part.values.begin(), part.values.end());
    }
    double sum = 0;
    float squares = 0; // torch's norm sums them in float32: out of its range that shows
    for (const float v : all) {
        sum += spec.statistic == Statistic::MeanOfChannelMax ? static_cast<double>(v)
                                                             : static_cast<double>(v) * static_cast<double>(v);
        squares += v * v;
    }
    const auto count = static_cast<double>(all.size());
    if (spec.statistic == Statistic::MeanOfChannelMax)
        return {{static_cast<float>(sum / count)}, {}, {}};
    const bool inRange = squares > 1e-30f && std::isfinite(squares);
    const double mean = inRange ? std::sqrt(sum / count) : static_cast<double>(std::sqrt(squares)) / std::sqrt(count);
    return {{static_cast<float>(mean)}, {}, {}};
}

/// scaling_impl_type=he: sqrt(2 / fan-in), the mean over the tensors that share it.
WeightStatistic he(std::span<const StatisticInput> inputs)
{
    double sum = 0;
    for (const StatisticInput &input : inputs) {
        const double outputs = input.tensor->shape.empty() ? 1 : static_cast<double>(input.tensor->shape[0]);
        sum += std::sqrt(2.0 / (static_cast<double>(elementCount(input.tensor->shape)) / outputs));
    }
    return {{static_cast<float>(sum / static_cast<double>(inputs.size()))}, {}, {}};
}

} // namespace

WeightStatistic weightStatistic(
    std::span<const StatisticInput> inputs, const QuantizerSpec &spec, bool perChannel, const Progress &progress)
{
    std::optional<std::size_t> count;
    for (const StatisticInput &input : inputs) {
        const Channels channels = channelsOf(input, perChannel);
        if (elementCount(input.tensor->shape) == 0)
            throw ParseError("the tensor is empty, so it has no scale");
        if (count && *count != channels.count())
            throw ParseError(fmt::format(
                "tensors of {} and {} output channels cannot share scales per channel", *count, channels.count()));
        count = channels.count();
    }
    if (!count)
        throw ParseError("there is no tensor to take a scale from");
    switch (spec.statistic) {
    case Statistic::AbsMax:
    case Statistic::MinMax: return streamed(inputs, spec, perChannel, *count, progress);
    case Statistic::MeanOfChannelMax:
    case Statistic::RootMeanSquareOfChannelMax: return overChannelMaxima(inputs, spec, progress);
    case Statistic::He: return he(inputs);
    default: return collected(inputs, spec, perChannel, *count, progress);
    }
}

ChannelNorms channelNorms(const StatisticInput &input, ChannelNorm kind)
{
    const Channels channels = channelsOf(input, true);
    std::vector<std::vector<float>> values(channels.count());
    forEachRun(input, channels, {}, [&](std::size_t channel, std::span<const float> x) {
        values[channel].insert(values[channel].end(), x.begin(), x.end());
    });
    ChannelNorms out;
    for (const auto &channel : values) {
        float mean = 0;
        if (kind == ChannelNorm::CenteredL1) {
            const double sum = std::accumulate(channel.begin(), channel.end(), 0.0);
            mean = static_cast<float>(sum / static_cast<double>(channel.size()));
            out.mean.push_back(mean);
        }
        double squares = 0;
        float magnitudes
            = 0; // torch sums |w| one after the other in float32, and rounding towards zero shows the last bit
        for (const float v : channel) {
            squares += static_cast<double>(v) * static_cast<double>(v);
            magnitudes += std::fabs(v - mean);
        }
        out.norm.push_back(kind == ChannelNorm::L2 ? static_cast<float>(std::sqrt(squares)) : magnitudes);
    }
    return out;
}

} // namespace quantscope
