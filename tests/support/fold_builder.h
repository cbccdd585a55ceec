#pragma once

#include "dialects/folding/fold.h"
#include "tensor/memory_tensor.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope::test {

/// Builds a graph of constants and operators by hand.
class FoldBuilder {
public:
    template <class T> ValueId constant(DType dtype, Shape shape, const std::vector<T> &values)
    {
        const std::string name = "t" + std::to_string(m_file.tensors.size());
        m_file.tensors.push_back(*memoryTensor(name, dtype, std::move(shape), std::span(values)));
        const ValueId id = value();
        graph().values[id].tensor = m_file.tensors.size() - 1;
        return id;
    }
    ValueId floats(Shape shape, const std::vector<float> &values)
    {
        return constant(DType::Float32, std::move(shape), values);
    }
    ValueId integers(Shape shape, const std::vector<std::int64_t> &values)
    {
        return constant(DType::Int64, std::move(shape), values);
    }
    ValueId value()
    {
        graph().values.push_back({});
        graph().values.back().name = "v" + std::to_string(graph().values.size() - 1);
        return static_cast<ValueId>(graph().values.size() - 1);
    }
    ValueId node(const std::string &op, std::vector<ValueId> inputs, std::vector<Attribute> attributes = {},
        std::optional<ValueId> output = {})
    {
        const ValueId out = output ? *output : value();
        graph().values[out].producer = static_cast<NodeId>(graph().nodes.size());
        Node made;
        made.opType = op;
        made.inputs = std::move(inputs);
        made.outputs = {out};
        made.attributes = std::move(attributes);
        graph().nodes.push_back(std::move(made));
        return out;
    }
    static Attribute integer(const std::string &name, std::int64_t value)
    {
        Attribute a;
        a.name = name;
        a.kind = Attribute::Kind::Int;
        a.i = value;
        return a;
    }
    static Attribute text(const std::string &name, std::string value)
    {
        Attribute a;
        a.name = name;
        a.kind = Attribute::Kind::String;
        a.s = std::move(value);
        return a;
    }
    static Attribute list(const std::string &name, std::vector<std::int64_t> values)
    {
        Attribute a;
        a.name = name;
        a.kind = Attribute::Kind::Ints;
        a.ints = std::move(values);
        return a;
    }
    /// A further output of the last node.
    ValueId output()
    {
        const ValueId out = value();
        graph().values[out].producer = static_cast<NodeId>(graph().nodes.size() - 1);
        graph().nodes.back().outputs.push_back(out);
        return out;
    }
    Graph &graph()
    {
        if (!m_file.graph)
            m_file.graph.emplace();
        return *m_file.graph;
    }
    FoldedValue fold(ValueId id, const Limits &limits = {}) { return Folder(m_file, limits).fold(id); }
    const ModelFile &file() const { return m_file; }

private:
    ModelFile m_file;
};

} // namespace quantscope::test
