#include "compare.h"

#include "base/parse_number.h"
#include "commands.h"
#include "compare_on_data.h"
#include "dialects/brevitas/facts.h"
#include "dialects/brevitas/presets.h"
#include "lab/power_of_two.h"
#include "open/open_network.h"
#include "report/compare_report.h"
#include "report/effect_report.h"
#include "report/json_text.h"
#include "report/power_report.h"
#include "report/sweep_report.h"
#include "run/activation_compare.h"
#include "terminal_progress.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

constexpr int kWidest = 32;

tl::unexpected<Error> usage(std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt, std::move(message)});
}

/// Those given, else those that the lab offers for this layer; at every width of a sweep.
Result<std::vector<CandidateText>> candidates(
    const CompareArguments &arguments, const Network &network, const std::string &name)
{
    auto named = namedCandidates(arguments);
    if (!named)
        return named;
    std::vector<CandidateText> out = std::move(*named);
    const Layer *layer = arguments.with.empty() ? network.layer(name) : nullptr;
    const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(arguments.slot);
    if (slot != nullptr)
        out = offeredCandidates(*slot, versionOf(network.recipe));
    if (!arguments.sweeps())
        return out;
    const auto range = sweepWidths(arguments.bits.empty() ? "1:16" : arguments.bits);
    if (!range)
        return tl::unexpected(range.error());
    return atWidths(out, range->first, range->second);
}

/// A candidate that was named must be had somewhere; single widths of a sweep may be missing.
std::optional<Error> namedButNowhere(const CompareArguments &arguments, const std::vector<SlotComparison> &compared)
{
    for (const std::string &text : arguments.with) {
        const std::string family = candidateFamily(text);
        const auto has = [&](const SlotComparison &comparison) {
            return std::any_of(comparison.candidates.begin(), comparison.candidates.end(),
                [&](const CandidateResult &result) { return candidateFamily(result.name) == family; });
        };
        if (std::any_of(compared.begin(), compared.end(), has))
            continue;
        for (const SlotComparison &comparison : compared)
            for (const Unavailable &missing : comparison.unavailable)
                if (candidateFamily(missing.name) == family)
                    return Error{ErrorKind::Usage, arguments.file, std::nullopt,
                        fmt::format("{} cannot be had for {} {}: {}", missing.name, comparison.layer, comparison.slot,
                            missing.reason)};
    }
    return std::nullopt;
}

Result<std::vector<SlotComparison>> compareAll(const CompareArguments &arguments, const Network &network)
{
    const CompareOptions options{.slot = arguments.slot,
        .hash = arguments.json,
        .skipUnavailable = arguments.with.empty() || arguments.sweeps()};
    const auto facts = gatherFacts(network);
    std::vector<SlotComparison> compared;
    for (const std::string &layer : arguments.layers) {
        const auto list = candidates(arguments, network, layer);
        if (!list)
            return tl::unexpected(list.error());
        auto one = compareCandidatesWith(network, facts, {layer}, *list, options);
        if (!one)
            return tl::unexpected(one.error());
        compared.push_back(std::move(one->front()));
    }
    if (arguments.sweeps())
        if (auto error = namedButNowhere(arguments, compared))
            return tl::unexpected(std::move(*error));
    return compared;
}

/// Of each candidate in turn, alone in the network; nothing without data.
Result<std::vector<DataEffect>> effectsOnData(
    const CompareArguments &arguments, const std::vector<SlotComparison> &compared)
{
    if (!arguments.data)
        return std::vector<DataEffect>();
    RunClient client(clientOptions(arguments.memory));
    const Progress progress = progressOnTerminal("running");
    auto effects = measureEffects(client, dataRequest(arguments), choicesOf(compared), progress);
    clearTerminalLine();
    return effects.map([&](const std::vector<DataEffect> &measured) { return effectsInOrder(compared, measured); });
}

void printCompared(const CompareArguments &arguments, const Network &network,
    const std::vector<SlotComparison> &compared, const std::vector<DataEffect> &effects)
{
    const bool sweep = arguments.sweeps();
    SweepMarks marks{sweep ? sweepPoints(compared) : std::vector<SweepPoint>{}, {}, {}};
    if (arguments.json) {
        auto document = compareJson(compared);
        if (!effects.empty())
            addEffects(document, effects);
        if (sweep)
            document["sweep"] = sweepJson(network, compared, marks.points, arguments.keepSqnr);
        print(jsonText(document));
    } else if (arguments.csv) {
        marks.front = paretoFront(marks.points);
        if (arguments.keepSqnr && !marks.points.empty())
            marks.cheapest = cheapestKeeping(marks.points, *arguments.keepSqnr);
        print(compareCsv(compared, sweep ? &marks : nullptr));
    } else {
        print((sweep ? sweepText(network, compared, marks.points, arguments.keepSqnr) : compareText(compared))
            + (effects.empty() ? "" : effectsText(compared, effects)));
    }
}

int powerOfTwo(const CompareArguments &arguments, const Network &network)
{
    if (!arguments.with.empty() || arguments.sweeps() || arguments.data)
        return report(
            usage("--power-of-two tries its own candidates: it goes with neither --with nor a sweep nor --data")
                .value());
    std::vector<PowerTable> tables;
    for (const std::string &layer : arguments.layers) {
        auto table = powerOfTwoTable(network, layer, arguments.slot);
        if (!table)
            return report(table.error(), arguments.file);
        tables.push_back(std::move(*table));
    }
    if (arguments.json)
        print(jsonText(powerJson(tables)));
    else
        print(arguments.csv ? powerCsv(tables) : powerText(tables));
    return 0;
}

} // namespace

Result<std::vector<CandidateText>> namedCandidates(const CompareArguments &arguments)
{
    std::vector<CandidateText> out;
    for (const std::string &text : arguments.with) {
        auto candidate = parseCandidate(text);
        if (!candidate)
            return tl::unexpected(candidate.error());
        out.push_back(std::move(*candidate));
    }
    return out;
}

Result<std::pair<int, int>> sweepWidths(const std::string &text)
{
    const auto colon = text.find(':');
    const auto low = parseNumber<int>(std::string_view(text).substr(0, colon)),
               high = colon == std::string::npos ? low : parseNumber<int>(std::string_view(text).substr(colon + 1));
    if (!low || !high)
        return usage(fmt::format("--bits {} is not of the form 2:8", text));
    if (*low < 1 || *high < *low || *high > kWidest)
        return usage(fmt::format("--bits {}: widths go up from 1 to {}", text, kWidest));
    return std::pair(*low, *high);
}

int run(CompareArguments arguments)
{
    if (arguments.keepSqnr && !std::isfinite(*arguments.keepSqnr))
        return report(usage("--keep-sqnr must be a finite number of dB").value());
    const auto network = openNetwork(arguments.file, arguments.recipe, false, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return report(network.error(), arguments.file);
    warnAboutRecipe(*network);
    const auto slot = slotFromName(arguments.slotText);
    if (slot)
        arguments.slot = *slot;
    else
        arguments.layers.clear();
    const bool isActivation = slot && presetSlot(*slot) == Slot::Act;
    arguments.allLayers = arguments.layers.empty();
    if (arguments.walks && slot && !isActivation)
        return walkWidthsOnData(arguments, *network);
    if (arguments.layers.empty() && slot)
        arguments.layers = isActivation ? activationLayers(*network, *slot) : comparableLayers(*network, *slot);
    if (arguments.layers.empty())
        return report(Error{ErrorKind::Usage, arguments.file, std::nullopt,
            fmt::format("has no layer with values in slot \"{}\"", arguments.slotText)});
    if (isActivation)
        return compareActivations(arguments, *network);
    if (arguments.powerOfTwo)
        return powerOfTwo(arguments, *network);
    const auto compared = compareAll(arguments, *network);
    if (!compared)
        return report(compared.error(), arguments.file);
    const auto effects = effectsOnData(arguments, *compared);
    if (!effects)
        return report(effects.error(), arguments.file);
    printCompared(arguments, *network, *compared, *effects);
    return 0;
}

} // namespace quantscope::cli
