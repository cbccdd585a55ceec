#include "window/failure_bar.h"

#include "look/controls.h"

#include <QBoxLayout>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

FailureBar::FailureBar(QWidget *parent)
    : QFrame(parent)
    , m_text(plainLabel())
    , m_without(textButton(tr("Open without it"), tr("Open the model without any recipe: presets are then assumed")))
    , m_again(textButton(tr("Try again"), tr("Read the recipe again, once it is put right (F5)")))
{
    setProperty("card", true);
    setObjectName(u"failure"_s);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(14, 8, 14, 8);
    row->setSpacing(8);
    m_text->setObjectName(u"failure-text"_s);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_without->setObjectName(u"failure-without"_s);
    m_again->setObjectName(u"failure-again"_s);
    auto *close = textButton(tr("Close"), tr("Hide what did not work"));
    close->setObjectName(u"failure-close"_s);
    row->addWidget(m_text, 1);
    for (QPushButton *button : {m_without, m_again, close})
        row->addWidget(button);
    connect(m_without, &QPushButton::clicked, this, &FailureBar::withoutRecipe);
    connect(m_again, &QPushButton::clicked, this, &FailureBar::again);
    connect(close, &QPushButton::clicked, this, &QWidget::hide);
    hide();
}

void FailureBar::showFailure(const QString &text, bool ofRecipe)
{
    showProblem(m_text, text);
    m_without->setVisible(ofRecipe);
    m_again->setVisible(ofRecipe);
    setVisible(!text.isEmpty());
}

} // namespace quantscope
