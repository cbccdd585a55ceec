#include "items/compare_model.h"

#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

void CompareModel::setColumns(std::vector<CompareColumn> columns)
{
    beginResetModel();
    m_offered = std::move(columns);
    arrange();
    endResetModel();
}

bool CompareModel::updateColumns(const std::vector<CompareColumn> &columns)
{
    const auto order = m_order ? orderedColumns(columns, *m_order, m_reversed) : std::vector<std::size_t>{};
    if (columns.empty() || columns.size() != m_columns.size())
        return false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const CompareColumn &now = columns[order.empty() ? i : order[i]], &shown = m_columns[i];
        if (now.name != shown.name || now.title != shown.title || now.subtitle != shown.subtitle
            || columns[i].name != m_offered[i].name)
            return false;
    }
    m_offered = columns;
    arrange();
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    return true;
}

bool CompareModel::setOnData(bool onData)
{
    if (onData == m_onData)
        return false;
    beginResetModel();
    m_onData = onData;
    endResetModel();
    return true;
}

void CompareModel::setOrder(std::optional<CompareFigure> figure, bool reversed)
{
    beginResetModel();
    m_order = figure;
    m_reversed = reversed;
    arrange();
    endResetModel();
}

void CompareModel::arrange()
{
    m_columns.clear();
    if (m_order)
        for (const std::size_t at : orderedColumns(m_offered, *m_order, m_reversed))
            m_columns.push_back(m_offered[at]);
    else
        m_columns = m_offered;
    m_best.clear();
    for (int row = 0; row < kAllCompareFigures; ++row)
        m_best.push_back(bestColumns(m_columns, static_cast<CompareFigure>(row)));
}

int CompareModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || m_columns.empty() ? 0 : m_onData ? kAllCompareFigures : kCompareFigures;
}

int CompareModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

int CompareModel::columnOf(const std::string &name) const
{
    const auto found
        = std::find_if(m_columns.begin(), m_columns.end(), [&](const CompareColumn &c) { return c.name == name; });
    return found == m_columns.end() ? -1 : static_cast<int>(found - m_columns.begin());
}

QVariant CompareModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto figure = static_cast<CompareFigure>(index.row());
    const CompareColumn &shown = column(index.column());
    switch (role) {
    case Qt::DisplayRole: return shown.text(figure);
    case Qt::TextAlignmentRole: return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    case Qt::ToolTipRole: return tip(index);
    case Qt::AccessibleTextRole: {
        const QString change = data(index, DifferenceRole).toString();
        return qs(shown.name) + u" "_s + figureName(figure) + u" "_s + shown.text(figure)
            + (change.isEmpty() ? QString() : u", "_s + change)
            + (data(index, BestRole).toBool() ? u", best"_s : QString());
    }
    case DifferenceRole:
        return index.column() == 0 && figure != CompareFigure::CodesUsed ? QString()
                                                                         : shown.difference(figure, m_columns.front());
    case BestRole: {
        const auto &best = m_best[static_cast<std::size_t>(index.row())];
        return std::find(best.begin(), best.end(), static_cast<std::size_t>(index.column())) != best.end();
    }
    case WordRole: return figure == CompareFigure::Exact || (figure == CompareFigure::Type && !shown.fixedExact);
    case GoodRole: return figure == CompareFigure::Exact && shown.fixedExact;
    default: return {};
    }
}

QString CompareModel::tip(const QModelIndex &index) const
{
    const auto figure = static_cast<CompareFigure>(index.row());
    const CompareColumn &shown = column(index.column());
    QStringList lines{qs(shown.name) + u": "_s + figureName(figure) + u" "_s + shown.text(figure)};
    const bool isOfNetwork = figure >= kFirstOnData;
    if (const QString &note = isOfNetwork ? shown.effectNote : shown.note; !note.isEmpty())
        lines << note;
    else if (isOfNetwork && !shown.effect)
        lines << u"not run yet"_s;
    if (figure == CompareFigure::Sqnr && shown.hasErrors)
        lines << u"Σ w² = %1, Σ e² = %2"_s.arg(numberText(shown.error.signalPower), numberText(shown.error.errorPower));
    const QString change = data(index, DifferenceRole).toString();
    if (!change.isEmpty() && figure != CompareFigure::CodesUsed)
        lines << u"against the file: "_s + change + u" (the file has "_s + m_columns.front().text(figure) + u")"_s;
    if (data(index, BestRole).toBool())
        lines << u"best of its row"_s;
    lines << figureRule(figure);
    return lines.join(u'\n');
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (section < 0 || section >= (orientation == Qt::Horizontal ? columnCount() : rowCount()))
        return {};
    if (orientation == Qt::Vertical) {
        const auto figure = static_cast<CompareFigure>(section);
        if (role == Qt::DisplayRole)
            return figureName(figure);
        return role == Qt::ToolTipRole ? QVariant(figureRule(figure) + u"\nClick: order the candidates by it."_s)
                                       : QVariant();
    }
    const CompareColumn &shown = column(section);
    switch (role) {
    case Qt::DisplayRole: return shown.title;
    case SubtitleRole: return shown.subtitle;
    case Qt::ToolTipRole: return qs(shown.name) + (shown.note.isEmpty() ? QString() : u"\n"_s + shown.note);
    default: return {};
    }
}

} // namespace quantscope
