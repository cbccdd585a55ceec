#include "panels/difference_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

DifferenceBar::DifferenceBar(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_sign(badge(u"note"_s))
    , m_text(plainLabel())
    , m_find(textButton(tr("First difference"), tr("The elements with another code, in Values: F3 goes to the next")))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_sign->setToolTip(plainTip(tr("A is the model that is shown, B the second one")));
    m_sign->setObjectName(u"difference-sign"_s);
    m_text->setWordWrap(true);
    m_text->setObjectName(u"difference"_s);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_find->setObjectName(u"difference-find"_s);
    row->addWidget(m_sign, 0, Qt::AlignVCenter);
    row->addWidget(m_text, 1);
    row->addWidget(m_find, 0, Qt::AlignVCenter);
    connect(m_find, &QPushButton::clicked, this, [this] { Q_EMIT queryRequested(u"changed"_s); });
    connect(&session.second(), &SecondModel::changed, this, &DifferenceBar::refresh);
    connect(&session, &Session::selectionChanged, this, &DifferenceBar::refresh);
    connect(&session, &Session::networkChanged, this, &DifferenceBar::refresh);
    refresh();
}

void DifferenceBar::refresh()
{
    const auto comparison = m_session.second().comparison();
    const SlotRef slot = comparison ? m_session.currentSlot() : SlotRef();
    const SlotDifference *difference = slot ? comparison->of(slot.id()) : nullptr;
    setVisible(difference != nullptr);
    if (!difference)
        return;
    m_sign->setText(difference->state == SlotState::Same ? tr("A = B") : tr("A ≠ B"));
    m_text->setText(differenceText(*comparison, *difference).replace(u'\n', u" · "_s));
    m_find->setVisible(difference->codesChanged.value_or(0) > 0 || !difference->storedEqual.value_or(true));
}

} // namespace quantscope
