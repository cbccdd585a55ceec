#include "items/layer_strip.h"

#include "items/text.h"
#include "quant/grid.h"
#include "report/layer_table.h"

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

/// More operators on one way are cut: the tooltip has all.
constexpr qsizetype kMostOperators = 3;

QStringList operatorNames(const Network &network, const std::vector<FlowNodeId> &operators)
{
    QStringList names;
    for (const FlowNodeId id : operators)
        names << shownText(network.flow.node(id).opType);
    return names;
}

QString operatorsText(const QStringList &names)
{
    if (names.size() <= kMostOperators)
        return names.join(u" · "_s);
    return u"%1 · %2 more · %3"_s.arg(names.first()).arg(names.size() - 2).arg(names.last());
}

/// Every number that the line leaves out.
QString quantizerTip(const Network &network, const SlotId &id)
{
    const SlotQuantizer *slot = network.slot(id);
    const QString where = shownText(network.layer(id.layer).name) + u' ' + qs(id.slot);
    const QString words = slot && slot->quantizer ? withPowers(qs(gridWords(*slot->quantizer))) : QString();
    return u"%1: %2"_s.arg(where, words.isEmpty() ? u"a quantizer that is not known"_s : words);
}

QString slotType(const Network &network, const std::optional<SlotId> &id)
{
    if (!id)
        return {};
    const SlotQuantizer *slot = network.slot(*id);
    return slot && slot->quantizer ? gridText(*slot->quantizer) : u"?"_s;
}

/// What the layer gives is quantized somewhere, whether or not a way leads from there.
bool quantizesOutput(const Network &network, const Neighbour &neighbour)
{
    constexpr std::array kMade = {Slot::Output, Slot::Act, Slot::Trunc, Slot::Io};
    return neighbour.layer && std::ranges::any_of(kMade, [&](Slot slot) {
        const SlotQuantizer *found = network.slot({*neighbour.layer, slot});
        return found != nullptr && found->quantizer;
    });
}

/// What stands in the place of a quantizer.
QString withoutQuantizer(const Network &network, const Neighbour &neighbour)
{
    if (neighbour.kind == Neighbour::Kind::Elsewhere)
        return u"a layer of the export alone: its quantizer is not in this file"_s;
    if (neighbour.grid == Arrival::Kind::Plain)
        return u"gives values that no quantizer has made"_s;
    if (quantizesOutput(network, neighbour))
        return u"its quantizer is not followed to here"_s;
    return u"gives values in a form that is not decoded"_s;
}

StripPart partOf(const Network &network, const Neighbour &neighbour, bool feeds)
{
    StripPart part;
    part.kind = neighbour.kind == Neighbour::Kind::Layer ? StripPart::Kind::Link : StripPart::Kind::End;
    part.text = shownText(neighbour.name);
    if (neighbour.name.empty() && neighbour.kind == Neighbour::Kind::End)
        part.text = feeds ? u"input"_s : u"output"_s;
    part.layer = neighbour.layer ? qs(neighbour.name) : QString();
    part.type = slotType(network, neighbour.quantizer);
    part.differs = neighbour.differs;
    if (!feeds && neighbour.quantizer && neighbour.quantizer->slot != Slot::Act)
        part.type.prepend(qs(neighbour.quantizer->slot) + u' ');
    QStringList lines{part.text};
    if (neighbour.layer)
        lines.first() += u", "_s + shownText(network.layer(*neighbour.layer).kind);
    else if (neighbour.kind == Neighbour::Kind::End)
        lines << (feeds ? u"an input of the network"_s : u"an output of the network"_s);
    if (neighbour.quantizer)
        lines << quantizerTip(network, *neighbour.quantizer);
    else if (feeds && neighbour.kind != Neighbour::Kind::End)
        lines << withoutQuantizer(network, neighbour);
    if (neighbour.differs)
        lines << u"differs from what it is joined with: see the problems"_s;
    if (const QStringList names = operatorNames(network, neighbour.operators); !names.isEmpty())
        lines << (feeds ? u"goes through "_s : u"reached through "_s) + names.join(u", "_s);
    part.tip = lines.join(u'\n');
    return part;
}

StripPart operatorsPart(
    const Network &network, StripPart::Kind kind, const std::vector<FlowNodeId> &operators, const Side &side)
{
    const QStringList names = operatorNames(network, operators);
    StripPart part{.kind = kind, .text = operatorsText(names), .type = {}, .layer = {}, .tip = {}};
    part.tip = names.isEmpty() ? QString() : u"operators on the way: "_s + names.join(u", "_s);
    for (const Join &join : side.disagreeing)
        if (std::ranges::find(operators, join.node) != operators.end()) {
            part.differs = true;
            part.tip
                += u"\nthe inputs of %1 differ: see the problems"_s.arg(shownText(network.flow.node(join.node).opType));
        }
    return part;
}

/// Ends with what is theirs alone; links that have no room in a More.
void addSide(std::vector<StripPart> &parts, const Network &network, const Side &side, bool feeds, std::size_t most)
{
    // One more end takes no more room than saying that there is one.
    const std::size_t count = side.neighbours.size() <= most + 1 ? side.neighbours.size() : most;
    std::vector<Neighbour> ends = side.neighbours;
    if (count < ends.size()) // what is wrong is seen first
        std::ranges::stable_partition(ends, &Neighbour::differs);
    for (std::size_t at = 0; at < count; ++at) {
        const Neighbour &neighbour = ends[at];
        const StripPart own = operatorsPart(network, StripPart::Kind::Operators, neighbour.operators, side);
        if (!feeds && !own.text.isEmpty())
            parts.push_back(own);
        parts.push_back(partOf(network, neighbour, feeds));
        if (feeds && !own.text.isEmpty())
            parts.push_back(own);
    }
    if (count == ends.size())
        return;
    StripPart more{.kind = StripPart::Kind::More, .text = {}, .type = {}, .layer = {}, .tip = {}};
    std::size_t differing = 0;
    for (std::size_t at = count; at < ends.size(); ++at) {
        more.more.push_back(partOf(network, ends[at], feeds));
        differing += ends[at].differs ? 1u : 0u;
    }
    more.text = u"+%1 more"_s.arg(more.more.size());
    more.differs = differing > 0;
    more.tip = (feeds ? u"%1 other layers that feed it"_s : u"%1 other layers that it feeds"_s).arg(more.more.size())
        + (differing > 0 ? u", of which %1 differ where they are joined"_s.arg(differing) : QString());
    parts.push_back(more);
}

} // namespace

QString gridText(const Quantizer &quantizer, bool withRanges)
{
    QStringList parts{qs(gridTypeText(quantizer))};
    if (quantizer.scale)
        parts << withPowers(qs(withRanges ? gridScaleText(quantizer) : scaleText(*quantizer.scale)));
    if (const QString zero = qs(gridZeroText(quantizer)); !zero.isEmpty() && zero != u"0")
        parts << (withRanges || !zero.contains(u' ') ? u"zero point "_s + zero
                                                     : zero.section(u' ', 0, 0) + u" zero points"_s);
    parts.removeAll(QString());
    return parts.isEmpty() ? u"?"_s : parts.join(u" · "_s);
}

std::vector<StripPart> stripParts(
    const Network &network, LayerId layer, const Neighbourhood &neighbourhood, std::size_t most)
{
    std::vector<StripPart> parts;
    if (neighbourhood.empty())
        return parts;
    const Side &inputs = neighbourhood.inputs, &outputs = neighbourhood.outputs;
    addSide(parts, network, inputs, true, most);
    if (!inputs.neighbours.empty())
        parts.push_back(operatorsPart(network, StripPart::Kind::Arrow, inputs.operators, inputs));
    StripPart here{.kind = StripPart::Kind::Here,
        .text = shownText(network.layer(layer).name),
        .type = {},
        .layer = {},
        .tip = {}};
    here.type = slotType(network, neighbourhood.own);
    here.tip = here.text + (neighbourhood.own ? u'\n' + quantizerTip(network, *neighbourhood.own) : QString());
    parts.push_back(here);
    if (!outputs.neighbours.empty())
        parts.push_back(operatorsPart(network, StripPart::Kind::Arrow, outputs.operators, outputs));
    addSide(parts, network, outputs, false, most);
    return parts;
}

QString stripText(const StripPart &part, int letters)
{
    QString text = part.text;
    if (text.size() > letters && part.kind != StripPart::Kind::More)
        text = text.left((letters - 1) / 2) + u'…' + text.right(letters - 1 - (letters - 1) / 2);
    if (!part.type.isEmpty())
        text += u"  "_s + part.type;
    if (part.differs)
        text += u" differs"_s;
    if (part.kind != StripPart::Kind::Arrow)
        return text;
    return text.isEmpty() ? u"→"_s : u"→ %1 →"_s.arg(text);
}

QString stripName(const StripPart &part, bool feeds)
{
    QStringList words{(feeds ? u"fed by "_s : u"feeds "_s) + part.text};
    if (!part.type.isEmpty())
        words << part.type;
    if (part.differs)
        words << u"differs"_s;
    return words.join(u", "_s);
}

} // namespace quantscope
