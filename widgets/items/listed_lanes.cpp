#include "items/listed_lanes.h"

#include "items/join_notes.h"

namespace quantscope {

ListedLanes::ListedLanes() = default;
ListedLanes::~ListedLanes() = default;

void ListedLanes::drop() { m_lanes.reset(); }

void ListedLanes::dropNotes()
{
    m_notes.reset();
    m_noted.reset();
    drop();
}

void ListedLanes::showPathOf(std::optional<int> row)
{
    if (m_lanes)
        m_lanes->showPathOf(row);
}

const LayerLanes *ListedLanes::of(const std::shared_ptr<const Network> &network,
    const std::function<std::vector<LaneEntry>()> &entries, const std::function<std::optional<int>()> &pathRow)
{
    if (m_lanes == nullptr) {
        if (!m_notes || m_noted != network) { // between new rows and the word that the flow is new too
            m_noted = network;
            m_notes = joinNotes(*network);
        }
        m_lanes = std::make_unique<LayerLanes>(network, entries(), *m_notes);
        m_lanes->showPathOf(pathRow());
    }
    return m_lanes->empty() ? nullptr : m_lanes.get();
}

} // namespace quantscope
