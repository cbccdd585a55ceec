#pragma once

#include "network/joins.h"

#include <QString>
#include <QStringList>

namespace quantscope::test {

/// How the quantizer of an arrival is written.
using QuantizerText = QString (*)(const Network &network, const SlotId &id);

inline QString arrivalText(const Network &network, const Arrival &arrival, QuantizerText text)
{
    switch (arrival.kind) {
    case Arrival::Kind::Quantized: return text(network, *arrival.quantizer);
    case Arrival::Kind::Several: return QStringLiteral("several");
    case Arrival::Kind::Plain: return QStringLiteral("plain");
    case Arrival::Kind::Unknown: break;
    }
    return QStringLiteral("unknown");
}

/// "Add: q.act p.weight | scale" of every join.
inline QStringList joinTexts(const Network &network, QuantizerText text)
{
    QStringList out;
    for (const Join &join : joinsOf(Arrivals(network))) {
        QString line = QString::fromStdString(network.flow.node(join.node).opType) + QLatin1Char(':');
        for (const JoinInput &input : join.inputs)
            line += QLatin1Char(' ') + arrivalText(network, input.arrival, text);
        for (const GridField field : join.fields)
            line += QStringLiteral(" | ") + QString::fromUtf8(gridFieldName(field));
        out << line;
    }
    return out;
}

} // namespace quantscope::test
