#include "dialects/brevitas/version.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Builds between releases count as the release that they are named after: "0.10.2.dev1", "0.10.2+cpu", "0.10.2rc1".
bool isBuildSuffix(std::string_view text)
{
    return text.empty() || text.starts_with(".dev") || text.starts_with(".post") || text.starts_with('+')
        || text.starts_with("rc");
}

} // namespace

std::optional<int> brevitasVersion(const std::string &text)
{
    int part[3] = {0, 0, 0};
    const char *at = text.data();
    const char *const end = at + text.size();
    for (int i = 0; i < 3; ++i) {
        if (at == end || *at < '0' || *at > '9') // from_chars would take a sign
            return std::nullopt;
        const auto [next, error] = std::from_chars(at, end, part[i]);
        if (error != std::errc())
            return std::nullopt;
        at = next;
        const bool number = at != end && *at == '.' && at + 1 != end && at[1] >= '0' && at[1] <= '9';
        if (i == 2 || (i == 1 && !number))
            break;
        if (!number)
            return std::nullopt;
        ++at;
    }
    if (!isBuildSuffix({at, end}) || part[0] != 0 || part[1] < 6 || part[1] > 12 || part[2] > 9)
        return std::nullopt;
    return part[1] * 10 + part[2];
}

std::string versionText(int version) { return fmt::format("0.{}.{}", version / 10, version % 10); }

int versionOf(const Recipe &recipe)
{
    return recipe.brevitas ? brevitasVersion(*recipe.brevitas).value_or(kDefaultVersion) : kDefaultVersion;
}

} // namespace quantscope
