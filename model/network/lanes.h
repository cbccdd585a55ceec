#pragma once

#include "network/flow_rows.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quantscope {

/// One line within one row. A lane holds what one row makes, from that row down to the last that reads it, and never
/// moves, but for the last column: it holds whatever does not fit in the others, as one line.
struct LaneSegment {
    enum class Part : std::uint8_t {
        Passing, ///< from the top of the row at column `from` to its bottom at `to`
        Arriving, ///< from the top of the row at `from` to its dot
        Leaving, ///< from its dot to its bottom
    };
    Part part = Part::Passing;
    std::uint8_t from = 0, to = 0; ///< columns
    LinkKind kind = LinkKind::Data; ///< the best of what the line still leads to
    std::uint32_t value = 0; ///< the row that made it; of a line out of the last column, any of those in it
};

struct LaneRow {
    std::uint8_t dot = 0; ///< its column
    std::uint32_t folded = 0; ///< what the last column holds at the bottom of the row: 1 is an ordinary lane
    std::uint32_t firstSegment = 0;
};

/// The lines beside a list, as `git log --graph` draws them.
struct LaneLayout {
    std::vector<LaneRow> rows;
    std::vector<LaneSegment> all; ///< in the order of the rows; first those that arrive
    std::uint8_t columns = 0; ///< that are used, at most kMostLanes

    std::span<const LaneSegment> segments(std::size_t row) const;
};

constexpr std::uint8_t kMostLanes = 6;

/// Every link down the list is drawn once; one that leads up, as on a cycle, is not drawn. `links` by `to`, then by
/// `from`. In O(rows + links).
LaneLayout layOutLanes(std::size_t rows, std::span<const RowLink> links);

/// What belongs to one row: what feeds it, up to where nothing feeds that, and what reads it, through rows that do not
/// end a search (`ends`, one a row).
struct LanePath {
    std::vector<bool> segments; ///< one for each of LaneLayout::all
    std::vector<bool> rows;
};
LanePath pathThrough(
    const LaneLayout &layout, std::span<const RowLink> links, const std::vector<bool> &ends, std::uint32_t row);

} // namespace quantscope
