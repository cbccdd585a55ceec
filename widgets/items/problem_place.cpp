#include "items/problem_place.h"

#include "items/checked_network.h"
#include "items/text.h"

#include <algorithm>
#include <array>
#include <string_view>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

/// Where a rule leads to; without a row the page that is shown stays.
struct RulePlace {
    std::string_view rule;
    ProblemPage page = ProblemPage::Shown;
    const char16_t *query = u"";
    bool settled = false; ///< by the recipe where there is one, else it is looked at on that page
};

constexpr std::array kRulePlaces = {
    RulePlace{"saturated", ProblemPage::Distribution, u"at limit"},
    RulePlace{"bias-saturated", ProblemPage::Distribution, u"at limit"},
    RulePlace{"bias-int32-clip", ProblemPage::Distribution, u"at limit"},
    RulePlace{"not-finite", ProblemPage::Distribution, u"not finite"},
    RulePlace{"all-zero", ProblemPage::Distribution, u"code = 0"},
    RulePlace{"dead-channel", ProblemPage::Channels},
    RulePlace{"few-codes-used", ProblemPage::Distribution},
    RulePlace{"single-code", ProblemPage::Distribution},
    RulePlace{"accumulator-overflow", ProblemPage::Overview},
    RulePlace{"shift-range", ProblemPage::Overview},
    RulePlace{"scales-differ", ProblemPage::Overview},
    RulePlace{"propagation-lost", ProblemPage::Overview},
    RulePlace{"input-float", ProblemPage::Overview},
    RulePlace{"scale-not-positive", ProblemPage::Channels},
    RulePlace{"preset-assumed", ProblemPage::Recipe, u"", true},
    RulePlace{"bias-needs-input-scale", ProblemPage::Recipe, u"", true},
    RulePlace{"input-unknown", ProblemPage::Recipe, u"", true},
    RulePlace{"never-calibrated", ProblemPage::Recipe, u"", true},
    RulePlace{"proof-differs", ProblemPage::Recipe, u"", true},
    RulePlace{"proof-confirmed", ProblemPage::Recipe, u"", true},
    RulePlace{"export-differs", ProblemPage::Recipe, u"", true},
    RulePlace{"recipe-confirmed", ProblemPage::Recipe, u"", true},
    RulePlace{"recipe-matches-nothing", ProblemPage::Recipe, u"", true},
    RulePlace{"preset-name", ProblemPage::Recipe, u"", true},
    RulePlace{"scale-per-channel", ProblemPage::Recipe, u"", true},
    RulePlace{"scale-not-power-of-two", ProblemPage::Recipe, u"", true},
    RulePlace{"zero-point", ProblemPage::Recipe, u"", true},
    RulePlace{"bit-width", ProblemPage::Recipe, u"", true},
    RulePlace{"signedness", ProblemPage::Recipe, u"", true},
    RulePlace{"narrow-range", ProblemPage::Recipe, u"", true},
    RulePlace{"rounding-mode", ProblemPage::Recipe, u"", true},
    RulePlace{"quantizer-kind", ProblemPage::Recipe, u"", true},
    RulePlace{"activation-kind", ProblemPage::Recipe, u"", true},
    RulePlace{"bipolar-scale", ProblemPage::Recipe, u"", true},
    RulePlace{"bias-scale-external", ProblemPage::Recipe, u"", true},
    RulePlace{"bias-scale-internal", ProblemPage::Recipe, u"", true},
    RulePlace{"bias-float", ProblemPage::Recipe, u"", true},
    RulePlace{"bias-8bit", ProblemPage::Recipe, u"", true},
    RulePlace{"weight-float", ProblemPage::Recipe, u"", true},
};

/// Of a tensor the first slot that it is in.
Subject subjectOf(const Network &network, const Finding &finding)
{
    const auto slots = finding.subject.layer ? std::vector<SlotId>() : slotsWith(network, finding.subject.tensor);
    return slots.empty() ? finding.subject : Subject(slots.front().layer, slots.front().slot);
}

const Layer *layerOf(const Network &network, const Finding &finding, const Subject &subject)
{
    if (subject.layer)
        return position(*subject.layer) < network.layers.size() ? &network.layer(*subject.layer) : nullptr;
    if (!finding.node || position(*finding.node) >= network.flow.nodes().size())
        return nullptr;
    for (const FlowNodeId above : network.flow.upstream(*finding.node))
        if (const auto layer = network.flow.node(above).layer)
            return &network.layer(*layer);
    return nullptr;
}

} // namespace

ProblemPlace placeOf(const Network &network, const Finding &finding, bool editable)
{
    ProblemPlace out;
    const Subject subject = subjectOf(network, finding);
    if (const Layer *layer = layerOf(network, finding, subject))
        out.layer = layer->name;
    if (subject.slot)
        out.slot = qs(*subject.slot);
    const auto row = std::ranges::find(kRulePlaces, std::string_view(finding.rule), &RulePlace::rule);
    if (row == kRulePlaces.end())
        return out;
    const bool ofLayer = !out.layer.empty();
    out.page = !row->settled || editable ? row->page : ofLayer ? ProblemPage::Overview : ProblemPage::Shown;
    out.deadChannels = finding.rule == "dead-channel";
    if (!out.slot.isEmpty())
        out.query = QString::fromUtf16(row->query);
    return out;
}

} // namespace quantscope
