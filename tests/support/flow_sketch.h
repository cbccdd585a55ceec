#pragma once

// The networks have members called slots.
#include "network/flow_builder.h"
#include "network/network.h"
#include "support/memory_slot.h"

#include <QRegularExpression>
#include <QString>
#include <QStringList>

#include <cmath>
#include <map>

namespace quantscope::test {

/// A network with its flow from text. Layers: "q=u8 2^-6; s=i8 0.1 zp 3; c; f=?" are q and s with an `act` quantizer, c
/// without one and f with one that is not known; "c.input=..." gives another slot. Edges: "x > q > keep > c; s > add"
/// are edges; x is the network's input and y its output; other words are operators, named by what they do with what
/// they read (keep, pad, cat, add, anything else computes; "keep.Slice" is a Slice), "odd" in a way that is not
/// decoded. "Q!" is a layer of the export alone; "c~" reads the raw result of c.
class FlowSketch {
public:
    FlowSketch(const QString &layers, const QString &edges)
    {
        for (const QString &layer : layers.split(u';', Qt::SkipEmptyParts))
            addLayer(layer.trimmed());
        for (const Layer &layer : network.layers)
            m_ids[QString::fromStdString(layer.name)]
                = m_builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name});
        for (const QString &chain : edges.split(u';', Qt::SkipEmptyParts)) {
            const QStringList names = chain.split(u'>');
            for (qsizetype i = 0; i < names.size(); ++i) {
                const QString name = names[i].trimmed();
                node(name);
                if (i > 0)
                    connect(names[i - 1].trimmed(), name);
            }
        }
        network.flow = m_builder.build();
    }

    FlowNodeId id(const QString &name) const { return m_ids.at(name); }
    QString name(FlowNodeId node) const { return QString::fromStdString(network.flow.node(node).name); }

    Network network;

private:
    static std::optional<Quantizer> quantizerOf(const QString &text)
    {
        static const QRegularExpression pattern(QStringLiteral("^([iu])(\\d+) (\\S+)(?: zp (\\S+))?$"));
        const auto match = pattern.match(text);
        if (!match.hasMatch())
            return std::nullopt;
        const QString scale = match.captured(3);
        const float number = scale.startsWith(u"2^") ? std::ldexp(1.0f, scale.mid(2).toInt()) : scale.toFloat();
        return affine(match.captured(2).toInt(), match.captured(1) == u"i", false, {{}, {}, {number}},
            {{}, {}, {match.captured(4).toFloat()}});
    }

    void addLayer(const QString &text)
    {
        const QString place = text.section(u'=', 0, 0).trimmed();
        const QString slotText = place.section(u'.', 1, 1);
        const std::string name = place.section(u'.', 0, 0).toStdString();
        Layer *layer = network.layer(name);
        if (layer == nullptr) {
            Layer added;
            added.name = name;
            added.kind = "Identity";
            layer = &network.add(std::move(added));
        }
        if (!text.contains(u'='))
            return;
        SlotQuantizer slot;
        slot.slot = slotText.isEmpty() ? Slot::Act : *slotFromName(slotText.toStdString());
        slot.quantizer = quantizerOf(text.section(u'=', 1).trimmed());
        layer->slots.push_back(std::move(slot));
    }

    void node(const QString &text)
    {
        const QString name = QString(text).remove(u'~');
        if (m_ids.contains(name))
            return;
        FlowNode node{.name = name.toStdString(), .opType = name.section(u'.', -1).toStdString()};
        node.kind = name == u"x"  ? FlowNode::Kind::Input
            : name == u"y"        ? FlowNode::Kind::Output
            : name.endsWith(u'!') ? FlowNode::Kind::Elsewhere
                                  : FlowNode::Kind::Operator;
        m_ids[name] = m_builder.add(std::move(node));
    }

    static FlowUse useOf(const QString &name)
    {
        for (const auto &[word, use] : {std::pair(u"keep", FlowUse::Keeps), std::pair(u"pad", FlowUse::Pads),
                 std::pair(u"cat", FlowUse::Merges), std::pair(u"add", FlowUse::Sums)})
            if (name.startsWith(QStringView(word)))
                return use;
        return FlowUse::Computes;
    }

    void connect(const QString &fromText, const QString &to)
    {
        const QString from = QString(fromText).remove(u'~');
        FlowEdge edge{.from = m_ids.at(from), .to = m_ids.at(to), .input = m_inputs[to]++};
        edge.use = useOf(to);
        edge.opaque = from.startsWith(u"odd");
        const auto giver = network.layer(from.toStdString()), taker = network.layer(to.toStdString());
        for (const Slot slot : {Slot::Output, Slot::Act})
            if (giver != nullptr && giver->slot(slot) != nullptr && from == fromText)
                edge.quantizer = SlotId{giver->id, slot};
        for (const Slot slot : {Slot::Act, Slot::Input})
            if (taker != nullptr && taker->slot(slot) != nullptr)
                edge.requantizer = SlotId{taker->id, slot};
        m_builder.connect(std::move(edge));
    }

    FlowBuilder m_builder;
    std::map<QString, FlowNodeId> m_ids;
    std::map<QString, std::uint32_t> m_inputs;
};

} // namespace quantscope::test
