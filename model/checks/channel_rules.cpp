#include "checks/channel_rules.h"

#include "base/text.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kMostChannelsNamed = 8;
/// A channel of fewer weights is at its ends by chance.
constexpr std::uint64_t kFewestOfChannel = 32;
constexpr double kSaturatedChannelShare = 0.25;

std::string channelList(const std::vector<std::size_t> &channels)
{
    const std::size_t named = std::min(channels.size(), kMostChannelsNamed);
    const std::vector<std::size_t> first(channels.begin(), channels.begin() + static_cast<std::ptrdiff_t>(named));
    return fmt::format("{}{}", fmt::join(first, ", "),
        channels.size() > named ? fmt::format(" and {} more", channels.size() - named) : std::string());
}

/// Statistics have the channels of several scales, which may be blocks or lie along another axis.
bool hasOutputChannels(const CheckedSlot &checked)
{
    const auto axis = static_cast<std::size_t>(checked.slot.channelAxis);
    return checked.statistics != nullptr && checked.statistics->channels.size() > 1 && axis < checked.slot.shape.size()
        && static_cast<std::size_t>(checked.slot.shape[axis]) == checked.statistics->channels.size()
        && checked.slot.quantizer->kind == QuantizerKind::Affine && checked.layer.kind != "Embedding";
}

std::int64_t zeroOf(const Quantizer &quantizer, std::size_t channel)
{
    if (!quantizer.zeroPoint || quantizer.zeroPoint->values.empty())
        return 0;
    const auto &zeros = quantizer.zeroPoint->values;
    return static_cast<std::int64_t>(zeros[channel < zeros.size() ? channel : 0]);
}

std::optional<SlotProblem> sayDeadChannels(const CheckedSlot &checked)
{
    const std::vector<std::size_t> dead = deadChannels(checked);
    if (dead.empty())
        return std::nullopt;
    return SlotProblem{fmt::format("{} of {} output channels have no code but zero: {}", grouped(dead.size()),
                           grouped(checked.statistics->channels.size()), channelList(dead)),
        "prune them, since hardware spends memory and time on them all the same; or give them scales of their own"};
}

std::optional<SlotProblem> saturatedChannels(const CheckedSlot &checked)
{
    if (!hasOutputChannels(checked) || !checked.slot.quantizer->isComplete())
        return std::nullopt;
    const CodeRange range = codeRange(*checked.slot.quantizer);
    if (range.size() <= 4)
        return std::nullopt;
    const double even = 2.0 / static_cast<double>(range.size());
    const auto &channels = checked.statistics->channels;
    std::vector<std::size_t> full;
    for (std::size_t c = 0; c < channels.size(); ++c) {
        const auto count = static_cast<double>(channels[c].count);
        const double chance = even + 4 * std::sqrt(even * (1 - even) / std::max(count, 1.0));
        if (channels[c].count >= kFewestOfChannel
            && static_cast<double>(channels[c].atLimit) > count * std::max(kSaturatedChannelShare, chance))
            full.push_back(c);
    }
    if (full.empty())
        return std::nullopt;
    return SlotProblem{
        fmt::format("{} of {} output channels have more than a quarter of their codes at the ends {} and "
                    "{}: {}",
            grouped(full.size()), grouped(channels.size()), range.min, range.max, channelList(full)),
        "a scale for each channel (scaling_per_output_channel=True) or a wider word"};
}

constexpr std::string_view kChannelSource = "the codes themselves";

constexpr std::array kChannelRules = {
    Rule{.id = "dead-channel",
        .severity = Severity::Warning,
        .source = kChannelSource,
        .role = SlotRole::Weight,
        .ofSlot = sayDeadChannels},
    Rule{.id = "saturated",
        .severity = Severity::Warning,
        .source = kChannelSource,
        .role = SlotRole::Weight,
        .ofSlot = saturatedChannels},
};

} // namespace

std::vector<std::size_t> deadChannels(const CheckedSlot &checked)
{
    std::vector<std::size_t> dead;
    if (!hasOutputChannels(checked))
        return dead;
    const auto &channels = checked.statistics->channels;
    for (std::size_t c = 0; c < channels.size(); ++c) {
        const std::int64_t zero = zeroOf(*checked.slot.quantizer, c);
        if (channels[c].count > 0 && channels[c].codesMin == zero && channels[c].codesMax == zero)
            dead.push_back(c);
    }
    return dead.size() == channels.size() ? std::vector<std::size_t>() : dead;
}

std::span<const Rule> channelRules() { return kChannelRules; }

} // namespace quantscope
