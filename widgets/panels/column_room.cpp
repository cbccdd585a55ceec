#include "panels/column_room.h"

#include "items/layer_columns.h"
#include "items/layer_proxy.h"
#include "look/text_widths.h"
#include "look/theme.h"
#include "panels/lane_painter.h"
#include "panels/layer_delegate.h"

#include <QHeaderView>
#include <QScrollBar>
#include <QTableView>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kMeasuredRows = 200;

/// What most names need beside their lines; a long one is elided.
static int nameWidth(const LayerModel &model, const LayerProxy &rows)
{
    const TextWidths plain(Theme::sans());
    const TextWidths bold(Theme::sans(1.0, true));
    const TextWidths count(Theme::mono(0.85));
    const QString title = model.headerData(LayerModel::Name, Qt::Horizontal).toString();
    int width = TextWidths(Theme::sans(0.92)).of(title) + 18;
    for (int row = 0; row < std::min(kMeasuredRows, rows.rowCount()); ++row) {
        const QModelIndex index = rows.index(row, LayerModel::Name);
        const TextWidths &widths = index.data(LayerModel::WeightRole).toBool() ? bold : plain;
        const int indent = index.data(LayerProxy::DepthRole).toInt() > 0 ? foldMark({}, index).right() : 0;
        const QString layers = index.data(LayerProxy::BranchRole).toString();
        width = std::max(width,
            indent + widths.of(index.data(LayerProxy::LabelRole).toString()) + 12
                + (layers.isEmpty() ? 0 : count.of(layers) + 12));
    }
    const auto lanes = rows.index(0, LayerModel::Name).data(LayerModel::LanesRole).value<LaneCell>();
    return std::min(width, 150) + lanesWidth(lanes);
}

/// Problems and given columns, where there are any; the others get room by their rank.
static bool hasAnything(const LayerModel &model, LayerModel::Column column)
{
    return column == LayerModel::Problems
        ? std::ranges::any_of(model.rows(), [](const ListedRow &row) { return row.problems > 0; })
        : model.isGiven(column);
}

/// Of badges: a branch may have hundreds of problems.
static int problemsWidth(const LayerProxy &rows)
{
    const TextWidths badge(Theme::sans(0.85, true));
    int width = 42;
    for (int row = 0; row < std::min(kMeasuredRows, rows.rowCount()); ++row) {
        const QString count = rows.index(row, LayerModel::Problems).data().toString();
        width = std::max(width, badge.of(u"▲ "_s + count) + 20);
    }
    return width;
}

static int columnWidth(const LayerModel &model, const LayerProxy &rows, const LayerColumn &column)
{
    if (column.id == LayerModel::Problems)
        return problemsWidth(rows);
    const bool mono = LayerModel::roleOf({}, column.id, LayerModel::MonoRole).toBool();
    const TextWidths widths(mono ? Theme::mono(0.95) : Theme::sans());
    const bool marked = column.id == LayerModel::Bits || column.id == LayerModel::Scale;
    const int room = 13 + (marked ? widths.of(u"?"_s) : 0);
    int width = std::max(TextWidths(Theme::sans(0.92)).of(column.cells.title) + 18,
        column.widest.isEmpty() ? 0 : widths.of(column.widest) + room);
    for (int row = 0; row < std::min(kMeasuredRows, model.rowCount()); ++row)
        width = std::max(width, widths.of(column.cells.text(model.row(row))) + room);
    for (int row = 0; row < std::min(kMeasuredRows, rows.rowCount()) && rows.outline().hasBranches(); ++row)
        width = std::max(width, widths.of(rows.index(row, column.id).data().toString()) + room);
    return std::min(width, 170);
}

void fitColumns(QTableView *table, const LayerModel &model, const LayerProxy &rows)
{
    for (const LayerColumn &column : layerColumns()) {
        if (column.id != LayerModel::Name)
            table->setColumnWidth(column.id, columnWidth(model, rows, column));
        if (column.id != LayerModel::Name && column.rank == 0)
            table->setColumnHidden(column.id, !hasAnything(model, column.id));
    }
}

void showColumns(QTableView *table, const LayerModel &model, const LayerProxy &rows, int width)
{
    std::vector<const LayerColumn *> byRank;
    const QHeaderView *header = table->horizontalHeader();
    const bool scrolls = model.rowCount() * table->verticalHeader()->defaultSectionSize() > table->height();
    int spare = width - nameWidth(model, rows);
    if (scrolls)
        spare -= table->verticalScrollBar()->sizeHint().width();
    for (const LayerColumn &column : layerColumns())
        if (column.rank > 0)
            byRank.push_back(&column);
        else if (column.id != LayerModel::Name)
            spare -= header->sectionSize(column.id); // 0 where it is hidden
    std::ranges::stable_sort(byRank, {}, rows.outline().hasBranches() ? &LayerColumn::rankInTree : &LayerColumn::rank);
    for (const LayerColumn *column : byRank) {
        table->setColumnHidden(column->id, false); // a hidden column tells no width
        spare -= header->sectionSize(column->id);
        table->setColumnHidden(column->id, spare < 0);
    }
}

} // namespace quantscope
