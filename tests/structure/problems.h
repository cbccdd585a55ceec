#pragma once

#include <QtDebug>

#include <string>
#include <vector>

namespace quantscope::test {

/// Prints each problem on a line of its own, as FILE:LINE: WHAT, however many there are.
inline bool noneOf(const std::vector<std::string> &problems)
{
    for (const std::string &problem : problems)
        qWarning("%s", problem.c_str());
    return problems.empty();
}

} // namespace quantscope::test
