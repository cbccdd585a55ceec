#pragma once

#include "network/lanes.h"

#include <QMetaType>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

struct Network;

/// What the list of layers draws beside the name of one row.
struct LaneCell {
    struct Line {
        LaneSegment segment;
        bool onPath = false; ///< of the layer that the pages show
        bool differs = false; ///< it brings an input that differs to a join
    };
    std::vector<Line> lines;
    int dot = 0; ///< column
    int columns = 0; ///< of the whole list
    unsigned mostFolded = 0; ///< lines in the last column of the whole list, where it holds most
    unsigned folded = 0; ///< lines in the last column at the bottom of the row
    bool onPath = false;
    bool isLayer = true; ///< else an operator, an input or an output
    bool known = true; ///< the flow has it
    bool differs = false; ///< it joins inputs that disagree
};

/// One row of a list, in the order of the list.
struct LaneEntry {
    QString name;
    std::optional<FlowNodeId> node;
    bool isLayer = true;
};

/// A join whose inputs disagree, in words: the operator, and each input with its numbers.
struct JoinNote {
    FlowNodeId join{};
    QStringList lines;
    std::vector<std::size_t> edges; ///< of the flow: those that bring the inputs that differ
};

/// The lines beside a list of layers, and what they say in words.
class LayerLanes {
public:
    LayerLanes(
        std::shared_ptr<const Network> network, std::vector<LaneEntry> entries, const std::vector<JoinNote> &notes);

    /// Nothing flows between the rows: no column is drawn.
    bool empty() const { return m_layout.all.empty(); }
    LaneCell cell(int row) const;
    /// "reads relu1 and conv_skip; joins; differs; feeds conv4"
    QString description(int row) const;
    /// The same as lines, with the numbers of the inputs that disagree.
    QStringList tipLines(int row) const;
    /// The row whose path is marked; nothing for none.
    void showPathOf(std::optional<int> row);

private:
    QStringList readsTexts(int row) const;
    QStringList feedsTexts(int row) const;
    QString namesOf(const std::vector<std::uint32_t> &rows) const;
    void placeNotes(const std::vector<JoinNote> &notes);
    bool bringsDifference(std::size_t row, const LaneSegment &line) const;

    std::shared_ptr<const Network> m_network;
    std::vector<LaneEntry> m_entries;
    RowLinks m_links;
    std::vector<std::vector<RowLink>> m_below; ///< of each row, those to what reads it
    LaneLayout m_layout;
    LanePath m_path;
    struct RowNotes {
        QStringList joins; ///< at the row itself, or above it and listed nowhere
        QStringList behind; ///< of joins that it feeds, where they and all that reads them are not listed
        std::vector<std::uint32_t> differing; ///< rows whose lines bring what differs
    };
    std::vector<RowNotes> m_notes; ///< of each row
    unsigned m_mostFolded = 0;
};

} // namespace quantscope

Q_DECLARE_METATYPE(quantscope::LaneCell)
