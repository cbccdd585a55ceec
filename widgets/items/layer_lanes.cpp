#include "items/layer_lanes.h"

#include "items/text.h"
#include "network/network.h"

#include <algorithm>
#include <set>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

constexpr auto kBehind = "the inputs of a join behind it differ"_L1;
constexpr std::size_t kMostNames = 6;
constexpr std::size_t kMostVisited = 4096; // operators between two layers

using RowOf = std::vector<std::optional<std::uint32_t>>; ///< of each node of the flow

RowOf rowsOf(const Flow &flow, const std::vector<LaneEntry> &entries)
{
    RowOf out(flow.nodes().size());
    for (std::uint32_t row = 0; row < entries.size(); ++row)
        if (entries[row].node)
            out[position(*entries[row].node)] = row;
    return out;
}

/// The nearest rows from a node on through operators, in one direction, without the node's own; sorted. Not those that
/// a shape alone leads to.
std::vector<std::uint32_t> nearestRows(const Flow &flow, const RowOf &rowOf, FlowNodeId start, bool below)
{
    std::vector<std::uint32_t> out;
    std::vector<FlowNodeId> open{start}, seen{start};
    while (!open.empty() && seen.size() < kMostVisited) {
        const std::vector<FlowEdge> edges = below ? flow.edgesFrom(open.back()) : flow.edgesInto(open.back());
        open.pop_back();
        for (const FlowEdge &edge : edges) {
            const FlowNodeId node = below ? edge.to : edge.from;
            if (edge.shapeOnly)
                continue;
            const auto at = std::ranges::lower_bound(seen, node);
            if (at != seen.end() && *at == node)
                continue;
            seen.insert(at, node);
            if (const auto row = rowOf[position(node)])
                out.push_back(*row);
            else if (!flow.node(node).isStop())
                open.push_back(node);
        }
    }
    std::ranges::sort(out);
    return out;
}

/// A quantized tensor that no layer computes with: nothing of the flow leads from it or to it.
bool isLoneConstant(const Network &network, FlowNodeId id)
{
    const FlowNode &node = network.flow.node(id);
    if (!node.layer || !network.flow.producers(id).empty() || !network.flow.consumers(id).empty())
        return false;
    const std::vector<SlotQuantizer> &slots = network.layer(*node.layer).slots;
    return !slots.empty()
        && std::ranges::all_of(slots, [](const SlotQuantizer &slot) { return slot.slot == Slot::Weight; });
}

/// The nearest rows above that give what arrives over an edge, through operators that hand on what they read.
void addGivers(std::vector<std::uint32_t> &rows, const Flow &flow, const RowOf &rowOf, std::size_t edge)
{
    std::vector<FlowNodeId> open{flow.edges()[edge].from};
    std::set<FlowNodeId> seen{open.front()};
    while (!open.empty() && seen.size() < kMostVisited) {
        const FlowNodeId node = open.back();
        open.pop_back();
        if (const auto row = rowOf[position(node)]) {
            rows.push_back(*row);
            continue;
        }
        if (flow.node(node).isStop())
            continue;
        for (const FlowEdge &read : flow.edgesInto(node))
            if (!read.shapeOnly
                && (read.use == FlowUse::Keeps || read.use == FlowUse::Pads || read.use == FlowUse::Merges)
                && seen.insert(read.from).second)
                open.push_back(read.from);
    }
}

} // namespace

LayerLanes::LayerLanes(
    std::shared_ptr<const Network> network, std::vector<LaneEntry> entries, const std::vector<JoinNote> &notes)
    : m_network(std::move(network))
    , m_entries(std::move(entries))
    , m_below(m_entries.size())
    , m_notes(m_entries.size())
{
    std::vector<std::optional<FlowNodeId>> nodes;
    nodes.reserve(m_entries.size());
    for (const LaneEntry &entry : m_entries)
        nodes.push_back(entry.node);
    m_links = linksBetween(m_network->flow, nodes);
    for (const RowLink &link : m_links.links)
        m_below[link.from].push_back(link);
    m_layout = layOutLanes(m_entries.size(), m_links.links);
    for (const LaneRow &row : m_layout.rows)
        m_mostFolded = std::max(m_mostFolded, row.folded);
    showPathOf(std::nullopt);
    placeNotes(notes);
}

/// A join that is no row itself is told by the rows that read it, else, as behind it, by the last that it reads.
void LayerLanes::placeNotes(const std::vector<JoinNote> &notes)
{
    const Flow &flow = m_network->flow;
    const RowOf rowOf = rowsOf(flow, m_entries);
    for (const JoinNote &note : notes) {
        std::vector<std::uint32_t> rows;
        if (const auto own = rowOf[position(note.join)])
            rows = {*own};
        else
            rows = nearestRows(flow, rowOf, note.join, true);
        if (rows.empty())
            if (const auto above = nearestRows(flow, rowOf, note.join, false); !above.empty())
                m_notes[above.back()].behind << note.lines;
        std::vector<std::uint32_t> givers;
        for (const std::size_t edge : note.edges)
            addGivers(givers, flow, rowOf, edge);
        for (const std::uint32_t row : rows) {
            m_notes[row].joins << note.lines;
            m_notes[row].differing.insert(m_notes[row].differing.end(), givers.begin(), givers.end());
        }
    }
}

void LayerLanes::showPathOf(std::optional<int> row)
{
    if (!row) {
        m_path.segments.assign(m_layout.all.size(), false);
        m_path.rows.assign(m_entries.size(), false);
        return;
    }
    std::vector<bool> ends;
    ends.reserve(m_entries.size());
    for (const LaneEntry &entry : m_entries)
        ends.push_back(entry.isLayer);
    m_path = pathThrough(m_layout, m_links.links, ends, static_cast<std::uint32_t>(*row));
}

/// A line out of the last column brings what any row gives that has no line of its own there.
bool LayerLanes::bringsDifference(std::size_t row, const LaneSegment &line) const
{
    if (line.part != LaneSegment::Part::Arriving || line.kind != LinkKind::Data)
        return false;
    const auto differs = [&](std::uint32_t from) {
        return std::ranges::find(m_notes[row].differing, from) != m_notes[row].differing.end();
    };
    if (line.from + 1 < kMostLanes)
        return differs(line.value);
    const auto lines = m_layout.segments(row);
    return std::ranges::any_of(m_links.into(static_cast<std::uint32_t>(row)), [&](const RowLink &link) {
        return link.kind == LinkKind::Data && differs(link.from)
            && std::ranges::none_of(lines, [&](const LaneSegment &own) {
                   return own.part == LaneSegment::Part::Arriving && own.from + 1 < kMostLanes
                       && own.value == link.from;
               });
    });
}

LaneCell LayerLanes::cell(int row) const
{
    const auto at = static_cast<std::size_t>(row);
    const LaneRow &laid = m_layout.rows[at];
    LaneCell cell;
    cell.dot = laid.dot;
    cell.columns = m_layout.columns;
    cell.mostFolded = m_mostFolded;
    cell.folded = laid.folded;
    cell.onPath = m_path.rows[at];
    cell.isLayer = m_entries[at].isLayer;
    cell.known = m_entries[at].node.has_value();
    cell.differs = !m_notes[at].joins.isEmpty();
    std::size_t segment = laid.firstSegment;
    for (const LaneSegment &line : m_layout.segments(at))
        cell.lines.push_back({line, m_path.segments[segment++], bringsDifference(at, line)});
    return cell;
}

QString LayerLanes::namesOf(const std::vector<std::uint32_t> &rows) const
{
    QStringList names;
    for (const std::uint32_t row : rows)
        if (names.size() < static_cast<qsizetype>(kMostNames))
            names << shownText(m_entries[row].name);
    if (rows.size() > kMostNames)
        return names.join(u", "_s) + u" and %1 more"_s.arg(rows.size() - kMostNames);
    const QString last = names.takeLast();
    return names.isEmpty() ? last : names.join(u", "_s) + u" and "_s + last;
}

QStringList LayerLanes::readsTexts(int row) const
{
    static const QString kHow[kLinkKinds]
        = {u"reads %1"_s, u"reads %1 through layers that are not listed"_s, u"reads a shape from %1"_s};
    const auto at = static_cast<std::uint32_t>(row);
    std::vector<std::uint32_t> rows[kLinkKinds];
    for (const RowLink &link : m_links.into(at))
        rows[static_cast<std::size_t>(link.kind)].push_back(link.from);
    QStringList texts;
    for (std::size_t kind = 0; kind < kLinkKinds; ++kind)
        if (!rows[kind].empty())
            texts << kHow[kind].arg(namesOf(rows[kind]));
    if (m_links.more[at])
        texts << u"reads further rows above these"_s;
    if (rows[0].size() + rows[1].size() > 1)
        texts << u"joins"_s;
    return texts;
}

QStringList LayerLanes::feedsTexts(int row) const
{
    std::vector<std::uint32_t> fed, told;
    for (const RowLink &link : m_below[static_cast<std::size_t>(row)])
        (link.kind == LinkKind::ShapeOnly ? told : fed).push_back(link.to);
    QStringList texts;
    if (!fed.empty())
        texts << u"feeds "_s + namesOf(fed);
    if (!told.empty())
        texts << u"gives a shape to "_s + namesOf(told);
    return texts;
}

QString LayerLanes::description(int row) const
{
    QStringList parts = readsTexts(row);
    const RowNotes &notes = m_notes[static_cast<std::size_t>(row)];
    if (!notes.joins.isEmpty())
        parts << u"differs"_s;
    parts << feedsTexts(row);
    if (!notes.behind.isEmpty())
        parts << QString(kBehind);
    return parts.join(u"; "_s);
}

QStringList LayerLanes::tipLines(int row) const
{
    const auto at = static_cast<std::size_t>(row);
    QStringList lines = readsTexts(row);
    lines.removeAll(u"joins"_s);
    lines << m_notes[at].joins << feedsTexts(row);
    if (!m_notes[at].behind.isEmpty())
        lines << kBehind + u':' << m_notes[at].behind;
    if (lines.isEmpty())
        lines << (!m_entries[at].node                             ? u"nothing tells what feeds it or reads it"_s
                : isLoneConstant(*m_network, *m_entries[at].node) ? u"a constant: what reads it is not followed"_s
                                                                  : u"nothing that is listed feeds it or reads it"_s);
    if (m_entries[at].node && m_network->flow.node(*m_entries[at].node).kind == FlowNode::Kind::Elsewhere)
        lines << u"a layer of %1 alone"_s.arg(shownText(m_network->toldBy));
    return lines;
}

} // namespace quantscope
