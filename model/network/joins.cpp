#include "network/joins.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>

namespace quantscope {

namespace {

/// Equal for quantizers that are on one grid and know the same of it, so that thousands of inputs need no pairs.
std::string gridKey(const Quantizer &q)
{
    std::string key;
    const auto add = [&](std::int64_t number) { key.append(reinterpret_cast<const char *>(&number), sizeof number); };
    const auto addNumbers = [&](const std::optional<Granular> &numbers) {
        const std::vector<float> none, &values = numbers ? numbers->values : none;
        const bool one = std::ranges::all_of(values, [&](float value) { return value == values.front(); });
        for (std::size_t i = 0; i < (one ? std::min<std::size_t>(values.size(), 1) : values.size()); ++i)
            add(std::bit_cast<std::int32_t>(values[i] + 0.0f)); // one zero
        add(-1);
    };
    add(static_cast<std::int64_t>(q.kind));
    add(q.bitWidth.value_or(-1));
    add(q.bitWidth ? -1 : q.storageBits.value_or(-1));
    add(q.isSigned ? (*q.isSigned ? 1 : 0) : -1);
    add(q.minifloat.exponentBits * 64 + q.minifloat.mantissaBits);
    addNumbers(q.scale);
    addNumbers(q.zeroPoint);
    return key;
}

/// The inputs of one join that are on one grid.
struct Group {
    const Quantizer *quantizer = nullptr;
    std::vector<std::size_t> inputs;
};

/// Compares the inputs of joins; remembers what it has seen of each slot.
class JoinComparer {
public:
    explicit JoinComparer(const Network &network)
        : m_network(network)
    {
    }

    void compare(Join &join)
    {
        std::vector<Group> groups = groupsOf(join);
        if (groups.size() < 2)
            return;
        std::ranges::stable_sort(
            groups, [](const Group &a, const Group &b) { return a.inputs.size() > b.inputs.size(); });
        std::set<GridField> fields;
        std::size_t rival = 0; // inputs of the largest group that differs
        for (std::size_t i = 1; i < groups.size(); ++i) {
            const std::vector<GridField> found = gridDifferences(*groups.front().quantizer, *groups[i].quantizer);
            if (found.empty())
                continue; // as far as is known
            fields.insert(found.begin(), found.end());
            rival = std::max(rival, groups[i].inputs.size());
            mark(join, groups[i]);
        }
        if (rival == groups.front().inputs.size())
            mark(join, groups.front());
        join.fields.assign(fields.begin(), fields.end());
    }

private:
    /// In the order of their first inputs.
    std::vector<Group> groupsOf(const Join &join)
    {
        std::vector<Group> groups;
        std::map<std::string_view, std::size_t> byKey;
        for (std::size_t input = 0; input < join.inputs.size(); ++input) {
            const Arrival &arrival = join.inputs[input].arrival;
            if (arrival.kind != Arrival::Kind::Quantized)
                continue;
            const Quantizer &quantizer = *m_network.slot(*arrival.quantizer)->quantizer;
            const auto [known, isNew] = m_keys.try_emplace(*arrival.quantizer);
            if (isNew)
                known->second = gridKey(quantizer);
            const auto [group, first] = byKey.emplace(known->second, groups.size());
            if (first)
                groups.push_back({&quantizer, {}});
            groups[group->second].inputs.push_back(input);
        }
        return groups;
    }

    static void mark(Join &join, const Group &group)
    {
        for (const std::size_t input : group.inputs)
            join.inputs[input].differs = true;
    }

    const Network &m_network;
    std::map<SlotId, std::string> m_keys;
};

} // namespace

std::vector<Join> joinsOf(const Arrivals &arrivals)
{
    const Flow &flow = arrivals.network().flow;
    std::vector<Join> joins(flow.nodes().size());
    for (std::size_t edge = 0; edge < flow.edges().size(); ++edge) {
        const FlowEdge &read = flow.edges()[edge];
        if (!read.shapeOnly && (read.use == FlowUse::Merges || read.use == FlowUse::Sums))
            joins[position(read.to)].inputs.push_back({arrivals.over(edge)});
    }
    for (std::size_t node = 0; node < joins.size(); ++node)
        joins[node].node = static_cast<FlowNodeId>(node);
    std::erase_if(joins, [](const Join &join) { return join.inputs.size() < 2; });
    JoinComparer comparer(arrivals.network());
    for (Join &join : joins)
        comparer.compare(join);
    return joins;
}

std::vector<Join> disagreeingJoins(const Network &network)
{
    std::vector<Join> joins = joinsOf(Arrivals(network));
    std::erase_if(joins, [](const Join &join) { return !join.disagrees(); });
    return joins;
}

} // namespace quantscope
