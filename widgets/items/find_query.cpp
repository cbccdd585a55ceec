#include "items/find_query.h"

#include <QRegularExpression>

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

bool FindQuery::matches(std::int64_t code, float value, float original) const
{
    double subjectValue = static_cast<double>(code);
    switch (subject) {
    case Subject::Code: break;
    case Subject::AbsCode: subjectValue = std::abs(subjectValue); break;
    case Subject::Float: subjectValue = static_cast<double>(original); break;
    case Subject::AbsFloat: subjectValue = std::abs(static_cast<double>(original)); break;
    case Subject::AbsError: subjectValue = std::abs(static_cast<double>(value) - static_cast<double>(original)); break;
    }
    switch (relation) {
    case Relation::Less: return subjectValue < number;
    case Relation::LessEqual: return subjectValue <= number;
    case Relation::Greater: return subjectValue > number;
    case Relation::GreaterEqual: return subjectValue >= number;
    case Relation::Equal: return subjectValue == number;
    case Relation::NotEqual: return subjectValue != number;
    }
    return false;
}

static std::optional<FindQuery::Subject> subjectOf(const QString &word)
{
    using Subject = FindQuery::Subject;
    if (word.isEmpty() || word == u"code")
        return Subject::Code;
    if (word == u"|code|")
        return Subject::AbsCode;
    if (word == u"w" || word == u"float")
        return Subject::Float;
    if (word == u"|w|" || word == u"|float|")
        return Subject::AbsFloat;
    if (word == u"error" || word == u"|error|")
        return Subject::AbsError;
    return std::nullopt;
}

std::optional<FindQuery> parseFindQuery(const QString &text, QString *error)
{
    static const QRegularExpression form(
        u"^\\s*(\\|?[a-z]*\\|?)\\s*(<=|>=|!=|==|[<>=≤≥])?\\s*(\\S+)\\s*$"_s, QRegularExpression::CaseInsensitiveOption);
    const auto fail = [error](const QString &reason) {
        if (error)
            *error = reason;
        return std::nullopt;
    };
    const auto match = form.match(text);
    FindQuery query;
    const auto subject = match.hasMatch() ? subjectOf(match.captured(1).toLower()) : std::nullopt;
    if (!subject)
        return fail(u"use code, |code|, w, |w| or error, a comparison and a number, such as |code| >= 19"_s);
    query.subject = *subject;
    const QString sign = match.captured(2);
    query.relation = sign == u"<"       ? FindQuery::Relation::Less
        : sign == u"<=" || sign == u"≤" ? FindQuery::Relation::LessEqual
        : sign == u">"                  ? FindQuery::Relation::Greater
        : sign == u">=" || sign == u"≥" ? FindQuery::Relation::GreaterEqual
        : sign == u"!="                 ? FindQuery::Relation::NotEqual
                                        : FindQuery::Relation::Equal;
    bool ok = false;
    query.number = match.captured(3).startsWith(u"0x"_s, Qt::CaseInsensitive)
        ? static_cast<double>(match.captured(3).toLongLong(&ok, 16))
        : match.captured(3).toDouble(&ok);
    if (!ok)
        return fail(u"“%1” is not a number"_s.arg(match.captured(3)));
    return query;
}

} // namespace quantscope
