#include "panels/layer_header.h"

#include "base/text.h"
#include "items/text.h"
#include "look/theme.h"
#include "network/feeds.h"
#include "session/session.h"
#include "session/shown_flow.h"

#include <QBoxLayout>

using namespace Qt::StringLiterals;

namespace quantscope {

LayerHeader::LayerHeader(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_name(new NameLabel)
    , m_facts(new ElidedLabel(Qt::ElideRight))
    , m_slots(new Segmented(tr("Tensor")))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_name->setFont(Theme::sans(1.45, true));
    m_name->setObjectName(u"layer-name"_s);
    m_facts->setObjectName(u"layer-facts"_s);
    m_facts->setForegroundRole(QPalette::PlaceholderText);
    m_facts->setAlignment(Qt::AlignLeft);
    row->addWidget(m_name, 0);
    row->addWidget(m_facts, 1);
    row->addWidget(m_slots, 0);
    connect(m_slots, &Segmented::selected, this, [this](int at) { m_session.selectSlot(m_slotNames[at]); });
    connect(&session, &Session::selectionChanged, this, &LayerHeader::refresh);
    connect(&session, &Session::networkChanged, this, &LayerHeader::refresh);
    connect(&session.runs(), &RunStore::resultChanged, this, &LayerHeader::refresh);
    refresh();
}

static QString joined(const std::vector<std::string> &names)
{
    QStringList parts;
    for (const std::string &name : names)
        parts << shownText(name);
    return parts.join(u", "_s);
}

QString LayerHeader::describe() const
{
    const QStringList &names = m_session.selectedLayers();
    const Layer *layer = m_session.currentLayer();
    if (!layer)
        return {};
    QStringList parts;
    if (names.size() > 1)
        parts << tr("and %1 more selected").arg(names.size() - 1);
    parts << shownText(layer->kind) + (layer->kindAssumed ? tr(" (by its shape)") : QString());
    const SlotRef slot = m_session.currentSlot();
    if (slot && slot.slot->tensor)
        parts << qs(slot.slot->slot) + u" "_s + qs(shapeText(slot.slot->tensor->shape));
    const auto inputs = inputLayers(*m_session.network(), *layer);
    const auto outputs = outputLayers(*m_session.network(), *layer);
    if (!inputs.empty())
        parts << tr("fed by ") + joined(inputs)
                + (outputs.empty() ? QString() : u" → "_s + tr("feeds ") + joined(outputs));
    else if (!outputs.empty())
        parts << tr("feeds ") + joined(outputs);
    return parts.join(u" · "_s);
}

void LayerHeader::refresh()
{
    const Layer *layer = m_session.currentLayer();
    m_name->setName(layer ? shownText(layer->name) : QString());
    m_facts->setFullText(describe());
    QStringList names;
    if (layer)
        names = shownSlotNames(m_session, *layer);
    if (names != m_slotNames) {
        m_slotNames = names;
        m_slots->setItems(names);
    }
    m_slots->setVisible(names.size() > 1);
    const SlotRef slot = m_session.currentSlot();
    if (const qsizetype result = m_slotNames.indexOf(u"result"_s); result >= 0 && m_session.showsResult())
        m_slots->setCurrent(static_cast<int>(result));
    else if (slot)
        m_slots->setCurrent(static_cast<int>(m_slotNames.indexOf(qs(slot.slot->slot))));
}

} // namespace quantscope
