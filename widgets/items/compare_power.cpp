#include "items/compare_power.h"

#include "items/compare_column.h"
#include "items/text.h"

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

void PowerModel::setRows(std::vector<PowerRow> rows)
{
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
}

int PowerModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PowerModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : NUM_COLUMNS; }

QString PowerModel::text(const PowerRow &row, int column) const
{
    const CompareColumn figures = compareColumn({&row.result});
    switch (column) {
    case Layer: return qs(row.layer);
    case Rule: return qs(row.rule());
    case Scale: return figures.scale;
    case Type:
        return row.result.fixedExact()
            ? qs(row.result.name.starts_with("ap_") ? row.result.name : "ap_fixed" + str(figures.type))
            : u"–"_s;
    case Sqnr: return figures.text(CompareFigure::Sqnr);
    case Lost: {
        if (!row.lostDb)
            return u"–"_s;
        const QString number = QString::number(std::abs(*row.lostDb), 'f', 1);
        return number == u"0.0" ? u"0"_s : (*row.lostDb > 0 ? u"−"_s : u"+"_s) + number;
    }
    case Mse: return figures.text(CompareFigure::Mse);
    case Clipped: return figures.text(CompareFigure::Clipped);
    default: return figures.text(CompareFigure::Zeroed);
    }
}

QVariant PowerModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PowerRow &row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole)
        return text(row, index.column());
    if (role == Qt::TextAlignmentRole)
        return QVariant((index.column() <= Rule ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == BestRole)
        return row.best;
    if (role == Qt::ToolTipRole)
        return qs(row.result.name)
            + (row.scale > 0 ? u"\n−log₂(scale) = "_s + QString::number(-std::log2(row.scale), 'f', 4) : QString());
    return {};
}

QVariant PowerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QString titles[] = {u"Layer"_s, u"Scale is"_s, u"Scale"_s, u"Type"_s, u"SQNR, dB"_s, u"Change, dB"_s,
        u"MSE"_s, u"Clipped"_s, u"Rounded to 0"_s};
    if (orientation != Qt::Horizontal || section < 0 || section >= NUM_COLUMNS)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section <= Rule ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Lost)
        return u"SQNR against float scales per channel"_s;
    if (role == Qt::ToolTipRole && section == Rule)
        return u"how −log₂ of the float scale per tensor becomes a whole number of fractional bits; "
               "least MSE looks at all near it"_s;
    return role == Qt::DisplayRole ? QVariant(titles[section]) : QVariant();
}

} // namespace quantscope
