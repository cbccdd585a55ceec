#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quantscope {

/// Entries of a recipe by the layers that they may reach: names are looked up, only patterns are tried on each layer.
class EntryIndex {
public:
    template <class Entries> explicit EntryIndex(const Entries &entries)
    {
        for (std::size_t i = 0; i < entries.size(); ++i)
            add(entries[i].match, i);
    }
    /// Positions, in order, of every entry that matches a layer, and of some that do not.
    std::vector<std::size_t> mayReach(std::string_view layer) const;

private:
    void add(const std::string &match, std::size_t position);

    std::unordered_map<std::string, std::vector<std::size_t>> m_names; ///< without wrappers
    std::vector<std::size_t> m_patterns;
};

} // namespace quantscope
