#include "panels/list_note.h"

#include "look/controls.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

ListNote::ListNote(QWidget *parent)
    : QFrame(parent)
    , m_wrong(plainLabel())
    , m_found(dimLabel())
    , m_all(textButton(tr("Show all"), tr("Clears the filter (Esc)")))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 4, 12, 4);
    column->setSpacing(2);
    m_wrong->setObjectName(u"filter-wrong"_s);
    m_wrong->setWordWrap(true);
    m_found->setObjectName(u"filter-found"_s);
    m_all->setObjectName(u"filter-show-all"_s);
    m_all->setFont(Theme::sans(0.92));
    column->addWidget(m_wrong);
    auto *row = new QHBoxLayout;
    row->addWidget(m_found, 1);
    row->addWidget(m_all);
    column->addLayout(row);
    connect(m_all, &QPushButton::clicked, this, &ListNote::showAll);
    setTexts({}, {});
}

void ListNote::setTexts(const QString &found, const QString &wrong)
{
    showProblem(m_wrong, wrong);
    m_found->setText(found);
    setVisible(!found.isEmpty() || !wrong.isEmpty());
}

} // namespace quantscope
