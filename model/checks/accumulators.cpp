#include "checks/accumulators.h"

#include "base/parallel.h"
#include "checks/channel_sums.h"
#include "checks/product_factors.h"
#include "network/arrivals.h"
#include "network/feeds.h"
#include "network/switched_off.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

__extension__ typedef __int128 Wide;

bool isTransposed(const Layer &layer) { return layer.kind.find("ConvTranspose") != std::string::npos; }

bool isConvolutionKind(const Layer &layer) { return layer.kind.find("Conv") != std::string::npos; }

/// Layers that sum products of a weight with what they read, and nothing else.
bool sumsProducts(const Layer &layer)
{
    static constexpr std::array<std::string_view, 3> kNames = {"Linear", "ScaleBias", "BatchNorm2dToQuantScaleBias"};
    return isConvolutionKind(layer) || std::ranges::find(kNames, layer.kind) != kNames.end();
}

/// The one quantizer whose values a layer reads. Throws ParseError with the reason where there is none, or another.
SlotId readQuantizer(const Arrivals &arrivals, const Layer &layer)
{
    const Network &network = arrivals.network();
    const SlotQuantizer *own = layer.slot(Slot::Input);
    const auto node = network.flow.nodeOf(layer.id);
    const bool follows = node && (own == nullptr || isSwitchedOff(*own));
    for (const Arrival &arrival : follows ? arrivals.into(*node) : std::vector<Arrival>())
        if (arrival.kind == Arrival::Kind::Plain)
            throw ParseError("it reads values that are not quantized");
        else if (arrival.kind != Arrival::Kind::Quantized)
            throw ParseError("the quantizer of what it reads is not known");
    const std::vector<SlotId> read = inputQuantizers(arrivals, layer.id);
    if (read.empty())
        throw ParseError("nothing tells which quantizer it reads: a recipe names it as input of its bias, an export "
                         "beside the file tells it by its graph");
    if (read.size() > 1)
        throw ParseError("it reads values of several quantizers");
    return read.front();
}

/// Input codes less their zero point.
struct InputRange {
    Wide low = 0, high = 0;
};

InputRange inputRange(const SlotQuantizer *slot, bool withZero)
{
    if (slot == nullptr || !slot->quantizer)
        throw ParseError("the quantizer of what it reads is not known");
    const Quantizer &q = *slot->quantizer;
    const bool integers = q.kind != QuantizerKind::Minifloat && q.kind != QuantizerKind::Codebook;
    if (!integers || q.opaque || !q.isSigned || (!q.bitWidth && !q.storageBits) || !q.zeroPoint)
        throw ParseError("the range of the codes that it reads is not known");
    const std::vector<float> &zeros = q.zeroPoint->values;
    const bool oneZero = !zeros.empty()
        && std::ranges::all_of(zeros, [&](float zero) { return zero == zeros.front() && zero == std::trunc(zero); });
    if (!oneZero || !(std::fabs(zeros.front()) < 0x1p62f))
        throw ParseError("what it reads has several zero points, or one that is no integer");
    const CodeRange range = codeRange(q);
    const auto zero = static_cast<Wide>(zeros.front());
    InputRange out{range.min - zero, range.max - zero};
    constexpr Wide kFarthest = Wide{1} << 62; // products with 64 bits, and two of those, stay within 128
    if (out.low < -kFarthest || out.high > kFarthest)
        throw ParseError("the codes that it reads reach beyond 62 bits");
    if (withZero) // of a padding
        out = {std::min<Wide>(out.low, 0), std::max<Wide>(out.high, 0)};
    return out;
}

/// Of one channel or of all: equal but for the last bit, which depends on how the product was rounded. What a step of
/// the bias adds to the result is beta times its scale, what a step of the sums adds alpha times the product.
bool isProduct(float scale, float weight, float input, const ProductFactors &factors)
{
    const float product = factors.sumStep(weight, input), step = factors.biasStep(scale);
    return step != 0 && (step == product || std::nextafter(step, product) == product);
}

/// The bias codes by channel; empty where the bias is none of the sum: its scale is not input times weight scale.
std::vector<std::int64_t> biasCodes(
    const Network &network, const Layer &layer, const SlotQuantizer *input, std::uint64_t channels)
{
    const SlotQuantizer &weight = *layer.slot(Slot::Weight);
    const SlotQuantizer *bias = layer.slot(Slot::Bias);
    const auto hasScale
        = [](const SlotQuantizer *slot) { return slot != nullptr && slot->quantizer && slot->quantizer->scale; };
    if (!hasScale(bias) || !hasScale(&weight) || !hasScale(input) || !bias->hasCodes() || weight.quantizer->blockSize)
        return {};
    const Granular &scale = *bias->quantizer->scale, &ofWeight = *weight.quantizer->scale;
    const Granular &ofInput = *input->quantizer->scale;
    // The groups of a transposed convolution share the scales of its weight, which has the channels of one.
    const auto groups = static_cast<std::uint64_t>(std::max(layer.groups, 1));
    const auto fits = [&](const Granular &numbers) { return numbers.perTensor() || numbers.values.size() == channels; };
    const bool fitsGroup = isTransposed(layer) && ofWeight.values.size() * groups == channels;
    if (!ofInput.perTensor() || !fits(scale) || !(fits(ofWeight) || fitsGroup) || bias->tensor->count() != channels)
        return {};
    const auto factors = productFactors(network, layer);
    if (!factors)
        throw ParseError("the network computes what its operator multiplies sums or bias with");
    const auto at = [](const Granular &numbers, std::size_t c) { return numbers.values[c % numbers.values.size()]; };
    for (std::size_t c = 0; c < channels; ++c)
        if (!isProduct(at(scale, c), at(ofWeight, c), ofInput.values[0], *factors))
            return {};
    std::vector<std::int64_t> codes(channels);
    PlainCodes(*bias).read(0, codes);
    return codes;
}

std::int64_t inSixtyFour(Wide sum)
{
    if (sum > std::numeric_limits<std::int64_t>::max() || sum < std::numeric_limits<std::int64_t>::min())
        throw ParseError("its sums leave 64 bits");
    return static_cast<std::int64_t>(sum);
}

ChannelSum channelSum(
    const ChannelSums &sums, const SumLayout &layout, std::size_t channel, const InputRange &input, std::int64_t bias)
{
    ChannelSum out;
    for (std::uint64_t part = 0; part < layout.parts; ++part) {
        const std::size_t i = channel * layout.parts + part;
        const Wide positive = sums.positive[i], negative = sums.negative[i];
        const std::int64_t max = inSixtyFour(input.high * positive + input.low * negative + bias);
        const std::int64_t min = inSixtyFour(input.low * positive + input.high * negative + bias);
        out.max = part == 0 ? max : std::max(out.max, max);
        out.min = part == 0 ? min : std::min(out.min, min);
    }
    out.bitsNeeded = bitsOfRange(out.min, out.max);
    return out;
}

/// A recipe tells a stride and no dilation, with which other kernel positions of a transposed convolution meet, up to
/// all of them. A graph's stride is that of a layer without.
bool mayBeDilated(const Network &network, const Layer &layer)
{
    const Shape &shape = layer.slot(Slot::Weight)->shape;
    const auto isWide = [](std::int64_t size) { return size > 1; };
    return traitsOf(network.dialect).takesRecipe && layer.stride > 1 && shape.size() > 2
        && std::any_of(shape.begin() + 2, shape.end(), isWide);
}

/// Why the sums may stay within less.
std::string boundOf(const Network &network, const Layer &layer)
{
    if (layer.kindAssumed)
        return fmt::format("that it is a {} is assumed", layer.kind);
    if (isTransposed(layer) && !layer.strideTold)
        return "its stride is not known, or not one for all axes without dilation: with one, fewer kernel positions "
               "meet in a "
               "sum";
    if (isTransposed(layer) && mayBeDilated(network, layer))
        return fmt::format("its dilation is not known: without one, and with its stride of {}, fewer kernel positions "
                           "meet in a sum",
            layer.stride);
    return {};
}

AccumulatorRange rangeOf(const Arrivals &arrivals, const Layer &layer, SharedProgress &progress)
{
    const Network &network = arrivals.network();
    const SlotQuantizer &weight = *layer.slot(Slot::Weight);
    if (!weight.hasCodes())
        throw ParseError("the codes of its weight are not known");
    if (weight.quantizer->kind == QuantizerKind::Codebook)
        throw ParseError("the codes of its weight are places in a table");
    AccumulatorRange out;
    out.layer = layer.id;
    out.input = readQuantizer(arrivals, layer);
    const SlotQuantizer *input = network.slot(out.input);
    const InputRange range = inputRange(input, isConvolutionKind(layer));
    const SumLayout layout = sumLayoutOf(layer, weight, mayBeDilated(network, layer) ? 1 : layer.stride);
    if (layout.count() == 0)
        throw ParseError("its weight is empty");
    const std::vector<std::int64_t> bias = biasCodes(network, layer, input, layout.channels);
    const ChannelSums sums = channelSumsOf(weight, layout, progress);
    out.terms = layout.terms;
    out.biasIncluded = !bias.empty();
    out.bound = boundOf(network, layer);
    out.declaredBits = weight.accumulatorBits.value_or(out.declaredBits);
    for (std::size_t c = 0; c < layout.channels; ++c) {
        const ChannelSum sum = channelSum(sums, layout, c, range, bias.empty() ? 0 : bias[c]);
        out.min = c == 0 ? sum.min : std::min(out.min, sum.min);
        out.max = c == 0 ? sum.max : std::max(out.max, sum.max);
        if (sum.bitsNeeded > out.bitsNeeded) {
            out.bitsNeeded = sum.bitsNeeded;
            out.channel = c;
        }
        out.channels.push_back(sum);
    }
    out.requantizations = requantizationsOf(network, layer, out.input);
    return out;
}

/// A layer's range, or why it has none; neither where it was cancelled.
struct Outcome {
    const Layer *layer = nullptr;
    std::optional<AccumulatorRange> range;
    std::string why;
};

} // namespace

int bitsOfRange(std::int64_t min, std::int64_t max)
{
    const auto bits = [](std::int64_t value) {
        return 65 - std::countl_zero(static_cast<std::uint64_t>(value < 0 ? ~value : value));
    };
    return std::max(bits(min), bits(max));
}

std::string inputName(const Network &network, const SlotId &slot)
{
    const std::string &name = network.layer(slot.layer).name;
    return slotNamed(network, name) == slot ? name : fmt::format("{}:{}", name, slot.slot);
}

Result<Accumulators> accumulatorsOf(const Network &network, const Progress &progress)
{
    const Arrivals arrivals(network);
    std::vector<Outcome> outcomes;
    std::uint64_t elements = 0;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *weight = layer.slot(Slot::Weight);
        if (weight == nullptr || !weight->quantizer || !weight->tensor || !sumsProducts(layer))
            continue;
        outcomes.push_back({&layer, {}, {}});
        elements += weight->tensor->count();
    }
    SharedProgress done(progress, elements);
    try {
        parallelFor(outcomes.size(), [&](std::size_t i) {
            try {
                outcomes[i].range = rangeOf(arrivals, *outcomes[i].layer, done);
            } catch (const ParseError &error) {
                outcomes[i].why = error.what();
            }
        });
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, network.file->path, std::nullopt, "was cancelled"});
    }
    Accumulators out;
    for (Outcome &outcome : outcomes)
        if (outcome.range)
            out.known.push_back(*std::move(outcome.range));
        else
            out.unknown.push_back({outcome.layer->id, std::move(outcome.why)});
    return out;
}

} // namespace quantscope
