#include "checks/diagnostic_findings.h"

#include "checks/data_checks.h"
#include "checks/join_grids.h"
#include "checks/shift_range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace quantscope {

namespace {

/// How a diagnostic becomes a finding. The first row that fits counts; without one it stays as it is.
struct TakenDiagnostic {
    std::string_view rule;
    std::optional<Slot> slot; ///< nothing: any, or none
    std::string_view id; ///< of the finding; empty: the same
    std::optional<Severity> severity; ///< nothing: the same
    std::string_view fix;
    std::string_view source;
};

constexpr std::string_view kOwnData = "the codes themselves";
constexpr std::string_view kBrevitas = "Brevitas 0.6.0 to 0.12.1";

constexpr std::array kTaken = {
    TakenDiagnostic{"input-unknown", Slot::Bias, "bias-needs-input-scale", Severity::Error,
        "name the quantizer that feeds the layer (input = \"LAYER\" in the recipe); where none does, quantize the "
        "input "
        "(return_quant_tensor=True before the layer, or input_quant), or take a bias with a scale of its own "
        "(Int8BiasPerTensorFixedPointInternalScaling): Brevitas raises \"Input scale required\"",
        "Brevitas 0.6.0 to 0.12.1, bias quantizers"},
    TakenDiagnostic{"saturated", Slot::Bias, "bias-saturated", {},
        "write bias_quant=Int16Bias, Int24Bias or Int32Bias, or a bias with a scale of its own", kBrevitas},
    TakenDiagnostic{"int32-wrap", Slot::Bias, "bias-int32-clip", Severity::Error,
        "give the input or the weight a larger scale, or keep the bias in float", "Brevitas 0.6 to 0.12, Int32Bias"},
    TakenDiagnostic{"qonnx-signed-narrow-swapped", {}, "dialect", {}, "export anew with Brevitas 0.10.3 or later",
        "Brevitas 0.10.0 to 0.10.2, QONNX export"},
    TakenDiagnostic{"qonnx-signed-narrow-undecided", {}, "dialect", {}, "export anew with Brevitas 0.10.3 or later",
        "Brevitas 0.10.0 to 0.10.2, QONNX export"},
    TakenDiagnostic{"qonnx-raw-weights", {}, "dialect", {},
        "export with Brevitas 0.12.0 or 0.11, or set the rounding mode of the weights in the file",
        "Brevitas 0.12.1, QONNX export"},
    TakenDiagnostic{
        "not-finite", {}, "", Severity::Error, "take an earlier checkpoint: the training diverged", kOwnData},
    TakenDiagnostic{
        "scale-not-positive", {}, "", Severity::Error, "initialise or calibrate the quantizer again", kOwnData},
    TakenDiagnostic{"never-calibrated", {}, "", {},
        "run some batches of data through it in training or calibration mode before saving", kBrevitas},
    TakenDiagnostic{"all-zero", {}, "", {}, "leave the layer out, or look for what kept it from training", kOwnData},
    TakenDiagnostic{"saturated", {}, "", {},
        "a coarser scale or a wider word: 'quantscope compare' shows what each costs", kOwnData},
    TakenDiagnostic{"single-code", {}, "", {}, "SignedBinaryWeightPerTensorConst, or narrow_range=False", kBrevitas},
    TakenDiagnostic{"int32-wrap", {}, "", {}, "a narrower word", "Brevitas 0.6 to 0.12, limits in float32"},
    TakenDiagnostic{"few-codes-used", {}, "", {}, "fewer bits hold the same codes", kOwnData},
    TakenDiagnostic{"proof-differs", {}, "", {}, "correct the recipe: it does not say what the live model computes",
        "quantscope_recipe.py"},
    TakenDiagnostic{"export-differs", {}, "", {},
        "correct the recipe, export this checkpoint anew, or open the export instead", "the export beside the file"},
    TakenDiagnostic{"preset-assumed", {}, "", {},
        "write a recipe, or let the live model write one ('quantscope recipe --printer')", kBrevitas},
};

/// Said by rules of their own.
bool isSaidElsewhere(const CheckFacts &facts, const Diagnostic &diagnostic)
{
    return diagnostic.rule == "scales-differ"
        || (diagnostic.rule == "shift-range" && (facts.target || !traitsOf(facts.network.dialect).dpu));
}

/// A scale that is NaN or infinite makes every value of its slot so.
bool isScaleNotFinite(const CheckFacts &facts, const Diagnostic &diagnostic)
{
    if (diagnostic.rule != "scale-not-positive" || !diagnostic.subject.layer || !diagnostic.subject.slot)
        return false;
    const SlotQuantizer *slot = facts.network.slot({*diagnostic.subject.layer, *diagnostic.subject.slot});
    return slot != nullptr && slot->quantizer && slot->quantizer->scale
        && std::ranges::any_of(slot->quantizer->scale->values, [](float scale) { return !std::isfinite(scale); });
}

const TakenDiagnostic *rowOf(const Diagnostic &diagnostic)
{
    const auto found = std::ranges::find_if(kTaken, [&](const TakenDiagnostic &row) {
        return row.rule == diagnostic.rule && (!row.slot || row.slot == diagnostic.subject.slot);
    });
    return found == kTaken.end() ? nullptr : &*found;
}

Finding findingOf(const CheckFacts &facts, const Diagnostic &diagnostic)
{
    Finding finding{
        diagnostic.rule, diagnostic.severity, diagnostic.subject, {}, diagnostic.text, {}, std::string(kSaidByFile)};
    if (const TakenDiagnostic *row = rowOf(diagnostic)) {
        finding.rule = row->id.empty() ? finding.rule : std::string(row->id);
        finding.severity = row->severity.value_or(finding.severity);
        finding.fix = row->fix;
        finding.source = row->source;
    }
    if (isScaleNotFinite(facts, diagnostic))
        finding.rule = "not-finite";
    return finding;
}

bool isMuted(const CheckFacts &facts, const Diagnostic &diagnostic)
{
    return isMutedBy(facts.network.recipe.mutes, diagnostic.rule, subjectName(facts.network, diagnostic.subject));
}

/// Muted diagnostics of slots that rules speak of too, each once.
std::size_t mutedOfSlots(const CheckFacts &facts, const std::vector<Finding> &muted)
{
    std::set<std::pair<std::string_view, SlotId>> said;
    std::size_t out = 0;
    for (const Finding &finding : muted) {
        if (!finding.subject.layer || !finding.subject.slot)
            continue;
        const SlotId id{*finding.subject.layer, *finding.subject.slot};
        const SlotQuantizer *slot = facts.network.slot(id);
        if (slot == nullptr || !slot->quantizer || !said.emplace(finding.rule, id).second)
            continue;
        for (const Diagnostic &one : checkSlot({facts.network.layer(id.layer), *slot, facts.inspection.of(id)})) {
            const Finding taken = findingOf(facts, one);
            if (isMuted(facts, one) && taken.rule == finding.rule && finding.severity <= taken.severity)
                ++out;
        }
    }
    return out;
}

} // namespace

std::size_t mutedForRules(const CheckFacts &facts, const std::vector<Finding> &muted)
{
    std::size_t out = mutedOfSlots(facts, muted);
    for (const std::vector<Diagnostic> &diagnostics : {checkJoinGrids(facts.network), checkShiftRange(facts.network)})
        for (const Diagnostic &diagnostic : diagnostics)
            out += isSaidElsewhere(facts, diagnostic) && isMuted(facts, diagnostic) ? 1u : 0u;
    return out;
}

void takeDiagnostics(const CheckFacts &facts, Findings &out)
{
    for (const Diagnostic &diagnostic : facts.inspection.diagnostics)
        if (!isSaidElsewhere(facts, diagnostic))
            out.add(findingOf(facts, diagnostic));
}

} // namespace quantscope
