#pragma once

#include "network/flow_sketch.h"
#include "network/lanes.h"
#include "network/network.h"

#include <QString>
#include <QStringList>

namespace quantscope::test {

/// Network of a sketch: its layers by their letters.
inline Network networkOf(const QString &layers, const Sketch &sketch)
{
    Network network;
    for (const QChar letter : layers)
        network.add({}).name = QString(letter).toStdString();
    network.flow = sketch.flow;
    return network;
}

struct List {
    std::vector<std::optional<FlowNodeId>> nodes;
    std::vector<bool> ends;
    QStringList names;
};

/// `hidden` are the layers that a filter leaves out.
inline List listOf(const Network &network, bool everything, const QString &hidden = {})
{
    List list;
    for (const FlowEntry &entry : flowEntries(network, everything)) {
        const QString name = QString::fromStdString(
            entry.layer ? network.layer(*entry.layer).name : network.flow.node(*entry.node).name);
        if (!name.isEmpty() && hidden.contains(name))
            continue;
        list.nodes.push_back(entry.node);
        list.ends.push_back(entry.layer.has_value());
        list.names << name;
    }
    return list;
}

inline QString trimmedEnd(QString text)
{
    while (text.endsWith(u' '))
        text.chop(1);
    return text;
}

/// As `git log --graph` draws: | a line, : one through what is not listed, . one of a shape, * a row with its name and
/// what the last column folds, o one that no line leads to. Lines that go straight down stand beside rows only. With a
/// path, nothing but the path.
class Drawing {
public:
    explicit Drawing(const LaneLayout &layout, const LanePath *path = nullptr)
        : m_layout(layout)
        , m_path(path)
    {
    }

    QString lines(const QStringList &names)
    {
        QString out = QStringLiteral("\n");
        for (std::size_t row = 0; row < m_layout.rows.size(); ++row) {
            m_above = m_beside = QString(2 * kMostLanes - 1, u' ');
            drawRow(row);
            if (const QString above = trimmedEnd(m_above); !QString(above).remove(u'|').trimmed().isEmpty())
                out += above + u'\n';
            const unsigned folded = m_layout.rows[row].folded;
            out += trimmedEnd(m_beside) + u' ' + names[static_cast<qsizetype>(row)]
                + (folded > 1 && !m_path ? QStringLiteral(" (%1)").arg(folded) : QString()) + u'\n';
        }
        return out;
    }

private:
    void drawRow(std::size_t row)
    {
        std::size_t at = m_layout.rows[row].firstSegment;
        QChar dot = u'o';
        for (const LaneSegment &segment : m_layout.segments(row))
            if (m_path == nullptr || m_path->segments[at++]) {
                drawSegment(segment);
                if (segment.part == LaneSegment::Part::Arriving)
                    dot = u'*';
            }
        if (m_path == nullptr || m_path->rows[row])
            m_beside[2 * m_layout.rows[row].dot] = dot;
    }

    void drawSegment(const LaneSegment &segment)
    {
        const QChar bar = u"|:."[static_cast<int>(segment.kind)];
        const int from = 2 * segment.from, to = 2 * segment.to;
        if (segment.part == LaneSegment::Part::Leaving)
            return;
        if (segment.part == LaneSegment::Part::Passing)
            m_beside[to] = bar;
        if (from == to) {
            m_above[from] = bar;
            return;
        }
        const int step = from < to ? 1 : -1;
        for (int x = from + step; x != to - step; x += step)
            if (m_above[x] == u' ')
                m_above[x] = u'_';
        m_above[to - step] = segment.kind != LinkKind::Data ? bar : step > 0 ? QChar(u'\\') : QChar(u'/');
    }

    const LaneLayout &m_layout;
    const LanePath *m_path;
    QString m_above, m_beside;
};

} // namespace quantscope::test
