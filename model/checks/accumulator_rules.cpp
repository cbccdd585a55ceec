#include "checks/accumulator_rules.h"

#include "network/unconfirmed.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

void findOverflows(const CheckFacts &facts, Findings &out)
{
    if (facts.accumulators == nullptr)
        return;
    for (const AccumulatorRange &range : facts.accumulators->known) {
        if (!range.overflows())
            continue;
        const bool exact = range.bound.empty();
        const SlotQuantizer *input = facts.network.slot(range.input);
        const bool guessed = input != nullptr && isUnconfirmed(facts.network, *input);
        Finding finding;
        finding.severity = exact && !guessed ? Severity::Error : Severity::Warning;
        finding.subject = {range.layer, Slot::Weight};
        finding.text = fmt::format("{}: its sums reach from {} to {}{} and need {} bits, where {} are declared (output "
                                   "channel {}){}",
            facts.network.layer(range.layer).name, range.min, range.max, exact ? "" : " at most", range.bitsNeeded,
            range.declaredBits, range.channel, guessed ? ", with the input quantizer that is assumed" : "");
        finding.fix
            = "fewer bits for weights or input, accumulator-aware training (Int8AccumulatorAwareWeightQuant), or a "
              "wider accumulator";
        out.add(std::move(finding));
    }
    const auto &unknown = facts.accumulators->unknown;
    if (!unknown.empty())
        out.leaveOpen("accumulator-overflow",
            fmt::format("the sums of {} layer{} are not known, {} first: {}", unknown.size(),
                unknown.size() == 1 ? "" : "s", facts.network.layer(unknown.front().layer).name, unknown.front().why));
}

constexpr std::array kAccumulatorRules = {
    Rule{.id = "accumulator-overflow",
        .severity = Severity::Error,
        .source = "integer arithmetic; int32 sums of ONNX Runtime, PyTorch and Brevitas' exports",
        .ofNetwork = findOverflows},
};

} // namespace

std::span<const Rule> accumulatorRules() { return kAccumulatorRules; }

} // namespace quantscope
