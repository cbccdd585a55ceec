#include "run/result_message.h"

#include "run/message_json.h"

#include <algorithm>
#include <bit>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Bars that are empty at both ends are left out: where they begin, and their counts.
template <std::size_t N> MessageJson barsJson(const std::array<std::uint64_t, N> &bars)
{
    std::size_t first = 0, end = N;
    while (first < end && bars[first] == 0)
        ++first;
    while (end > first && bars[end - 1] == 0)
        --end;
    return {{"first", first},
        {"counts",
            std::vector<std::uint64_t>(
                bars.begin() + static_cast<std::ptrdiff_t>(first), bars.begin() + static_cast<std::ptrdiff_t>(end))}};
}

template <std::size_t N> void barsFrom(const MessageReader &in, const char *name, std::array<std::uint64_t, N> &bars)
{
    const MessageReader held(in.member(name));
    const auto first = held.integer<std::size_t>("first");
    const auto counts = held.counts("counts");
    if (first > N || counts.size() > N - first)
        throw ParseError("a message has more bars than a histogram");
    std::ranges::copy(counts, bars.begin() + static_cast<std::ptrdiff_t>(first));
}

MessageJson errorJson(const QuantizationError &error)
{
    return {{"count", error.count}, {"signal", exactJson(error.signalPower)}, {"error", exactJson(error.errorPower)},
        {"max", exactJson(error.maxAbs)}, {"sum", exactJson(error.sum)}, {"value", exactJson(error.valuePower)},
        {"product", exactJson(error.product)}};
}

QuantizationError errorFrom(const MessageReader &in)
{
    return {in.integer<std::uint64_t>("count"), in.number("signal"), in.number("error"), in.number("max"),
        in.number("sum"), in.number("value"), in.number("product")};
}

MessageJson codesJson(const CodeHistogram &codes)
{
    return {{"first", codes.first}, {"width", codes.width}, {"bins", codes.bins}, {"used", codes.used},
        {"used_known", codes.usedKnown}};
}

CodeHistogram codesFrom(const MessageReader &in)
{
    return {in.integer<std::int64_t>("first"), in.integer<std::uint64_t>("width"), in.counts("bins"),
        in.integer<std::uint64_t>("used"), in.flag("used_known")};
}

MessageJson channelsJson(const std::vector<ChannelStatistics> &channels)
{
    MessageJson out = MessageJson::array();
    for (const ChannelStatistics &c : channels)
        out.push_back({{"low", exactJson(static_cast<double>(c.low))}, {"high", exactJson(static_cast<double>(c.high))},
            {"count", c.count}});
    return out;
}

std::vector<ChannelStatistics> channelsFrom(const MessageReader &in)
{
    std::vector<ChannelStatistics> out;
    for (const MessageReader &c : in.objects("channels")) {
        ChannelStatistics &channel = out.emplace_back();
        channel.low = static_cast<float>(c.number("low"));
        channel.high = static_cast<float>(c.number("high"));
        channel.count = c.integer<std::uint64_t>("count");
    }
    return out;
}

MessageJson seenJson(const SlotStatistics &s)
{
    return {{"count", s.count}, {"non_finite", s.nonFinite}, {"low", exactJson(static_cast<double>(s.low))},
        {"high", exactJson(static_cast<double>(s.high))}, {"codes_min", s.codesMin}, {"codes_max", s.codesMax},
        {"at_limit", s.atLimit}, {"clipped", orAbsent(s.clipped)}, {"zeroed", s.zeroed}, {"error", errorJson(s.error)},
        {"positive", barsJson(s.bitWeights.positive)}, {"negative", barsJson(s.bitWeights.negative)},
        {"zeros", s.bitWeights.zeros}, {"bars_non_finite", s.bitWeights.nonFinite}, {"codes", codesJson(s.codes)},
        {"channels", channelsJson(s.channels)}};
}

SlotStatistics seenFrom(const MessageReader &in)
{
    SlotStatistics s;
    s.count = in.integer<std::uint64_t>("count");
    s.nonFinite = in.integer<std::uint64_t>("non_finite");
    s.low = static_cast<float>(in.number("low"));
    s.high = static_cast<float>(in.number("high"));
    s.hasFloats = true;
    s.codesMin = in.integer<std::int64_t>("codes_min");
    s.codesMax = in.integer<std::int64_t>("codes_max");
    s.atLimit = in.integer<std::uint64_t>("at_limit");
    if (in.has("clipped"))
        s.clipped = in.integer<std::uint64_t>("clipped");
    s.zeroed = in.integer<std::uint64_t>("zeroed");
    s.error = errorFrom(MessageReader(in.member("error")));
    barsFrom(in, "positive", s.bitWeights.positive);
    barsFrom(in, "negative", s.bitWeights.negative);
    s.bitWeights.zeros = in.integer<std::uint64_t>("zeros");
    s.bitWeights.nonFinite = in.integer<std::uint64_t>("bars_non_finite");
    s.codes = codesFrom(MessageReader(in.member("codes")));
    s.channels = channelsFrom(in);
    return s;
}

/// Three lists: bins are many, and their names would be most of it.
MessageJson magnitudesJson(const Magnitudes &magnitudes)
{
    std::vector<std::uint64_t> places, largest, counts;
    for (const Magnitudes::Bin &bin : magnitudes.bins()) {
        places.push_back(bin.place);
        largest.push_back(std::bit_cast<std::uint32_t>(bin.largest));
        counts.push_back(bin.count);
    }
    return {{"places", places}, {"largest", largest}, {"counts", counts}};
}

Magnitudes magnitudesFrom(const MessageReader &in)
{
    const auto places = in.counts("places"), largest = in.counts("largest"), counts = in.counts("counts");
    if (largest.size() != places.size() || counts.size() != places.size())
        throw ParseError("a message has bins of magnitudes that are none");
    std::vector<Magnitudes::Bin> bins;
    for (std::size_t i = 0; i < places.size(); ++i)
        bins.push_back({narrow<std::uint16_t>(places[i], "places"),
            std::bit_cast<float>(narrow<std::uint32_t>(largest[i], "largest")), counts[i]});
    return Magnitudes(std::move(bins));
}

MessageJson flowJson(const LayerFlow &flow)
{
    const FlowFigures &f = flow.figures;
    const MessageJson id = flow.id ? MessageJson(position(*flow.id)) : MessageJson(nullptr);
    MessageJson out{{"layer", flow.layer}, {"id", id}, {"slot", std::string(flow.slotText())},
        {"seen", seenJson(f.seen)}, {"has_codes", f.hasCodes}, {"low", exactJson(f.low)}, {"high", exactJson(f.high)},
        {"sum", exactJson(f.sum)}, {"squares", exactJson(f.squares)}, {"finite", f.finite}};
    if (!f.magnitudes.bins().empty())
        out["magnitudes"] = magnitudesJson(f.magnitudes);
    return out;
}

LayerFlow flowFrom(const MessageReader &in)
{
    LayerFlow out;
    out.layer = in.text("layer");
    if (in.has("id"))
        out.id = layerId(in.integer<std::uint32_t>("id"));
    const std::string slot = in.text("slot");
    out.slot = slotFromName(slot);
    if (!out.slot && slot != "result")
        throw ParseError("a message names a slot that is none");
    out.figures.seen = seenFrom(MessageReader(in.member("seen")));
    out.figures.hasCodes = in.flag("has_codes");
    out.figures.low = in.number("low");
    out.figures.high = in.number("high");
    out.figures.sum = in.number("sum");
    out.figures.squares = in.number("squares");
    out.figures.finite = in.integer<std::uint64_t>("finite");
    if (in.has("magnitudes"))
        out.figures.magnitudes = magnitudesFrom(MessageReader(in.member("magnitudes")));
    return out;
}

} // namespace

std::string payloadOf(const RunResult &result)
{
    MessageJson outputs = MessageJson::array(), layers = MessageJson::array();
    for (const RunOutput &output : result.outputs)
        outputs.push_back({{"name", output.name}, {"shape", output.shape}});
    for (const LayerFlow &flow : result.layers)
        layers.push_back(flowJson(flow));
    const MessageJson message
        = {{"samples", result.samples}, {"correct", orAbsent(result.correct)}, {"outputs", std::move(outputs)},
            {"layers", std::move(layers)}, {"stopped", orAbsent(result.stopped)}, {"notes", result.notes}};
    return messageText(message);
}

RunResult resultIn(std::string_view payload)
{
    const MessageReader in(payload);
    RunResult out;
    out.samples = in.integer<std::uint64_t>("samples");
    if (in.has("correct"))
        out.correct = in.integer<std::uint64_t>("correct");
    for (const MessageReader &output : in.objects("outputs"))
        out.outputs.push_back({output.text("name"), output.integers("shape"), {}});
    for (const MessageReader &flow : in.objects("layers"))
        out.layers.push_back(flowFrom(flow));
    out.stopped = in.textOrNone("stopped");
    out.notes = in.texts("notes");
    return out;
}

} // namespace quantscope
