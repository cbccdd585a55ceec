#include "items/checked_network.h"

#include "checks/rule_table.h"
#include "report/inspect.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What both runs of the rules say alike: they differ in what is muted alone.
using FindingKey = std::tuple<std::string, std::optional<LayerId>, std::optional<Slot>, std::string,
    std::optional<FlowNodeId>, std::string>;

FindingKey keyOf(const Finding &finding)
{
    return {
        finding.rule, finding.subject.layer, finding.subject.slot, finding.subject.tensor, finding.node, finding.text};
}

/// What would be said without the recipe's mutes, and is not.
std::vector<Finding> mutedFindings(const Inspection &inspection, const CheckResult &said, const Accumulators *sums,
    const std::map<SlotId, std::string> &unreadable)
{
    if (inspection.network->recipe.mutes.empty())
        return {};
    auto open = std::make_shared<Network>(*inspection.network);
    open->recipe.mutes.clear();
    Inspection all{std::move(open), inspection.statistics, {}};
    fillDiagnostics(all, unreadable);
    std::set<FindingKey> known;
    for (const Finding &finding : said.findings)
        known.insert(keyOf(finding));
    std::vector<Finding> muted = check(all, said.target, sums).findings;
    std::erase_if(muted, [&](const Finding &finding) { return known.contains(keyOf(finding)); });
    return muted;
}

} // namespace

Result<std::shared_ptr<const CheckedNetwork>> checkNetwork(const Inspection &inspection, std::optional<Target> target,
    std::shared_ptr<const Accumulators> sums, const std::map<SlotId, std::string> &unreadable, const Progress &progress)
{
    if (!sums) {
        auto found = accumulatorsOf(*inspection.network, progress);
        if (!found)
            return tl::unexpected(found.error());
        sums = std::make_shared<const Accumulators>(std::move(*found));
    }
    CheckResult result = check(inspection, target, sums.get());
    std::vector<Finding> muted = mutedFindings(inspection, result, sums.get(), unreadable);
    return std::make_shared<const CheckedNetwork>(
        CheckedNetwork{inspection.network, std::move(result), std::move(muted), std::move(sums)});
}

std::shared_ptr<const CheckedNetwork> saidSoFar(const Inspection &inspection)
{
    auto out = std::make_shared<CheckedNetwork>();
    out->network = inspection.network;
    out->result.muted = inspection.muted;
    for (const Diagnostic &diagnostic : inspection.diagnostics)
        out->result.findings.push_back({diagnostic.rule, diagnostic.severity, diagnostic.subject, {}, diagnostic.text,
            {}, std::string(kSaidByFile)});
    std::ranges::stable_sort(out->result.findings, {}, &Finding::severity);
    return out;
}

std::string LayerProblems::text() const
{
    std::string out;
    for (const auto &[number, word] : {std::pair(errors, "error"), std::pair(warnings, "warning")})
        if (number > 0)
            out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", number, word, number == 1 ? "" : "s");
    return rules.empty() ? out : fmt::format("{}: {}", out, fmt::join(rules, ", "));
}

std::vector<SlotId> slotsWith(const Network &network, const std::string &tensor)
{
    std::vector<SlotId> out;
    const auto source = network.file ? network.file->find(tensor) : std::nullopt;
    const auto has = [&](const SlotQuantizer &slot) {
        return slot.tensorName == tensor || (source && std::ranges::find(slot.sources, *source) != slot.sources.end());
    };
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (!tensor.empty() && has(slot))
                out.push_back({layer.id, slot.slot});
    return out;
}

std::vector<LayerProblems> problemsByLayer(const Network &network, const std::vector<Finding> &findings)
{
    std::vector<LayerProblems> out(network.layers.size());
    const auto count = [&](const Finding &finding, LayerId id) {
        LayerProblems &layer = out[position(id)];
        ++(finding.severity == Severity::Error          ? layer.errors
                : finding.severity == Severity::Warning ? layer.warnings
                                                        : layer.notes);
        const bool known = std::ranges::find(layer.rules, finding.rule) != layer.rules.end();
        if (finding.severity != Severity::Note && !known)
            layer.rules.push_back(finding.rule);
    };
    for (const Finding &finding : findings) {
        std::set<LayerId> layers;
        if (finding.subject.layer && position(*finding.subject.layer) < out.size())
            layers.insert(*finding.subject.layer);
        else if (!finding.subject.tensor.empty() && finding.severity != Severity::Note)
            for (const SlotId &slot : slotsWith(network, finding.subject.tensor))
                layers.insert(slot.layer);
        for (const LayerId layer : layers)
            count(finding, layer);
    }
    return out;
}

} // namespace quantscope
