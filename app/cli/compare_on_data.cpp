#include "compare_on_data.h"

#include "base/text.h"
#include "commands.h"
#include "compare.h"
#include "dialects/brevitas/facts.h"
#include "lab/compare.h"
#include "lab/families.h"
#include "report/compare_report.h"
#include "report/effect_report.h"
#include "report/json_text.h"
#include "report/walk_report.h"
#include "run/activation_compare.h"
#include "terminal_progress.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

tl::unexpected<Error> wrongUse(const CompareArguments &arguments, std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, arguments.file, std::nullopt, std::move(message)});
}

Result<SlotId> activationNamed(const CompareArguments &arguments, const Network &network, const std::string &name)
{
    const Layer *layer = network.layer(name);
    if (layer == nullptr) {
        std::vector<std::string> names;
        for (const Layer &known : network.layers)
            names.push_back(known.name);
        return wrongUse(arguments, fmt::format("has no layer \"{}\"{}", name, didYouMean(name, names)));
    }
    const SlotQuantizer *slot = layer->slot(arguments.slot);
    if (slot == nullptr || !slot->quantizer || !slot->quantizer->isComplete())
        return wrongUse(
            arguments, fmt::format("layer \"{}\" has no known quantizer in slot \"{}\"", name, arguments.slot));
    return SlotId{layer->id, arguments.slot};
}

/// Those given, else those that the lab offers; at every width of a sweep.
Result<std::vector<CandidateText>> activationCandidates(
    const CompareArguments &arguments, const Network &network, const SlotId &slot)
{
    auto named = namedCandidates(arguments);
    if (!named)
        return named;
    std::vector<CandidateText> out = std::move(*named);
    if (arguments.with.empty())
        out = offeredActivations(*network.slot(slot), !traitsOf(network.dialect).saysItself, true);
    if (arguments.bits.empty())
        return out;
    const auto range = sweepWidths(arguments.bits);
    if (!range)
        return tl::unexpected(range.error());
    return atWidths(out, range->first, range->second);
}

Result<std::vector<ActivationComparison>> comparedActivations(
    const CompareArguments &arguments, const Network &network, const Progress &progress)
{
    std::vector<ActivationComparison> out;
    RunClient client;
    for (const std::string &name : arguments.layers) {
        const auto slot = activationNamed(arguments, network, name);
        if (!slot)
            return tl::unexpected(slot.error());
        const auto candidates = activationCandidates(arguments, network, *slot);
        if (!candidates)
            return tl::unexpected(candidates.error());
        auto one = compareActivation(client, dataRequest(arguments), network, *slot, *candidates,
            arguments.with.empty() || !arguments.bits.empty(), progress);
        if (!one)
            return tl::unexpected(one.error());
        out.push_back(std::move(*one));
    }
    return out;
}

/// Every width of the families that were given, else of each layer's own.
Result<std::vector<SlotComparison>> comparedWidths(const CompareArguments &arguments, const Network &network)
{
    const auto range = sweepWidths(arguments.bits.empty() ? "2:8" : arguments.bits);
    if (!range)
        return tl::unexpected(range.error());
    const auto facts = gatherFacts(network);
    std::vector<SlotComparison> out;
    for (const std::string &name : arguments.layers) {
        const Layer *layer = network.layer(name);
        const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(arguments.slot);
        std::vector<std::string> families = arguments.with;
        if (families.empty() && slot != nullptr)
            families.emplace_back(ownFamily(*slot));
        std::vector<CandidateText> candidates;
        for (const std::string &family : families) {
            auto candidate = parseCandidate(family);
            if (!candidate)
                return tl::unexpected(candidate.error());
            candidates.push_back(std::move(*candidate));
        }
        auto one = compareCandidatesWith(network, facts, {name}, atWidths(candidates, range->first, range->second),
            {.slot = arguments.slot, .hash = false, .skipUnavailable = true});
        if (!one)
            return tl::unexpected(one.error());
        out.push_back(std::move(one->front()));
    }
    return out;
}

} // namespace

RunRequest dataRequest(const CompareArguments &arguments)
{
    RunRequest out;
    out.model = {arguments.file, arguments.recipe, arguments.part, arguments.quantInfo, {}};
    out.data = {arguments.data.value_or(""), arguments.labels, {}};
    return out;
}

int compareActivations(const CompareArguments &arguments, const Network &network)
{
    if (!arguments.data)
        return report(wrongUse(arguments, "activations are compared by what flows: give --data").value());
    if (arguments.powerOfTwo || arguments.keepSqnr || arguments.walks)
        return report(wrongUse(arguments, "--power-of-two, --keep-sqnr and --sweep are of weights and biases").value());
    const auto compared = comparedActivations(arguments, network, progressOnTerminal("running"));
    clearTerminalLine();
    if (!compared)
        return report(compared.error(), arguments.file);
    std::vector<SlotComparison> comparisons;
    std::vector<DataEffect> effects;
    for (const ActivationComparison &one : *compared) {
        comparisons.push_back(one.comparison);
        effects.insert(effects.end(), one.effects.begin(), one.effects.end());
    }
    if (!arguments.json) {
        print(compareText(comparisons) + effectsText(comparisons, effects));
        return 0;
    }
    auto document = compareJson(comparisons);
    addEffects(document, effects);
    print(jsonText(document));
    return 0;
}

int walkWidthsOnData(const CompareArguments &arguments, const Network &network)
{
    if (arguments.powerOfTwo || arguments.keepSqnr)
        return report(wrongUse(arguments, "--sweep goes with neither --power-of-two nor --keep-sqnr").value());
    const auto compared = comparedWidths(arguments, network);
    if (!compared)
        return report(compared.error(), arguments.file);
    const auto points = sweepPoints(*compared);
    if (points.empty())
        return report(wrongUse(arguments, "has no width to choose from: no candidate has figures").value());
    std::fputs(("quantscope: " + walkCountText(walkCount(points)) + "\n").c_str(), stderr);
    RunClient client;
    const auto walk = measureWalk(client, dataRequest(arguments), points, progressOnTerminal("running"));
    clearTerminalLine();
    if (!walk)
        return report(walk.error(), arguments.file);
    if (!arguments.json) {
        print(walkText(points, *walk));
        return 0;
    }
    print(jsonText(
        {{"schema", 1}, {"walk", walkJson(points, *walk)}, {"missing", layersWithoutPoints(*compared, points)}}));
    return 0;
}

} // namespace quantscope::cli
