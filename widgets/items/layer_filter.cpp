#include "items/layer_filter.h"

#include "items/layer_model.h"
#include "items/text.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <optional>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

const QStringList &fieldNames()
{
    static const QStringList names{u"name"_s, u"kind"_s, u"shape"_s, u"params"_s, u"bits"_s, u"scale"_s, u"int"_s,
        u"frac"_s, u"sqnr"_s, u"sat"_s, u"problems"_s};
    return names;
}

bool isText(const QString &field) { return field == u"name" || field == u"kind" || field == u"shape"; }

std::optional<double> firstNumber(const std::string &text)
{
    static const QRegularExpression number(u"-?\\d+(\\.\\d+)?(e-?\\d+)?"_s);
    const auto match = number.match(qs(text));
    return match.hasMatch() ? std::optional(match.captured(0).toDouble()) : std::nullopt;
}

std::optional<double> scaleNumber(const std::string &scale)
{
    if (scale.starts_with("2^"))
        return std::pow(2.0, qs(scale).mid(2).toDouble());
    return scale.ends_with("scales") ? std::nullopt : firstNumber(scale);
}

/// "1.7" -> 1 or 7; a negative integer part keeps its sign.
std::optional<double> partOf(const std::string &intFrac, bool fraction)
{
    const std::size_t point = intFrac.find('.');
    if (point == std::string::npos)
        return std::nullopt;
    return firstNumber(fraction ? intFrac.substr(point + 1) : intFrac.substr(0, point));
}

std::optional<double> numberOf(const LayerRow &row, const QString &field)
{
    if (field == u"params")
        return row.parameters ? std::optional(static_cast<double>(*row.parameters)) : std::nullopt;
    if (field == u"bits")
        return firstNumber(row.bits);
    if (field == u"scale")
        return scaleNumber(row.scale);
    if (field == u"int" || field == u"frac")
        return partOf(row.intFrac, field == u"frac");
    if (field == u"sqnr")
        return row.sqnrDb;
    if (field == u"sat")
        return row.atLimitShare;
    return static_cast<double>(row.problems);
}

QString textOf(const LayerRow &row, const QString &field)
{
    if (field == u"kind")
        return qs(row.kind);
    return field == u"shape" ? qs(row.shape) : qs(row.name);
}

/// "1%" -> 0.01, "8k" -> 8000, "2^-6" -> 0.015625.
std::optional<double> parseNumber(QString text)
{
    double factor = 1;
    if (text.endsWith(u'%'))
        factor = 0.01;
    else if (text.endsWith(u'k', Qt::CaseInsensitive))
        factor = 1e3;
    else if (text.endsWith(u'M'))
        factor = 1e6;
    if (factor != 1)
        text.chop(1);
    bool ok = false;
    const double number = text.startsWith(u"2^"_s) ? std::pow(2.0, text.mid(2).toDouble(&ok)) : text.toDouble(&ok);
    return ok ? std::optional(number * factor) : std::nullopt;
}

FilterTerm::Relation relationOf(const QString &sign)
{
    using Relation = FilterTerm::Relation;
    static const std::pair<QString, Relation> kSigns[] = {{u"<"_s, Relation::Less}, {u"<="_s, Relation::LessEqual},
        {u"≤"_s, Relation::LessEqual}, {u">"_s, Relation::Greater}, {u">="_s, Relation::GreaterEqual},
        {u"≥"_s, Relation::GreaterEqual}, {u"="_s, Relation::Equal}, {u"!="_s, Relation::NotEqual}};
    for (const auto &[text, relation] : kSigns)
        if (text == sign)
            return relation;
    return Relation::Contains;
}

bool compare(double value, FilterTerm::Relation relation, double with)
{
    switch (relation) {
    case FilterTerm::Relation::Less: return value < with;
    case FilterTerm::Relation::LessEqual: return value <= with;
    case FilterTerm::Relation::Greater: return value > with;
    case FilterTerm::Relation::GreaterEqual: return value >= with;
    case FilterTerm::Relation::NotEqual: return value != with;
    default: return value == with;
    }
}

/// The term, or the reason why it cannot be used.
QString parseTerm(const QString &word, FilterTerm &term)
{
    static const QRegularExpression comparison(u"^([A-Za-z]+)(<=|>=|!=|[<>=:≤≥])(.*)$"_s);
    const auto match = comparison.match(word);
    if (!match.hasMatch()) {
        term.text = word;
        return {};
    }
    term.field = match.captured(1).toLower();
    term.relation = relationOf(match.captured(2));
    term.text = match.captured(3);
    if (!fieldNames().contains(term.field))
        return u"no column “%1”: %2"_s.arg(match.captured(1), fieldNames().join(u", "_s));
    if (term.text.isEmpty())
        return u"%1 needs something to compare with"_s.arg(word);
    if (isText(term.field))
        return {};
    const auto number = parseNumber(term.text);
    if (!number)
        return u"“%1” is not a number"_s.arg(term.text);
    term.number = *number;
    if (term.relation == FilterTerm::Relation::Contains)
        term.relation = FilterTerm::Relation::Equal;
    return {};
}

} // namespace

bool FilterTerm::matches(const LayerRow &row) const
{
    bool result = false;
    if (field.isEmpty())
        result = qs(row.name).contains(text, Qt::CaseInsensitive) || qs(row.kind).contains(text, Qt::CaseInsensitive);
    else if (isText(field))
        result = relation == Relation::Equal ? textOf(row, field).compare(text, Qt::CaseInsensitive) == 0
            : relation == Relation::NotEqual ? textOf(row, field).compare(text, Qt::CaseInsensitive) != 0
                                             : textOf(row, field).contains(text, Qt::CaseInsensitive);
    else if (const auto value = numberOf(row, field))
        result = compare(*value, relation, number);
    return result != negated;
}

bool LayerFilter::matches(const LayerRow &row) const
{
    return std::all_of(terms.begin(), terms.end(), [&](const FilterTerm &term) { return term.matches(row); });
}

LayerFilter parseLayerFilter(const QString &text)
{
    static const QRegularExpression spaces(u"\\s+"_s);
    LayerFilter filter;
    for (QString word : text.split(spaces, Qt::SkipEmptyParts)) {
        FilterTerm term;
        if (word.size() > 1 && word.startsWith(u'-')) {
            term.negated = true;
            word.remove(0, 1);
        }
        const QString error = parseTerm(word, term);
        if (!error.isEmpty() && filter.error.isEmpty())
            filter.error = error;
        filter.terms.push_back(term);
    }
    return filter;
}

LayerProxy::LayerProxy(QObject *parent)
    : QSortFilterProxyModel(parent)
{
    setSortRole(LayerModel::SortRole);
    setDynamicSortFilter(true);
}

QString LayerProxy::setFilterText(const QString &text)
{
    LayerFilter filter = parseLayerFilter(text);
    if (!filter.error.isEmpty())
        return filter.error;
    m_filter = std::move(filter);
    invalidateFilter();
    return {};
}

bool LayerProxy::filterAcceptsRow(int sourceRow, const QModelIndex &) const
{
    const auto *model = static_cast<const LayerModel *>(sourceModel());
    return m_filter.matches(model->row(sourceRow));
}

bool LayerProxy::lessThan(const QModelIndex &left, const QModelIndex &right) const
{
    const QVariant a = left.data(LayerModel::SortRole);
    const QVariant b = right.data(LayerModel::SortRole);
    if (!a.isValid() || !b.isValid()) // unknown goes last, whatever the order
        return a.isValid() == (sortOrder() == Qt::AscendingOrder) && a.isValid() != b.isValid();
    if (a.typeId() == QMetaType::QString)
        return QString::compare(a.toString(), b.toString(), Qt::CaseInsensitive) < 0;
    return a.toDouble() < b.toDouble();
}

} // namespace quantscope
