#include "dialects/brevitas/weight_statistics.h"

#include "base/parallel.h"
#include "base/text.h"
#include "quant/kernels.h"
#include "tensor/channels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kStatisticsChunk = 1ull << 18;
constexpr std::uint64_t kMostStripes = 64;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Channels channelsOf(const StatisticInput &input, bool perChannel)
{
    const Shape &shape = input.tensor->shape;
    if (!perChannel || shape.empty())
        return Channels(shape);
    if (input.channelAxis < 0)
        throw ParseError(fmt::format("no axis of {} holds the output channels", printable(input.tensor->name)));
    if (static_cast<std::size_t>(input.channelAxis) >= shape.size())
        throw ParseError(
            fmt::format("a tensor of {} axes has no output-channel axis {}", shape.size(), input.channelAxis));
    return Channels(shape, static_cast<std::size_t>(input.channelAxis));
}

using RunVisitor = std::function<void(std::size_t channel, std::span<const float> floats)>;

/// Calls f for every run of one channel in [begin, end), in file order.
void forEachRunIn(const StatisticInput &input, const Channels &channels, std::uint64_t begin, std::uint64_t end,
    SharedProgress &progress, const RunVisitor &f)
{
    TensorReader reader(*input.tensor);
    const std::uint64_t size = std::min(kStatisticsChunk, end - begin);
    const auto chunk = std::make_unique_for_overwrite<float[]>(size);
    for (std::uint64_t at = begin; at < end; at += size) {
        const auto part = std::span(chunk.get(), std::min(size, end - at));
        reader.floats(at, part);
        for (std::uint64_t i = 0; i < part.size();) {
            const std::uint64_t flat = at + i;
            const std::uint64_t length = std::min<std::uint64_t>(part.size() - i, channels.run(flat));
            f(channels.channel(flat), part.subspan(i, length));
            i += length;
        }
        progress.add(part.size());
    }
}

void forEachRun(const StatisticInput &input, const Channels &channels, const Progress &progress, const RunVisitor &f)
{
    const std::uint64_t total = elementCount(input.tensor->shape);
    SharedProgress shared(progress, total);
    forEachRunIn(input, channels, 0, total, shared, f);
}

/// Maxima and minima of every channel: those of parts give those of the whole, whoever computed the parts.
struct Extremes {
    std::vector<std::uint32_t> magnitude;
    std::vector<float> low, high; ///< empty when only magnitudes are asked for
    std::vector<bool> nan;

    Extremes(std::size_t channels, bool needsRange)
        : magnitude(channels, 0)
        , low(needsRange ? channels : 0, std::numeric_limits<float>::infinity())
        , high(needsRange ? channels : 0, -std::numeric_limits<float>::infinity())
        , nan(needsRange ? channels : 0, false)
    {
    }
    void add(std::size_t channel, std::span<const float> x)
    {
        magnitude[channel] = std::max(magnitude[channel], maxMagnitudeBits(x));
        if (!low.empty())
            widen(channel, valueRange(x));
    }
    /// `later` stands behind in the file: of -0 and +0 the first stays.
    void add(const Extremes &later)
    {
        for (std::size_t c = 0; c < magnitude.size(); ++c)
            magnitude[c] = std::max(magnitude[c], later.magnitude[c]);
        for (std::size_t c = 0; c < low.size(); ++c)
            widen(c, {later.low[c], later.high[c], later.nan[c]});
    }
    void widen(std::size_t channel, const ValueRange &range)
    {
        low[channel] = std::min(low[channel], range.low);
        high[channel] = std::max(high[channel], range.high);
        nan[channel] = nan[channel] || range.hasNan;
    }
};

/// Elements of a part that one core reads: whole chunks, and far more than there are channels, because each part keeps
/// a value for every channel.
std::uint64_t stripeOf(const TensorInfo &tensor, const Channels &channels)
{
    if (!tensor.isContiguous())
        return elementCount(tensor.shape); // each reader of a strided view may hold all of it
    const std::uint64_t least
        = std::max({kStatisticsChunk, elementCount(tensor.shape) / kMostStripes, 16 * channels.count()});
    return (least + kStatisticsChunk - 1) / kStatisticsChunk * kStatisticsChunk;
}

void addExtremes(const StatisticInput &input, bool perChannel, const Progress &progress, Extremes &out)
{
    const Channels channels = channelsOf(input, perChannel);
    const std::uint64_t total = elementCount(input.tensor->shape), stripe = stripeOf(*input.tensor, channels);
    std::vector<Extremes> parts((total + stripe - 1) / stripe, Extremes(0, false));
    SharedProgress shared(progress, total);
    parallelFor(parts.size(), [&](std::size_t i) {
        Extremes part(out.magnitude.size(), !out.low.empty());
        forEachRunIn(input, channels, i * stripe, std::min(total, (i + 1) * stripe), shared,
            [&](std::size_t channel, std::span<const float> x) { part.add(channel, x); });
        parts[i] = std::move(part);
    });
    for (const Extremes &part : parts)
        out.add(part);
}

/// The statistics that need the maxima and minima alone: streamed, nothing is held.
WeightStatistic streamed(std::span<const StatisticInput> inputs, const QuantizerSpec &spec, bool perChannel,
    std::size_t count, const Progress &progress)
{
    const bool needsRange = spec.statistic == Statistic::MinMax || spec.zeroPoint == ZeroPointSource::Stats;
    Extremes extremes(count, needsRange);
    for (const StatisticInput &input : inputs)
        addExtremes(input, perChannel, progress, extremes);
    const auto &[magnitude, low, high, nan] = extremes;
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
