#include "checks/join_grids.h"

#include "network/joins.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// More inputs than this would not be read.
constexpr std::size_t kMostNamed = 8;

std::string quantizerText(const Network &network, const SlotId &id)
{
    return fmt::format("{} {} ({})", network.layer(id.layer).name, id.slot, gridWords(*network.slot(id)->quantizer));
}

std::string inputText(const Network &network, std::size_t at, const JoinInput &input)
{
    switch (input.arrival.kind) {
    case Arrival::Kind::Quantized:
        return fmt::format("input {} is {}", at, quantizerText(network, *input.arrival.quantizer));
    case Arrival::Kind::Several: return fmt::format("input {} has several quantizers", at);
    case Arrival::Kind::Plain: return fmt::format("input {} is not quantized", at);
    case Arrival::Kind::Unknown: break;
    }
    return fmt::format("input {} is not known", at);
}

/// All of few inputs; of many those that differ, and one of those that the others are like.
std::string inputsText(const Network &network, const Join &join)
{
    std::vector<std::string> parts;
    const bool few = join.inputs.size() <= kMostNamed;
    std::size_t left = 0;
    for (std::size_t at = 0; at < join.inputs.size(); ++at) {
        if (!few && !join.inputs[at].differs)
            continue;
        if (parts.size() < kMostNamed)
            parts.push_back(inputText(network, at, join.inputs[at]));
        else
            ++left;
    }
    if (left > 0)
        parts.push_back(fmt::format("and {} more differ", left));
    const auto like = std::ranges::find_if(join.inputs,
        [](const JoinInput &input) { return !input.differs && input.arrival.kind == Arrival::Kind::Quantized; });
    if (!few && like != join.inputs.end())
        parts.push_back("others are as " + quantizerText(network, *like->arrival.quantizer));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string fieldsText(const Join &join)
{
    std::vector<std::string_view> names;
    for (const GridField field : join.fields)
        names.push_back(gridFieldName(field));
    const std::string last(names.back());
    names.pop_back();
    return names.empty() ? last : fmt::format("{} and {}", fmt::join(names, ", "), last);
}

bool hasMinifloats(const Network &network, const Join &join)
{
    return std::ranges::any_of(join.inputs, [&](const JoinInput &input) {
        const SlotQuantizer *slot = input.arrival.quantizer ? network.slot(*input.arrival.quantizer) : nullptr;
        return slot != nullptr && slot->quantizer && slot->quantizer->kind == QuantizerKind::Minifloat;
    });
}

std::string remedyText(const Network &network, const Join &join)
{
    return fmt::format(
        "; {} meet there only on one grid, so let one quantizer make all of them (in Brevitas one "
        "QuantIdentity with return_quant_tensor=True that every branch goes through), or rescale them in "
        "hardware",
        hasMinifloats(network, join) ? "values" : "integers");
}

} // namespace

std::string joinDifference(const Network &network, const Join &join)
{
    const FlowNode &node = network.flow.node(join.node);
    const auto differing = static_cast<std::size_t>(std::ranges::count_if(join.inputs, &JoinInput::differs));
    const std::string which = differing == join.inputs.size()
        ? fmt::format("its {} inputs", differing)
        : fmt::format("{} of its {} inputs", differing, join.inputs.size());
    return fmt::format("{}{}: {} differ in {}: {}", node.opType,
        node.name.empty() ? std::string() : " node " + node.name, which, fieldsText(join), inputsText(network, join));
}

SlotId lastDiffering(const Join &join)
{
    SlotId last{};
    for (const JoinInput &input : join.inputs)
        if (input.differs && !(*input.arrival.quantizer < last))
            last = *input.arrival.quantizer;
    return last;
}

std::vector<Diagnostic> checkJoinGrids(const Network &network)
{
    std::vector<Diagnostic> out;
    for (const Join &join : disagreeingJoins(network)) {
        const SlotId at = lastDiffering(join);
        out.push_back({"scales-differ", Severity::Warning, {at.layer, at.slot},
            joinDifference(network, join) + remedyText(network, join)});
    }
    return out;
}

} // namespace quantscope
