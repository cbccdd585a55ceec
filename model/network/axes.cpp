#include "network/axes.h"

#include "network/layer_kinds.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

const AxisMeaning kOut{AxisRole::OutChannel, "out", "o"};
const AxisMeaning kIn{AxisRole::InChannel, "in", "i"};

const AxisMeaning kDirection{AxisRole::Direction, "direction", "d"};

AxisMeaning unknownAxis(std::size_t axis)
{
    const std::string name = fmt::format("a{}", axis);
    return {AxisRole::Unknown, name, name};
}

/// The last axes of a convolution's weight.
std::vector<AxisMeaning> kernelAxes(std::size_t dimensions)
{
    static const std::vector<AxisMeaning> kAll
        = {{AxisRole::Depth, "kd", "d"}, {AxisRole::Height, "kh", "h"}, {AxisRole::Width, "kw", "w"}};
    if (dimensions == 1)
        return {{AxisRole::Width, "k", "k"}};
    return {kAll.end() - static_cast<std::ptrdiff_t>(dimensions), kAll.end()};
}

/// [out][in] or [in][out], as the channel axis says. What PyTorch and ONNX divide by the groups is the second axis.
std::vector<AxisMeaning> channelAxes(int channelAxis, int groups)
{
    std::vector<AxisMeaning> axes = channelAxis == 1 ? std::vector{kIn, kOut} : std::vector{kOut, kIn};
    if (groups > 1)
        axes[1].name += "/groups";
    return axes;
}

/// [stack...][in][out] or [stack...][out][in]; which of two the channel axis says only where it is one of the last.
std::vector<AxisMeaning> stackedAxes(int channelAxis, std::size_t rank)
{
    const auto last = static_cast<int>(rank) - 1;
    if (channelAxis != last && channelAxis != last - 1)
        return {};
    std::vector<AxisMeaning> axes;
    for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
        const std::string number = rank > 3 ? fmt::format("{}", axis) : "";
        axes.push_back({AxisRole::Stack, "stack" + number, "s" + number});
    }
    axes.push_back(channelAxis == last ? kIn : kOut);
    axes.push_back(channelAxis == last ? kOut : kIn);
    return axes;
}

bool isRecurrent(const LayerKind &kind) { return kind.name == "LSTM" || kind.name == "GRU" || kind.name == "RNN"; }

bool isRecurrentKind(std::string_view name)
{
    const LayerKind *kind = findLayerKind(name);
    return kind != nullptr && isRecurrent(*kind);
}

bool isConvolution(std::string_view kind) { return kind.find("Conv") != std::string_view::npos; }

/// A matrix of one weight per pair of output and input: of recurrent layers the gates one below the other, of attention
/// query, key and value.
bool isMatrix(const LayerKind &kind)
{
    static constexpr std::array<std::string_view, 9> kNames{
        "Linear", "GateWeight", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "MultiheadAttention"};
    return std::ranges::find(kNames, kind.name) != kNames.end();
}

std::vector<AxisMeaning> weightAxes(const Layer &layer, int channelAxis, bool channelsLast, std::size_t rank)
{
    if (isConvolution(layer.kind) && rank >= 3 && rank <= 5) {
        std::vector<AxisMeaning> axes = channelAxes(channelAxis, layer.groups);
        const std::vector<AxisMeaning> kernel = kernelAxes(rank - 2);
        axes.insert(channelsLast ? axes.begin() + 1 : axes.end(), kernel.begin(), kernel.end());
        return axes;
    }
    const LayerKind *kind = findLayerKind(layer.kind);
    if (kind == nullptr)
        return {};
    if (isMatrix(*kind) && rank == 2)
        return channelAxes(channelAxis, 1);
    if (isRecurrent(*kind) && rank == 3)
        return channelAxis == 1 ? std::vector{kDirection, kOut, kIn} : std::vector<AxisMeaning>{};
    if (isMatrix(*kind) && rank > 2)
        return stackedAxes(channelAxis, rank);
    if (kind->name.starts_with("Embedding") && rank == 2)
        return {{AxisRole::Entry, "entry", "n"}, {AxisRole::Feature, "feature", "f"}};
    if (kind->name == "Bilinear" && rank == 3)
        return {kOut, {AxisRole::InChannel, "in1", "i"}, {AxisRole::InChannel, "in2", "j"}};
    const bool perChannel = rank == 1 && kind->weightRank == 0; // norms, ScaleBias, PReLU
    return perChannel ? std::vector{kOut} : std::vector<AxisMeaning>{};
}

/// The stored axis of each axis that the layer reads; nothing where more than transpositions lie between.
std::optional<std::vector<std::size_t>> storedAxes(const std::vector<LayoutStep> &chain, std::size_t rank)
{
    std::vector<std::size_t> stored(rank);
    std::iota(stored.begin(), stored.end(), std::size_t{0});
    for (const LayoutStep &step : chain) {
        if (step.op != "Transpose" || step.values.size() != rank)
            return std::nullopt;
        std::vector<std::size_t> behind(rank);
        for (std::size_t axis = 0; axis < rank; ++axis)
            behind[axis] = stored[static_cast<std::size_t>(step.values[axis])];
        stored = std::move(behind);
    }
    return stored;
}

/// What the layer reads has the order of its operator, what is stored need not.
std::vector<AxisMeaning> chainedAxes(const Layer &layer, const SlotQuantizer &slot, std::size_t rank)
{
    const auto stored = storedAxes(slot.chain, rank);
    std::vector<AxisMeaning> axes;
    for (std::size_t axis = 0; axis < rank; ++axis)
        axes.push_back(unknownAxis(axis));
    if (slot.channelAxis < 0)
        return axes;
    if (!stored)
        return rank == 2 ? weightAxes(layer, slot.channelAxis, slot.channelsLast, rank) : axes;
    const auto channel = static_cast<std::size_t>(slot.channelAxis);
    const auto read = static_cast<int>(std::ranges::find(*stored, channel) - stored->begin());
    const std::vector<AxisMeaning> meanings = weightAxes(layer, read, slot.channelsLast, rank);
    for (std::size_t axis = 0; axis < meanings.size(); ++axis)
        axes[(*stored)[axis]] = meanings[axis];
    return axes;
}

template <class Member> std::vector<std::string> each(const std::vector<AxisMeaning> &meanings, Member member)
{
    std::vector<std::string> words;
    for (const AxisMeaning &meaning : meanings)
        words.push_back(meaning.*member);
    return words;
}

} // namespace

std::vector<AxisMeaning> axisMeanings(const Layer &layer, const SlotQuantizer &slot)
{
    const std::size_t rank = slot.tensor != nullptr ? slot.tensor->shape.size() : slot.shape.size();
    std::vector<AxisMeaning> axes;
    if (slot.slot == Slot::Bias && rank == 1)
        axes = {kOut};
    else if (slot.slot == Slot::Bias && rank == 2 && isRecurrentKind(layer.kind))
        axes = {kDirection, kOut};
    else if (slot.slot == Slot::Weight && !slot.chain.empty())
        axes = chainedAxes(layer, slot, rank);
    else if (slot.slot == Slot::Weight && slot.channelAxis >= 0)
        axes = weightAxes(layer, slot.channelAxis, slot.channelsLast, rank);
    while (axes.size() < rank)
        axes.push_back(unknownAxis(axes.size()));
    return axes;
}

std::vector<std::string> axisNames(const Layer &layer, const SlotQuantizer &slot)
{
    return each(axisMeanings(layer, slot), &AxisMeaning::name);
}

std::vector<std::string> axisLetters(const Layer &layer, const SlotQuantizer &slot)
{
    return each(axisMeanings(layer, slot), &AxisMeaning::letter);
}

} // namespace quantscope
