#include "items/compare_power.h"

#include "items/compare_column.h"
#include "items/text.h"

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

QString typeText(const PowerRow &row)
{
    if (!row.result.fixedExact())
        return u"–"_s;
    return row.result.name.starts_with("ap_") ? qs(row.result.name) : u"ap_fixed"_s + compareColumn({&row.result}).type;
}

QString changeText(const PowerRow &row)
{
    if (!row.lostDb)
        return u"–"_s;
    const QString number = QString::number(std::abs(*row.lostDb), 'f', 1);
    return number == u"0.0" ? u"0"_s : (*row.lostDb > 0 ? u"−"_s : u"+"_s) + number;
}

RowColumn<PowerRow> figureColumn(const QString &title, CompareFigure figure)
{
    return {title, [figure](const PowerRow &row) { return compareColumn({&row.result}).text(figure); },
        [figure](const PowerRow &row) { return QVariant(compareColumn({&row.result}).number(figure)); }, kRight};
}

std::vector<RowColumn<PowerRow>> powerColumns()
{
    using Row = PowerRow;
    return {{u"Layer"_s, [](const Row &row) { return shownText(row.layer); }},
        {u"Scale is"_s, [](const Row &row) { return qs(row.rule()); }, {}, kLeft,
            u"how −log₂ of the float scale per tensor becomes a whole number of fractional bits; "
            "least MSE looks at all near it"_s},
        {u"Scale"_s, [](const Row &row) { return compareColumn({&row.result}).scale; },
            [](const Row &row) { return QVariant(row.scale); }, kRight},
        {u"Type"_s, typeText, {}, kRight}, figureColumn(u"SQNR, dB"_s, CompareFigure::Sqnr),
        {u"Change, dB"_s, changeText, [](const Row &row) { return row.lostDb ? QVariant(-*row.lostDb) : QVariant(); },
            kRight, u"SQNR against float scales per channel; against the one of the tensor where it has no others"_s},
        figureColumn(u"MSE"_s, CompareFigure::Mse), figureColumn(u"Clipped"_s, CompareFigure::Clipped),
        figureColumn(u"Rounded to 0"_s, CompareFigure::Zeroed)};
}

} // namespace

PowerModel::PowerModel(QObject *parent)
    : RowModel(powerColumns(), parent)
{
}

QVariant PowerModel::own(const PowerRow &row, int, int role) const
{
    if (role == BestRole)
        return row.best;
    if (role == Qt::ToolTipRole)
        return qs(row.result.name)
            + (row.scale > 0 ? u"\n−log₂(scale) = "_s + fixedText(-std::log2(row.scale), 4) : QString());
    return {};
}

} // namespace quantscope
