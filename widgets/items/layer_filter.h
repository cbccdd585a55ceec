#pragma once

#include "report/layer_table.h"

#include <QString>

#include <vector>

namespace quantscope {

/// One term of a filter: a word that the name or kind contains, or a comparison such as `bits<8`, `sat>1%`,
/// `kind:conv`.
struct FilterTerm {
    enum class Relation { Contains, Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual };
    QString field; ///< empty for a bare word
    Relation relation = Relation::Contains;
    QString text;
    double number = 0;
    bool negated = false; ///< a leading minus

    bool matches(const LayerRow &row) const;
};

/// All terms have to match. `error` names the first term that cannot be used.
struct LayerFilter {
    std::vector<FilterTerm> terms;
    QString error;

    bool matches(const LayerRow &row) const;
};

LayerFilter parseLayerFilter(const QString &text);

} // namespace quantscope
