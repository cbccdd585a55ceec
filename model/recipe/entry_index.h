#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quantscope {

/// Entries of a recipe by the layers that they may reach: names are looked up, patterns by the text in front of and
/// behind their wildcards, so that a recipe of thousands of either is not tried on every layer.
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
    using Positions = std::unordered_map<std::string, std::vector<std::size_t>>;
    /// How much of a name a pattern says in front of its first wildcard, and behind its last.
    struct Ends {
        std::size_t front = 0, back = 0;
        auto operator<=>(const Ends &) const = default;
    };

    void add(const std::string &match, std::size_t position);
    void addPatterns(std::string_view name, std::vector<std::size_t> &out) const;

    Positions m_names; ///< without wrappers
    std::map<Ends, Positions> m_patterns; ///< by what stands at those ends
    std::vector<std::size_t> m_wrapped; ///< patterns with wrappers, of which a name may have others
};

} // namespace quantscope
