#pragma once

#include <QString>

#include <cstdint>
#include <optional>

namespace quantscope {

/// What to look for in a tensor: `|code| >= 19`, `code = -3`, `= 7`, `|w| > 0.3`, `error > 0.01`.
struct FindQuery {
    enum class Subject { Code, AbsCode, Float, AbsFloat, AbsError };
    enum class Relation { Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual };
    Subject subject = Subject::Code;
    Relation relation = Relation::Equal;
    double number = 0;

    bool needsFloats() const { return subject >= Subject::Float; }
    bool matches(std::int64_t code, float value, float original) const;
};

/// The query, or nullopt with a reason in `error`.
std::optional<FindQuery> parseFindQuery(const QString &text, QString *error = nullptr);

} // namespace quantscope
