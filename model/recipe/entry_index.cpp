#include "recipe/entry_index.h"

#include "recipe/layer_match.h"

#include <algorithm>

namespace quantscope {

namespace {

std::string endsOf(std::string_view text, std::size_t front, std::size_t back)
{
    std::string out(text.substr(0, front));
    out += text.substr(text.size() - back);
    return out;
}

} // namespace

void EntryIndex::add(const std::string &match, std::size_t position)
{
    // A bracket that opens may be itself or a class, and one that closes the end of it: neither is told apart here.
    constexpr std::string_view kSpecial = "*?[]";
    const std::size_t first = match.find_first_of("*?[");
    if (first == std::string::npos) {
        m_names[withoutWrappers(match)].push_back(position);
    } else if (withoutWrappers(match) != match) {
        m_wrapped.push_back(position);
    } else {
        const std::size_t front = match.find_first_of(kSpecial);
        const std::size_t back = match.size() - match.find_last_of(kSpecial) - 1;
        m_patterns[{front, back}][endsOf(match, front, back)].push_back(position);
    }
}

void EntryIndex::addPatterns(std::string_view name, std::vector<std::size_t> &out) const
{
    for (const auto &[ends, positions] : m_patterns) {
        if (ends.front > name.size() || ends.back > name.size() - ends.front)
            continue;
        if (const auto found = positions.find(endsOf(name, ends.front, ends.back)); found != positions.end())
            out.insert(out.end(), found->second.begin(), found->second.end());
    }
}

std::vector<std::size_t> EntryIndex::mayReach(std::string_view layer) const
{
    std::vector<std::size_t> out = m_wrapped;
    const std::string plain = withoutWrappers(layer);
    if (const auto named = m_names.find(plain); named != m_names.end())
        out.insert(out.end(), named->second.begin(), named->second.end());
    addPatterns(layer, out);
    if (plain != layer)
        addPatterns(plain, out);
    std::ranges::sort(out);
    const auto twice = std::ranges::unique(out);
    out.erase(twice.begin(), twice.end());
    return out;
}

} // namespace quantscope
