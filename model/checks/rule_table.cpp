#include "checks/rule_table.h"

#include "checks/accumulator_rules.h"
#include "checks/bias_rules.h"
#include "checks/channel_rules.h"
#include "checks/diagnostic_findings.h"
#include "checks/join_rules.h"
#include "checks/preset_rules.h"
#include "checks/propagation.h"
#include "checks/targets/dpu.h"
#include "checks/targets/finn.h"
#include "checks/targets/hls.h"
#include "checks/targets/hls4ml.h"
#include "checks/targets/onnx.h"
#include "checks/targets/pytorch.h"
#include "network/unconfirmed.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace quantscope {

namespace {

struct TargetRules {
    Target target;
    std::span<const Rule> (*rules)();
};

/// A target is a file and a row here.
constexpr std::array kTargetRules = {
    TargetRules{Target::Finn, finnRules},
    TargetRules{Target::Hls4ml, hls4mlRules},
    TargetRules{Target::Dpu, dpuRules},
    TargetRules{Target::Onnx, onnxRules},
    TargetRules{Target::PyTorch, pytorchRules},
    TargetRules{Target::Hls, hlsRules},
};

bool looksAt(const Rule &rule, Slot slot) { return rule.role == SlotRole::Any || rule.role == roleOf(slot); }

constexpr std::string_view kAsAssumed = " (as it is assumed: neither file nor recipe says all of it)";

/// What is refused of a quantizer that is only assumed may not be there: that is a warning.
void applyToSlots(const Rule &rule, const CheckFacts &facts, Findings &out)
{
    for (const CheckedSlot &checked : facts.slots) {
        const Slot slot = checked.slot.slot;
        auto problem = looksAt(rule, slot) ? rule.ofSlot(checked) : std::nullopt;
        if (!problem)
            continue;
        const bool guessed = isUnconfirmed(facts.network, checked.slot);
        Finding finding;
        finding.severity = guessed && rule.severity == Severity::Error ? Severity::Warning : rule.severity;
        finding.subject = {checked.layer.id, slot};
        finding.text = fmt::format("{} {}: {}{}", checked.layer.name, slot, problem->text, guessed ? kAsAssumed : "");
        finding.fix = std::move(problem->fix);
        out.add(std::move(finding));
    }
}

void applyToNetwork(const Rule &rule, const CheckFacts &facts, Findings &out)
{
    const std::size_t before = out.found.size();
    rule.ofNetwork(facts, out);
    for (Finding &finding : std::span(out.found).subspan(before)) {
        const SlotQuantizer *slot = finding.subject.layer && finding.subject.slot
            ? facts.network.slot({*finding.subject.layer, *finding.subject.slot})
            : nullptr;
        if (finding.severity != Severity::Error || slot == nullptr || !isUnconfirmed(facts.network, *slot))
            continue;
        finding.severity = Severity::Warning;
        finding.text += kAsAssumed;
    }
}

void apply(const Rule &rule, const CheckFacts &facts, Findings &out)
{
    if (rule.holdsFor != nullptr && !rule.holdsFor(traitsOf(facts.network.dialect)))
        return;
    out.begin(rule);
    if (rule.needsGraph && !facts.hasGraph())
        out.leaveOpen(rule.id, withoutGraph(facts.network));
    else if (rule.ofSlot != nullptr)
        applyToSlots(rule, facts, out);
    else
        applyToNetwork(rule, facts, out);
}

using Place = std::tuple<std::string, std::optional<LayerId>, std::optional<Slot>, std::optional<FlowNodeId>>;

Place placeOf(const Finding &finding)
{
    return {finding.rule, finding.subject.layer, finding.subject.slot, finding.node};
}

/// Where a rule finds a thing as bad as its diagnostic does, it knows more of it. The first `taken` are diagnostics.
void giveWayToRules(std::vector<Finding> &findings, std::size_t taken)
{
    std::map<Place, Severity> byRules;
    for (const Finding &finding : std::span(findings).subspan(taken)) {
        Severity &worst = byRules.try_emplace(placeOf(finding), finding.severity).first->second;
        worst = std::min(worst, finding.severity);
    }
    const auto gives = [&](const Finding &finding) {
        const auto said = byRules.find(placeOf(finding));
        return finding.subject.layer && said != byRules.end() && said->second <= finding.severity;
    };
    const auto end = findings.begin() + static_cast<std::ptrdiff_t>(taken);
    findings.erase(std::remove_if(findings.begin(), end, gives), end);
}

/// Worst first. What two sources say of one place and rule is said once, by the one that finds it worse.
void putInOrder(std::vector<Finding> &findings)
{
    std::ranges::stable_sort(findings, {}, &Finding::severity);
    std::map<Place, std::string> saidBy;
    std::set<std::pair<Place, std::string>> texts;
    std::erase_if(findings, [&](const Finding &finding) {
        if (!finding.subject.layer)
            return false;
        const Place place = placeOf(finding);
        return saidBy.emplace(place, finding.source).first->second != finding.source
            || !texts.emplace(place, finding.text).second;
    });
}

} // namespace

std::vector<std::span<const Rule>> rulesFor(std::optional<Target> target)
{
    std::vector<std::span<const Rule>> out
        = {biasRules(), propagationRules(), joinRules(), presetRules(), channelRules(), accumulatorRules()};
    for (const TargetRules &row : kTargetRules)
        if (row.target == target)
            out.push_back(row.rules());
    return out;
}

CheckResult check(const Inspection &inspection, std::optional<Target> target, const Accumulators *accumulators)
{
    const CheckFacts facts(inspection, target, accumulators);
    Findings out;
    takeDiagnostics(facts, out);
    const std::size_t taken = out.found.size();
    for (const std::span<const Rule> rules : rulesFor(target))
        for (const Rule &rule : rules)
            apply(rule, facts, out);
    giveWayToRules(out.found, taken);
    putInOrder(out.found);
    CheckResult result{target, std::move(out.found), std::move(out.unchecked)};
    const auto shown = std::ranges::stable_partition(result.findings, [&](const Finding &finding) {
        return !isMutedBy(facts.network.recipe.mutes, finding.rule, subjectName(facts.network, finding.subject));
    });
    const std::vector<Finding> muted(shown.begin(), shown.end());
    result.findings.erase(shown.begin(), shown.end());
    if (inspection.muted + muted.size() > 0)
        result.muted = inspection.muted + muted.size() - mutedForRules(facts, muted);
    return result;
}

} // namespace quantscope
