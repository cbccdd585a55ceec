#include "items/join_notes.h"

#include "items/layer_strip.h"
#include "items/text.h"
#include "network/joins.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

constexpr std::size_t kMostInputs = 8; // a tip, not a page

QString sourceName(const Network &network, FlowNodeId id)
{
    const FlowNode &node = network.flow.node(id);
    return shownText(!node.name.empty() ? node.name : node.opType);
}

/// "≠ relu1 act: u8 · 2⁻⁶"
QString inputLine(const Network &network, const JoinInput &input)
{
    const Arrival &arrival = input.arrival;
    const SlotQuantizer *slot = arrival.quantizer ? network.slot(*arrival.quantizer) : nullptr;
    const QString name = slot != nullptr
        ? shownText(network.layer(arrival.quantizer->layer).name) + u' ' + qs(arrival.quantizer->slot)
        : sourceName(network, arrival.source);
    const QString sign = input.differs ? u"≠ "_s : u"· "_s;
    switch (arrival.kind) {
    case Arrival::Kind::Quantized:
        return sign + name + u": "_s + (slot != nullptr && slot->quantizer ? gridText(*slot->quantizer, true) : u"?"_s);
    case Arrival::Kind::Several: return sign + name + u": several quantizers"_s;
    case Arrival::Kind::Plain: return sign + name + u": not quantized"_s;
    case Arrival::Kind::Unknown: break;
    }
    return sign + name + u": not known"_s;
}

QString headLine(const Network &network, const Join &join)
{
    const FlowNode &node = network.flow.node(join.node);
    QStringList fields;
    for (const GridField field : join.fields)
        fields << qs(gridFieldName(field));
    const QString last = fields.takeLast();
    return u"%1 joins what differs in %2:"_s.arg(
        shownText(node.opType) + (node.name.empty() ? QString() : u' ' + shownText(node.name)),
        fields.isEmpty() ? last : fields.join(u", "_s) + u" and "_s + last);
}

} // namespace

std::vector<JoinNote> joinNotes(const Network &network)
{
    std::vector<JoinNote> notes;
    for (const Join &join : disagreeingJoins(network)) {
        JoinNote note{join.node, {headLine(network, join)}, {}};
        for (const JoinInput &input : join.inputs)
            if (input.differs)
                note.edges.push_back(input.arrival.edge);
        std::vector<JoinInput> inputs = join.inputs;
        if (inputs.size() > kMostInputs) // what differs is never what is left out first
            std::ranges::stable_sort(inputs, std::ranges::greater(), &JoinInput::differs);
        for (std::size_t at = 0; at < std::min(kMostInputs, inputs.size()); ++at)
            note.lines << inputLine(network, inputs[at]);
        if (inputs.size() > kMostInputs)
            note.lines << u"and %1 more inputs: see the problems"_s.arg(inputs.size() - kMostInputs);
        notes.push_back(std::move(note));
    }
    return notes;
}

} // namespace quantscope
