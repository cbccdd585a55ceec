#pragma once

#include "network/flow_builder.h"

#include <QStringList>

#include <map>

namespace quantscope::test {

/// A flow from text: "A > pool > B" are edges. "ABC" names the layers in their order, small letters are operators, x is
/// the network's input (x2 another) and y its output; "Q!" is a layer of the export alone. "s:b" is an edge that
/// carries a shape to b.
class Sketch {
public:
    Sketch(const QString &layers, const QString &text)
    {
        for (const QChar layer : layers)
            add(QString(layer), {.kind = FlowNode::Kind::Layer, .layer = layerId(m_layers++)});
        for (const QString &chain : text.split(u';', Qt::SkipEmptyParts)) {
            const QStringList nodes = chain.split(u'>');
            for (qsizetype i = 0; i < nodes.size(); ++i) {
                const bool shape = nodes[i].trimmed().startsWith(u"s:");
                const QString name = nodes[i].trimmed().mid(shape ? 2 : 0);
                if (!m_ids.contains(name))
                    add(name, {.kind = kindOf(name)});
                if (i == 0)
                    continue;
                const FlowNodeId from = m_ids.at(nodes[i - 1].trimmed().remove(QStringLiteral("s:")));
                m_builder.connect(
                    {.from = from, .to = m_ids.at(name), .input = m_inputs[name]++, .value = {}, .shapeOnly = shape});
            }
        }
        flow = m_builder.build();
    }

    FlowNodeId id(const QString &name) const { return m_ids.at(name); }
    QString names(const std::vector<FlowNodeId> &ids) const
    {
        QStringList out;
        for (const FlowNodeId id : ids)
            out << QString::fromStdString(flow.node(id).name);
        return out.join(u' ');
    }

    Flow flow;

private:
    static FlowNode::Kind kindOf(const QString &name)
    {
        const bool isEnd = name.size() <= 2; // x, x2
        return isEnd && name.startsWith(u'x') ? FlowNode::Kind::Input
            : isEnd && name.startsWith(u'y')  ? FlowNode::Kind::Output
            : name.endsWith(u'!')             ? FlowNode::Kind::Elsewhere
                                              : FlowNode::Kind::Operator;
    }
    void add(const QString &name, FlowNode node)
    {
        node.name = name.toStdString();
        m_ids[name] = m_builder.add(std::move(node));
    }

    FlowBuilder m_builder;
    std::map<QString, FlowNodeId> m_ids;
    std::map<QString, std::uint32_t> m_inputs;
    std::size_t m_layers = 0;
};

} // namespace quantscope::test
