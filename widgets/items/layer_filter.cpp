#include "items/layer_filter.h"

#include "base/text.h"
#include "items/text.h"
#include "recipe/layer_match.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <optional>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

/// A column of the layer table as a term names it: text, or the number behind it (nullopt where it is unknown).
struct Field {
    QString name;
    QString (*text)(const LayerRow &) = nullptr;
    std::optional<double> (*number)(const LayerRow &) = nullptr;
    bool isFloat32 = false; ///< 0.1 means the float32 that is nearest to it
};

template <auto Member> std::optional<double> numberIn(const LayerRow &row)
{
    const auto &value = row.*Member;
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

const std::vector<Field> &fields()
{
    static const std::vector<Field> table{{u"name"_s, [](const LayerRow &row) { return qs(row.name); }},
        {u"kind"_s, [](const LayerRow &row) { return qs(row.kind); }},
        {u"shape"_s, [](const LayerRow &row) { return qs(row.shape); }},
        {u"size"_s, nullptr, numberIn<&LayerRow::codeBits>}, {u"params"_s, nullptr, numberIn<&LayerRow::parameters>},
        {u"bits"_s, nullptr, numberIn<&LayerRow::bitWidth>},
        {u"scale"_s, nullptr, numberIn<&LayerRow::scaleValue>, true},
        {u"int"_s, nullptr, numberIn<&LayerRow::integerBits>}, {u"frac"_s, nullptr, numberIn<&LayerRow::fractionBits>},
        {u"sqnr"_s, nullptr, numberIn<&LayerRow::sqnrDb>}, {u"sat"_s, nullptr, numberIn<&LayerRow::atLimitShare>},
        {u"problems"_s, nullptr, [](const LayerRow &row) { return std::optional(static_cast<double>(row.problems)); }}};
    return table;
}

const Field *fieldOf(const QString &name)
{
    const auto found
        = std::find_if(fields().begin(), fields().end(), [&](const Field &field) { return field.name == name; });
    return found == fields().end() ? nullptr : &*found;
}

std::vector<std::string> fieldNames()
{
    std::vector<std::string> names;
    for (const Field &field : fields())
        names.push_back(str(field.name));
    return names;
}

QString shownNames()
{
    QStringList names;
    for (const Field &field : fields())
        names << field.name;
    return names.join(u", "_s);
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
    const Field *field = fieldOf(term.field);
    if (!field)
        return u"no column “%1” (there are %2)%3"_s.arg(
            match.captured(1), shownNames(), qs(didYouMean(str(term.field), fieldNames())));
    if (term.text.isEmpty())
        return u"%1 needs something to compare with"_s.arg(word);
    if (field->text)
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

static bool matchesText(const QString &value, FilterTerm::Relation relation, const QString &with)
{
    const bool equal = value.compare(with, Qt::CaseInsensitive) == 0;
    return relation == FilterTerm::Relation::Equal   ? equal
        : relation == FilterTerm::Relation::NotEqual ? !equal
                                                     : value.contains(with, Qt::CaseInsensitive);
}

/// A pattern reaches what an entry of a recipe would; any word finds itself in a name.
bool FilterTerm::matchesName(const std::string &name) const
{
    return qs(name).contains(text, Qt::CaseInsensitive) || (isPattern && matchesLayer(str(text), name));
}

bool FilterTerm::matches(const LayerRow &row) const
{
    const Field *known = fieldOf(field);
    bool result = false;
    if (!known)
        result = matchesName(row.name) || qs(row.kind).contains(text, Qt::CaseInsensitive);
    else if (field == u"name" && relation == Relation::Contains)
        result = matchesName(row.name);
    else if (known->text)
        result = matchesText(known->text(row), relation, text);
    else if (const auto value = known->number(row))
        result = compare(*value, relation, known->isFloat32 ? static_cast<double>(static_cast<float>(number)) : number);
    return result != negated;
}

bool LayerFilter::matches(const LayerRow &row) const
{
    return std::all_of(terms.begin(), terms.end(), [&](const FilterTerm &term) { return term.matches(row); });
}

LayerFilter parseLayerFilter(const QString &text)
{
    static const QRegularExpression words(u"(?:[^\\s\"]|\"[^\"]*\"?)+"_s);
    LayerFilter filter;
    for (const QRegularExpressionMatch &found : words.globalMatch(text)) {
        QString word = found.captured();
        FilterTerm term;
        if (word.size() > 1 && word.startsWith(u'-')) {
            term.negated = true;
            word.remove(0, 1);
        }
        const QString error = parseTerm(word.remove(u'"'), term);
        term.isPattern = hasWildcard(str(term.text));
        if (error.isEmpty())
            filter.terms.push_back(term);
        else if (filter.error.isEmpty())
            filter.error = error;
    }
    return filter;
}

} // namespace quantscope
