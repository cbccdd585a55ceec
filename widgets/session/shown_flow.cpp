#include "session/shown_flow.h"

#include "items/text.h"
#include "session/session.h"

#include <QObject>

using namespace Qt::StringLiterals;

namespace quantscope {

std::string ShownFlow::place() const
{
    return layer->name + (slot ? ":" + std::string(slotName(slot->slot)) : std::string());
}

ShownFlow shownFlow(Session &session)
{
    const Layer *layer = session.currentLayer();
    const SlotRef current = session.currentSlot();
    const bool isResult = session.showsResult();
    if (!layer || (!isResult && (!current || current.slot->tensor)))
        return {};
    const SlotQuantizer *slot = isResult ? nullptr : current.slot;
    return {session.network(), layer, slot, session.runs().flow(*layer, slot)};
}

QString whyNotSeen(Session &session, const ShownFlow &shown)
{
    const RunStore &runs = session.runs();
    if (session.state() != Session::State::Ready)
        return QObject::tr("being computed…");
    if (runs.running())
        return QObject::tr("The network is running…");
    if (!runs.problem().isEmpty())
        return runs.problem();
    if (const RunResult *result = runs.result())
        return result->stopped ? QObject::tr("The run stopped before this place.")
            : shown.slot ? QObject::tr("Nothing was seen here: the graph that ran has no place for this quantizer.")
                         : QObject::tr("Nothing was seen here: the graph that ran does not compute this layer.");
    if (runs.outdated())
        return QObject::tr("The recipe was edited since the run: run again to see what flows (F9).");
    return runs.data()
        ? QObject::tr("Its values exist only while the network runs: run it to see what flows (F9).")
        : QObject::tr("Its values exist only while the network runs: choose data (Ctrl+D), then run (F9).");
}

QStringList shownSlotNames(Session &session, const Layer &layer)
{
    QStringList names;
    for (const Slot slot : tensorSlots(layer))
        names << qs(slot);
    const SlotRef current = session.currentSlot();
    for (const SlotQuantizer &slot : layer.slots)
        if (!slot.tensor && (session.runs().flow(layer, &slot) || current.slot == &slot))
            names << qs(slot.slot);
    if (session.runs().flow(layer, nullptr) || (session.showsResult() && session.currentLayer() == &layer))
        names << u"result"_s;
    return names;
}

} // namespace quantscope
