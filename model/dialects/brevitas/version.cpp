#include "dialects/brevitas/version.h"

#include <algorithm>
#include <array>
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

using Parts = std::array<int, 3>;

std::optional<Parts> partsOf(const std::string &text)
{
    Parts parts{};
    const char *at = text.data();
    const char *const end = at + text.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (at == end || *at < '0' || *at > '9') // from_chars would take a sign
            return std::nullopt;
        const auto [next, error] = std::from_chars(at, end, parts[i]);
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
    return isBuildSuffix({at, end}) ? std::optional(parts) : std::nullopt;
}

constexpr Parts kOldest = {0, 6, 0}, kNewest = {0, kNewestVersion / 10, kNewestVersion % 10};

} // namespace

std::optional<int> brevitasVersion(const std::string &text)
{
    const auto parts = partsOf(text);
    if (!parts || *parts < kOldest)
        return std::nullopt;
    if (*parts >= kNewest)
        return kNewestVersion;
    return (*parts)[1] * 10 + std::min((*parts)[2], 9);
}

bool isNewerThanKnown(const std::string &text)
{
    const auto parts = partsOf(text);
    return parts && *parts > kNewest;
}

bool isOlderThanKnown(const std::string &text)
{
    const auto parts = partsOf(text);
    return parts && *parts < kOldest;
}

std::string versionText(int version) { return fmt::format("0.{}.{}", version / 10, version % 10); }

int versionOf(const Recipe &recipe)
{
    return recipe.brevitas ? brevitasVersion(*recipe.brevitas).value_or(kDefaultVersion) : kDefaultVersion;
}

} // namespace quantscope
