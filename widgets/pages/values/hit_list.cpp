#include "pages/values/hit_list.h"

#include "look/controls.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QTableView>

using namespace Qt::StringLiterals;

namespace quantscope {

HitList::HitList(ValuesModel &values, QWidget *parent)
    : QWidget(parent)
    , m_model(values)
    , m_table(new QTableView)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    setUpTable(m_table, tr("What was found"));
    m_table->setObjectName(u"values-hits"_s);
    m_table->setToolTip(plainTip(tr("Every element that was found, in the order of the tensor; a click goes there")));
    m_table->setModel(&m_model);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setFont(Theme::mono(0.95));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    setRowsShown(4);
    column->addWidget(m_table);
    hide();
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &row) {
        if (row.isValid())
            Q_EMIT picked(m_model.flatAt(row.row()));
    });
}

void HitList::setRowsShown(int rows)
{
    m_table->setFixedHeight(m_table->verticalHeader()->defaultSectionSize() * (rows + 1) + 4);
}

void HitList::setHits(std::vector<std::uint64_t> positions)
{
    m_model.setHits(std::move(positions));
    setVisible(m_model.rowCount() > 0);
}

void HitList::setCurrent(std::uint64_t flat)
{
    const QSignalBlocker quiet(m_table->selectionModel());
    const int row = m_model.rowOf(flat);
    if (row == m_table->currentIndex().row())
        return;
    if (row < 0) {
        m_table->clearSelection();
        m_table->setCurrentIndex({});
    } else {
        m_table->selectRow(row);
        m_table->scrollTo(m_model.index(row, 0));
    }
    m_table->viewport()->update(); // the blocked signals would have
}

} // namespace quantscope
