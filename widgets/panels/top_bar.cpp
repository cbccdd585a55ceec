#include "panels/top_bar.h"

#include "look/controls.h"

#include <QBoxLayout>
#include <QLineEdit>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

TopBar::TopBar(QWidget *parent)
    : QFrame(parent)
    , m_open(textButton(tr("Open"), tr("Open a model (Ctrl+O)")))
    , m_recipe(textButton(tr("Recipe"), tr("Which recipe is in force, and its edits (Ctrl+7)")))
    , m_compare(textButton(tr("Compare"), tr("Other quantizers for the selected layers (Ctrl+5)")))
    , m_export(textButton(tr("Export"), tr("Write the selected layers for hardware (Ctrl+E)")))
    , m_filter(new QLineEdit)
{
    setProperty("bar", true);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(12, 8, 12, 8);
    row->setSpacing(8);
    m_export->setProperty("primary", true);
    m_export->setObjectName(u"export-layers"_s);
    for (QPushButton *button : {m_open, m_recipe, m_compare, m_export})
        row->addWidget(button);
    row->addStretch(1);
    m_filter->setFixedWidth(280);
    m_filter->setClearButtonEnabled(true);
    m_filter->setObjectName(u"filter"_s);
    row->addWidget(m_filter);
    setModelOpen(false);
}

void TopBar::add(QWidget *tool)
{
    auto *row = static_cast<QHBoxLayout *>(layout());
    row->insertWidget(row->indexOf(m_filter), tool);
}

void TopBar::setModelOpen(bool open)
{
    m_recipe->setVisible(open);
    m_compare->setVisible(open);
    m_export->setVisible(open);
    m_filter->setVisible(open);
    m_filter->setPlaceholderText(tr("Filter layers — e.g. bits<8 sat>1%"));
    setAccessible(m_filter, tr("Filter layers"),
        tr("Words match the name or the kind, patterns the whole name as in a recipe: backbone.stages.3.*; bits<8, "
           "sat>1%, sqnr<30, "
           "params>=1k, scale=2^-6, kind:conv, problems>0; "
           "a leading - negates (Ctrl+F)"));
}

} // namespace quantscope
