#pragma once

#include "graph/model_file.h"

#include <optional>
#include <vector>

namespace quantscope::interpret {

/// Which values of a graph rest on tensors of the file alone, whether or not all operators on the way are known here,
/// and what lies on that way: found in one walk over the graph, without reading an element.
class ConstantPaths {
public:
    explicit ConstantPaths(const ModelFile &file);

    /// Every path up ends in a tensor. Never true on a cycle, behind a subgraph, or of random numbers.
    bool isStored(ValueId value) const { return value < m_values.size() && m_values[value].stored; }
    /// The largest tensor that a stored value is made of; kNoValue for other values.
    ValueId tensorBehind(ValueId value) const { return at(value).tensor; }
    /// The nearest operator above a stored value that is not computed here.
    std::optional<NodeId> unknownAbove(ValueId value) const { return at(value).unknown; }
    /// The nearest operator above a stored value that makes many values one: rounds, compares, quantizes.
    std::optional<NodeId> rounderAbove(ValueId value) const { return at(value).rounder; }
    /// The largest tensor that it is made of holds integers of 16 bits at most: weights, not shapes.
    bool restsOnCodes(ValueId value) const;
    /// Elements of a stored value as far as operators that keep their number tell; else those of its largest operand.
    std::uint64_t count(ValueId value) const { return at(value).count; }

    /// Of a value that the network computes in part: the nearest operator that rounds, and the largest tensor of two
    /// and more axes, both behind nothing but elementwise operators.
    struct Mixed {
        std::optional<NodeId> rounder;
        ValueId tensor = kNoValue;
    };
    Mixed mixedAbove(ValueId value) const;

private:
    struct Path {
        bool stored = false;
        ValueId tensor = kNoValue;
        std::optional<NodeId> unknown, rounder;
        std::uint64_t count = 0;
    };
    const Path &at(ValueId value) const { return value < m_values.size() ? m_values[value] : m_none; }
    void walk();
    /// Reads nothing but stored values, and may make one.
    Path pathThrough(NodeId id) const;

    const ModelFile &m_file;
    const Graph &m_graph;
    std::vector<Path> m_values;
    Path m_none;
};

/// The values that a node reads, each once, by ascending id.
std::vector<ValueId> distinctInputs(const Graph &graph, const Node &node);

/// Makes many values one: its result is a grid, or codes.
bool roundsValues(const Node &node);

} // namespace quantscope::interpret
