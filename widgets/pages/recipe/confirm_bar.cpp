#include "pages/recipe/confirm_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "network/unconfirmed.h"
#include "session/recipe_python.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

ConfirmBar::ConfirmBar(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_text(plainLabel())
    , m_selected(textButton(tr("Confirm"),
          tr("What is in force for the selected quantizers is right: it is no longer assumed (Ctrl+Return). Setting "
             "one "
             "keyword confirms that field alone. It can be undone.")))
    , m_all(textButton(
          tr("Confirm all"), tr("What is in force for every quantizer of the table is right (Ctrl+Shift+Return)")))
    , m_python(textButton(tr("Copy the Python that writes this"),
          tr("Python that asks the live Brevitas model for every quantizer and writes the recipe with its proof, and "
             "the "
             "two lines that call it, to the clipboard")))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    m_text->setWordWrap(true);
    m_text->setObjectName(u"assumed-note"_s);
    auto *row = new FlowLayout(nullptr, 8);
    m_selected->setObjectName(u"confirm-selected"_s);
    m_all->setObjectName(u"confirm-all"_s);
    m_python->setObjectName(u"copy-python"_s);
    for (QPushButton *button : {m_selected, m_all, m_python})
        row->addWidget(button);
    column->addWidget(m_text);
    column->addLayout(row);
    connect(m_selected, &QPushButton::clicked, this, &ConfirmBar::confirmSelected);
    connect(m_all, &QPushButton::clicked, this, &ConfirmBar::confirmAll);
    connect(m_python, &QPushButton::clicked, this, &ConfirmBar::copyPython);
    hide();
}

/// What a person can settle: not what the live model contradicts.
static bool isOpen(const Network &network, const SlotQuantizer &slot)
{
    return isUnconfirmed(network, slot) && slot.proof != ProofVerdict::Differs;
}

static std::vector<SlotId> unconfirmedSlots(const Network &network)
{
    std::vector<SlotId> open;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (isOpen(network, slot))
                open.push_back({layer.id, slot.slot});
    return open;
}

void ConfirmBar::setSelection(std::vector<SlotId> selected)
{
    m_chosen = std::move(selected);
    refresh();
}

void ConfirmBar::refresh()
{
    const auto network = m_session.network();
    const bool applies = network && m_session.presetsApply();
    const std::size_t open = applies ? unconfirmedSlots(*network).size() : 0;
    setVisible(open > 0);
    if (open == 0)
        return;
    std::size_t all = 0;
    for (const Layer &layer : network->layers)
        for (const SlotQuantizer &slot : layer.slots)
            all += slot.quantizer || slot.assumed ? 1u : 0u;
    std::erase_if(m_chosen, [&](const SlotId &id) {
        const bool there = position(id.layer) < network->layers.size() && network->slot(id);
        return !there || !isOpen(*network, *network->slot(id));
    });
    if (network != m_told)
        m_answer.clear();
    m_text->setText(m_answer.isEmpty()
            ? tr("▲ %1 of %2 quantizers are assumed: nobody has confirmed them").arg(open).arg(all)
            : m_answer);
    QPalette palette = m_text->palette();
    palette.setColor(QPalette::WindowText, colours().amberText);
    m_text->setPalette(palette);
    m_selected->setEnabled(!m_chosen.empty());
    m_selected->setText(m_chosen.empty() ? tr("Confirm") : tr("Confirm %1").arg(m_chosen.size()));
    m_all->setText(tr("Confirm all %1").arg(open));
}

void ConfirmBar::confirmSelected() { confirm(m_chosen); }

void ConfirmBar::confirmAll()
{
    if (m_session.network())
        confirm(unconfirmedSlots(*m_session.network()));
}

void ConfirmBar::confirm(const std::vector<SlotId> &slots)
{
    const auto network = m_session.network();
    if (!network || slots.empty())
        return;
    const QString what = slots.size() == 1
        ? shownText(network->layer(slots.front().layer).name) + u' ' + qs(slots.front().slot)
        : countText(slots.size(), tr("quantizer"));
    if (m_session.confirm(slots, tr("confirm %1").arg(what))) {
        Q_EMIT confirmed();
        return;
    }
    m_told = network;
    m_answer = tr("▲ a recipe cannot settle %1: it follows from others that are assumed, or was never calibrated; a "
                  "proof or an export beside the file does")
                   .arg(what);
    refresh();
}

void ConfirmBar::copyPython()
{
    QGuiApplication::clipboard()->setText(recipePython(m_session.path()));
    m_told = m_session.network();
    m_answer = tr("copied: paste it where the model is trained, and put the file that it writes beside the checkpoint");
    refresh();
}

} // namespace quantscope
