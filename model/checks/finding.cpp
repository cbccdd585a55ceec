#include "checks/finding.h"

#include "base/text.h"

#include <algorithm>

namespace quantscope {

std::size_t CheckResult::count(Severity severity) const
{
    return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

bool isMutedBy(const std::vector<std::string> &mutes, std::string_view rule, std::string_view subject)
{
    return std::ranges::any_of(mutes, [&](std::string_view pattern) {
        const std::size_t colon = pattern.find(':'); // no rule has one, a layer may
        return globMatch(pattern.substr(0, colon), rule)
            && (colon == std::string_view::npos || globMatch(pattern.substr(colon + 1), subject));
    });
}

} // namespace quantscope
