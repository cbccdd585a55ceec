#include "recipe/entry_index.h"

#include "recipe/layer_match.h"

#include <algorithm>
#include <iterator>

namespace quantscope {

void EntryIndex::add(const std::string &match, std::size_t position)
{
    const bool isPattern = match.find_first_of("*?[") != std::string::npos;
    (isPattern ? m_patterns : m_names[withoutWrappers(match)]).push_back(position);
}

std::vector<std::size_t> EntryIndex::mayReach(std::string_view layer) const
{
    const auto named = m_names.find(withoutWrappers(layer));
    if (named == m_names.end())
        return m_patterns;
    std::vector<std::size_t> out;
    std::ranges::merge(m_patterns, named->second, std::back_inserter(out));
    return out;
}

} // namespace quantscope
