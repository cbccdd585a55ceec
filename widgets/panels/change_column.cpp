#include "panels/change_column.h"

#include "items/layer_model.h"
#include "items/model_comparison.h"
#include "session/session.h"

#include <QHeaderView>
#include <QTableView>

using namespace Qt::StringLiterals;

namespace quantscope {

ChangeColumn::ChangeColumn(Session &session, LayerModel &model, QTableView &table, QObject *parent)
    : QObject(parent)
    , m_session(session)
    , m_model(model)
    , m_table(table)
{
    connect(&session.second(), &SecondModel::changed, this, &ChangeColumn::refresh);
}

/// An edit of the first does not take the column away: its cells wait.
void ChangeColumn::refresh()
{
    const SecondModel &second = m_session.second();
    const auto comparison = second.comparison();
    if (!comparison && second.running() && second.network() && m_model.isGiven(LayerModel::Change))
        return m_model.setGiven(LayerModel::Change, [](const std::string &) {
            return std::optional(GivenCell{u"…"_s, tr("being compared"), {}});
        });
    if (!comparison && m_table.horizontalHeader()->sortIndicatorSection() == LayerModel::Change)
        m_table.sortByColumn(LayerModel::Name, Qt::AscendingOrder);
    m_model.setGiven(LayerModel::Change, changeCells(comparison));
    m_model.setOnlyInSecond(comparison ? onlyInSecond(*comparison) : std::vector<ListedRow>(), m_session.inspection());
    Q_EMIT changed();
}

} // namespace quantscope
