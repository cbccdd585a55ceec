#include "network/lanes.h"

#include <algorithm>
#include <array>
#include <optional>

namespace quantscope {

namespace {

constexpr std::uint8_t kFold = kMostLanes - 1;
using LastRows = std::array<std::uint32_t, kLinkKinds>; ///< the last row that a kind of link or a better one leads to

/// One use: layOut().
class LaneBuilder {
public:
    LaneBuilder(std::size_t rows, std::span<const RowLink> links)
        : m_links(links)
        , m_last(rows, LastRows{})
        , m_column(rows, 0)
    {
        m_out.rows.reserve(rows);
        for (const RowLink &link : links)
            for (std::size_t kind = static_cast<std::size_t>(link.kind); link.from < link.to && kind < kLinkKinds;
                 ++kind)
                m_last[link.from][kind] = std::max(m_last[link.from][kind], link.to);
    }

    LaneLayout layOut()
    {
        std::size_t link = 0;
        for (m_row = 0; m_row < m_last.size(); ++m_row) {
            const std::size_t first = link;
            while (link < m_links.size() && m_links[link].to == m_row)
                ++link;
            addRow(m_links.subspan(first, link - first));
        }
        return std::move(m_out);
    }

private:
    /// The best kind of what a value leads to below this row.
    LinkKind kindBelow(const LastRows &last) const
    {
        for (std::size_t kind = 0; kind + 1 < kLinkKinds; ++kind)
            if (last[kind] > m_row)
                return static_cast<LinkKind>(kind);
        return LinkKind::ShapeOnly;
    }
    std::uint32_t until(std::uint32_t value) const { return m_last[value].back(); }

    void addRow(std::span<const RowLink> into)
    {
        m_out.rows.push_back({0, 0, static_cast<std::uint32_t>(m_out.all.size())});
        for (const RowLink &link : into)
            if (link.from < link.to && until(link.from) == m_row)
                release(link.from);
        const bool foldedBefore = m_folded > 0;
        const std::uint8_t dot = takeColumn();
        arrive(into, dot);
        pass(foldedBefore);
        if (m_evicted)
            fold(*m_evicted);
        if (until(m_row) > m_row) {
            m_held[dot] = m_row;
            m_column[m_row] = dot;
            add(LaneSegment::Part::Leaving, dot, dot, kindBelow(m_last[m_row]), m_row);
        }
        m_out.rows.back().dot = dot;
        m_out.rows.back().folded = m_folded;
        m_out.columns = std::max<std::uint8_t>(m_out.columns, dot + 1);
    }

    void release(std::uint32_t value)
    {
        if (m_column[value] == kFold)
            --m_folded;
        else
            m_held[m_column[value]].reset();
    }

    /// The leftmost that is free, else that of the newest line, which moves over to the last.
    std::uint8_t takeColumn()
    {
        const auto free = std::ranges::find(m_held, false, &std::optional<std::uint32_t>::has_value);
        m_evicted.reset();
        if (free != m_held.end())
            return static_cast<std::uint8_t>(free - m_held.begin());
        m_evicted = m_held.back();
        return kFold - 1;
    }

    void arrive(std::span<const RowLink> into, std::uint8_t dot)
    {
        std::optional<RowLink> folded;
        for (const RowLink &link : into) {
            if (link.from >= link.to)
                continue;
            if (m_column[link.from] != kFold)
                add(LaneSegment::Part::Arriving, m_column[link.from], dot, link.kind, link.from);
            else if (!folded || link.kind < folded->kind)
                folded = link;
        }
        if (folded)
            add(LaneSegment::Part::Arriving, kFold, dot, folded->kind, folded->from);
    }

    void pass(bool foldedBefore)
    {
        for (std::uint8_t column = 0; column < kFold; ++column)
            if (const auto value = m_held[column])
                add(LaneSegment::Part::Passing, column, value == m_evicted ? kFold : column, kindBelow(m_last[*value]),
                    *value);
        if (foldedBefore)
            add(LaneSegment::Part::Passing, kFold, kFold, kindBelow(m_lastFolded), m_anyFolded);
    }

    void fold(std::uint32_t value)
    {
        m_held.back().reset();
        m_column[value] = kFold;
        m_anyFolded = value;
        ++m_folded;
        for (std::size_t kind = 0; kind < kLinkKinds; ++kind)
            m_lastFolded[kind] = std::max(m_lastFolded[kind], m_last[value][kind]);
        m_out.columns = kMostLanes;
    }

    void add(LaneSegment::Part part, std::uint8_t from, std::uint8_t to, LinkKind kind, std::uint32_t value)
    {
        m_out.all.push_back({part, from, to, kind, value});
    }

    std::span<const RowLink> m_links;
    std::vector<LastRows> m_last; ///< of each row's value; 0: nothing reads it
    std::vector<std::uint8_t> m_column; ///< of each row's value
    std::array<std::optional<std::uint32_t>, kFold> m_held; ///< the value in each column but the last
    std::optional<std::uint32_t> m_evicted; ///< in this row
    std::uint32_t m_folded = 0, m_anyFolded = 0, m_row = 0;
    LastRows m_lastFolded{}; ///< one that is above the row belongs to a value that is in the column still
    LaneLayout m_out;
};

/// Marks what feeds the row and what it feeds; true for links on the way.
std::vector<bool> linksOnPath(
    std::span<const RowLink> links, const std::vector<bool> &ends, std::uint32_t row, std::vector<bool> &rows)
{
    std::vector<bool> on(links.size(), false), below(ends.size(), false);
    rows.assign(ends.size(), false);
    rows[row] = below[row] = true;
    for (std::size_t i = links.size(); i-- > 0;) {
        const RowLink &link = links[i];
        if (link.from < link.to && link.to <= row && rows[link.to])
            on[i] = rows[link.from] = true;
    }
    for (std::size_t i = 0; i < links.size(); ++i) {
        const RowLink &link = links[i];
        if (link.from < link.to && below[link.from] && (link.from == row || !ends[link.from]))
            on[i] = below[link.to] = rows[link.to] = true;
    }
    return on;
}

} // namespace

std::span<const LaneSegment> LaneLayout::segments(std::size_t row) const
{
    const std::size_t first = rows[row].firstSegment;
    const std::size_t last = row + 1 < rows.size() ? rows[row + 1].firstSegment : all.size();
    return std::span(all).subspan(first, last - first);
}

LaneLayout layOutLanes(std::size_t rows, std::span<const RowLink> links) { return LaneBuilder(rows, links).layOut(); }

LanePath pathThrough(
    const LaneLayout &layout, std::span<const RowLink> links, const std::vector<bool> &ends, std::uint32_t row)
{
    LanePath path;
    const std::vector<bool> on = linksOnPath(links, ends, row, path.rows);
    std::vector<std::uint32_t> until(layout.rows.size(), 0); ///< of each value: the last row on the path that reads it
    for (std::size_t i = 0; i < links.size(); ++i)
        if (on[i])
            until[links[i].from] = std::max(until[links[i].from], links[i].to);
    std::vector<bool> folded(layout.rows.size(), false);
    std::uint32_t untilFolded = 0;
    std::vector<std::uint32_t> arriving; ///< on the path, in one row
    std::size_t link = 0;
    for (std::uint32_t at = 0; at < layout.rows.size(); ++at) {
        arriving.clear();
        for (; link < links.size() && links[link].to == at; ++link)
            if (on[link])
                arriving.push_back(links[link].from);
        const bool fromFold = std::ranges::any_of(arriving, [&](std::uint32_t value) { return folded[value]; });
        const std::uint32_t untilPassed = untilFolded;
        for (const LaneSegment &segment : layout.segments(at)) {
            const bool ofFold = segment.from == kFold;
            if (segment.part == LaneSegment::Part::Arriving)
                path.segments.push_back(ofFold ? fromFold : std::ranges::binary_search(arriving, segment.value));
            else
                path.segments.push_back((ofFold ? untilPassed : until[segment.value]) > at);
            if (segment.to == kFold && !ofFold) {
                folded[segment.value] = true;
                untilFolded = std::max(untilFolded, until[segment.value]);
            }
        }
    }
    return path;
}

} // namespace quantscope
