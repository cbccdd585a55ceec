#include "pages/export/export_layers.h"

#include "items/text.h"
#include "look/controls.h"
#include "network/layer_index.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

ExportLayers::ExportLayers(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_text(dimLabel())
    , m_all(textButton({}, tr("Select every layer that has a quantized tensor")))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    m_text->setWordWrap(true);
    m_text->setObjectName(u"export-selection"_s);
    m_all->setObjectName(u"export-all"_s);
    row->addWidget(m_text, 1);
    row->addWidget(m_all, 0, Qt::AlignTop);
    connect(m_all, &QPushButton::clicked, this, &ExportLayers::chooseAll);
}

static bool hasCodes(const Layer &layer) { return std::ranges::any_of(layer.slots, &SlotQuantizer::hasCodes); }

std::vector<std::string> ExportLayers::chosen() const
{
    std::vector<std::string> names;
    const auto network = m_session.network();
    if (network && m_session.state() == Session::State::Ready)
        for (const LayerIndex index(*network); const QString &name : m_session.selectedLayers())
            if (const Layer *layer = index.find(str(name)); layer && hasCodes(*layer))
                names.push_back(layer->name);
    return names;
}

QStringList ExportLayers::all() const
{
    QStringList names;
    if (const auto network = m_session.network(); network && m_session.state() == Session::State::Ready)
        for (const Layer &layer : network->layers)
            if (hasCodes(layer))
                names << qs(layer.name);
    return names;
}

void ExportLayers::refresh()
{
    QStringList names;
    for (const std::string &name : chosen())
        names << shownText(name);
    const QString shown = names.size() > 6 ? names.mid(0, 6).join(u", "_s) + tr(" and %1 more").arg(names.size() - 6)
                                           : names.join(u", "_s);
    m_text->setText(names.isEmpty() ? tr("No selected layer has a quantized tensor: select layers on the left.")
                                    : tr("Layers: %1").arg(shown));
    const qsizetype count = all().size();
    m_all->setText(tr("All %1").arg(count));
    m_all->setVisible(names.size() < count);
}

void ExportLayers::chooseAll()
{
    m_session.selectLayers(all());
    Q_EMIT allChosen();
}

} // namespace quantscope
