#include "network/flow_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

namespace quantscope {

namespace {

constexpr std::uint32_t kUnseen = 0xFFFFFFFFu;

/// Tarjan's algorithm with its own stack: a network may be deeper than the program's.
class Components {
public:
    explicit Components(const Successors &successors)
        : m_successors(successors)
        , m_index(successors.size(), kUnseen)
        , m_low(successors.size(), 0)
        , m_of(successors.size(), kUnseen)
    {
        for (std::uint32_t node = 0; node < successors.size(); ++node)
            if (m_index[node] == kUnseen)
                visit(node);
    }

    std::vector<std::uint32_t> take() { return std::move(m_of); }

private:
    void enter(std::uint32_t node)
    {
        m_index[node] = m_low[node] = m_next++;
        m_open.push_back(node);
        m_path.emplace_back(node, 0);
    }

    void leave(std::uint32_t node)
    {
        m_path.pop_back();
        if (!m_path.empty())
            m_low[m_path.back().first] = std::min(m_low[m_path.back().first], m_low[node]);
        if (m_low[node] != m_index[node])
            return;
        for (bool last = false; !last; m_open.pop_back()) {
            last = m_open.back() == node;
            m_of[m_open.back()] = m_count;
        }
        ++m_count;
    }

    void visit(std::uint32_t start)
    {
        enter(start);
        while (!m_path.empty()) {
            auto &[node, edge] = m_path.back();
            if (edge == m_successors[node].size()) {
                leave(node);
                continue;
            }
            const std::uint32_t next = m_successors[node][edge++];
            if (m_index[next] == kUnseen)
                enter(next);
            else if (m_of[next] == kUnseen)
                m_low[node] = std::min(m_low[node], m_index[next]);
        }
    }

    const Successors &m_successors;
    std::vector<std::uint32_t> m_index, m_low, m_of;
    std::vector<std::uint32_t> m_open; ///< seen, component not complete
    std::vector<std::pair<std::uint32_t, std::size_t>> m_path; ///< node, and which of its edges comes next
    std::uint32_t m_next = 0, m_count = 0;
};

struct Component {
    std::vector<std::uint32_t> nodes;
    std::uint32_t rank = 0;
    std::uint32_t waitsFor = 0; ///< edges from other components
};

std::vector<Component> componentsOf(
    const Successors &successors, const std::vector<std::uint32_t> &rank, const std::vector<std::uint32_t> &component)
{
    std::vector<Component> all(successors.size());
    for (std::uint32_t node = 0; node < successors.size(); ++node) {
        Component &own = all[component[node]];
        own.nodes.push_back(node);
        if (rank[node] != 0)
            own.rank = own.rank == 0 ? rank[node] : std::min(own.rank, rank[node]);
        for (const std::uint32_t next : successors[node])
            if (component[next] != component[node])
                ++all[component[next]].waitsFor;
    }
    for (Component &one : all)
        std::stable_sort(
            one.nodes.begin(), one.nodes.end(), [&](std::uint32_t a, std::uint32_t b) { return rank[a] < rank[b]; });
    return all;
}

} // namespace

TopologicalOrder topologicalOrder(const Successors &successors, const std::vector<std::uint32_t> &rank)
{
    TopologicalOrder out;
    out.component = Components(successors).take();
    std::vector<Component> all = componentsOf(successors, rank, out.component);
    using Entry = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>; // rank, first node, component
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
    const auto push = [&](std::uint32_t id) { ready.emplace(all[id].rank, all[id].nodes.front(), id); };
    for (std::uint32_t id = 0; id < all.size(); ++id)
        if (!all[id].nodes.empty() && all[id].waitsFor == 0)
            push(id);
    while (!ready.empty()) {
        const std::uint32_t id = std::get<2>(ready.top());
        ready.pop();
        for (const std::uint32_t node : all[id].nodes) {
            out.nodes.push_back(node);
            for (const std::uint32_t next : successors[node])
                if (out.component[next] != id && --all[out.component[next]].waitsFor == 0)
                    push(out.component[next]);
        }
    }
    return out;
}

} // namespace quantscope
