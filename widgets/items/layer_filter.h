#pragma once

#include "report/layer_table.h"

#include <QString>

#include <vector>

namespace quantscope {

/// One term of a filter: a word that the name or kind contains, a pattern as recipes have them
/// (`backbone.stages.3.*`, the whole name), or a comparison such as `bits<8`, `sat>1%`, `kind:conv`. Spaces stand in
/// quotes.
struct FilterTerm {
    enum class Relation { Contains, Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual };
    QString field; ///< empty for a bare word
    Relation relation = Relation::Contains;
    QString text;
    double number = 0;
    bool negated = false; ///< a leading minus
    bool isPattern = false; ///< of a name: it has wildcards, as `match` of a recipe

    bool matches(const LayerRow &row) const;

private:
    bool matchesName(const std::string &name) const;
};

/// All terms have to match. `error` is why the first of those that cannot be used is none of them.
struct LayerFilter {
    std::vector<FilterTerm> terms;
    QString error;

    bool matches(const LayerRow &row) const;
};

LayerFilter parseLayerFilter(const QString &text);

} // namespace quantscope
